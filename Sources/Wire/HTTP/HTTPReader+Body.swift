/// Where does a body go on, and where does it end? By length, chunk by chunk (RFC 9112 §7.1), or with the connection.
extension HTTPReader {
    /// What comes after a head.
    mutating func beginBody() {
        bodyBytes = 0
        extensionBytes = 0
        switch message.framing {
        case .none: stage = .end
        case .length(let length): stage = .length(left: length)
        case .chunked: stage = .chunkSize
        case .untilClose: stage = .untilClose
        }
    }

    mutating func data(_ bytes: RawSpan, _ front: inout Int, left: Int) -> Event? {
        let count = min(left, bytes.byteCount - front)
        guard count > 0 else { return nil }
        let place = front..<(front + count)
        front += count
        switch stage {
        case .length: stage = count == left ? .end : .length(left: left - count)
        case .chunkData: stage = count == left ? .chunkEnd : .chunkData(left: left - count)
        case .head, .chunkSize, .chunkEnd, .trailer, .untilClose, .end, .over, .failed: break
        }
        return .body(place)
    }

    /// `SIZE *( ; EXTENSION )`. Extensions are stepped over, as §7.1.1 wants; no blank stands before the semicolon or the line's end, which
    /// the grammar allows for the first and other readers skip for both.
    mutating func chunkSize(_ bytes: RawSpan, _ front: inout Int) throws(HTTPError) -> Bool {
        guard let line = try line(bytes, front, limit: limits.chunkLine, or: .chunkLineTooLong) else { return false }
        var size = 0
        var place = line.lowerBound
        while place < line.upperBound, let digit = HTTPOctets.hexadecimal(ByteScan.byte(bytes, place)) {
            // 15 digits fit, and are more than any disk holds.
            guard place - line.lowerBound < 15 else { throw .badChunkSize }
            size = size << 4 | digit
            place += 1
        }
        guard place > line.lowerBound, place == line.upperBound || ByteScan.byte(bytes, place) == UInt8(ascii: ";")
        else {
            throw .badChunkSize
        }
        extensionBytes += line.upperBound - place
        guard extensionBytes <= limits.extensions else { throw .extensionsTooLarge }
        guard size <= limits.body - bodyBytes else { throw .bodyTooLarge }
        bodyBytes += size
        take(&front)
        stage = size == 0 ? .trailer : .chunkData(left: size)
        return true
    }

    mutating func chunkEnd(_ bytes: RawSpan, _ front: inout Int) throws(HTTPError) -> Bool {
        guard front < bytes.byteCount else { return false }
        guard ByteScan.byte(bytes, front) == 0x0D else { throw .badChunkEnd }
        guard front + 1 < bytes.byteCount else { return false }
        guard ByteScan.byte(bytes, front + 1) == 0x0A else { throw .badChunkEnd }
        front += 2
        stage = .chunkSize
        return true
    }

    /// One line of the trailer section. It is kept apart from the head, whatever names it has (RFC 9110 §6.5.1).
    mutating func trailer(_ bytes: RawSpan, _ front: inout Int) throws(HTTPError) -> Bool {
        guard let line = try sectionLine(bytes, front) else { return false }
        guard !line.isEmpty else {
            take(&front)
            stage = .end
            return true
        }
        guard trailers.count < limits.fields else { throw .tooManyFields }
        let place = try fieldPlace(bytes, line)
        trailers.append(HTTPField(checked: Self.text(bytes, place.name), Self.text(bytes, place.value)))
        return true
    }

    private static func text(_ bytes: RawSpan, _ place: Range<Int>) -> String {
        bytes.extracting(place).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
