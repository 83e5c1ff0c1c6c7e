/// How is a chunked body put together again (RFC 9112 §7.1)? For the event stream that `martlet watch` reads.
package struct HTTPChunkReader: Sendable {
    private enum Step: Equatable {
        case size
        case data(left: Int)
        case dataEnd
        case trailer
        case end
    }

    /// Bytes of a chunk's size line and of a trailer line; ours have a handful.
    private static let lineLimit = 1 << 10

    private var step = Step.size
    private var buffer: [UInt8] = []

    /// A reader at the beginning of a body.
    package init() {}

    /// Whether the last chunk and the trailer have been read.
    package var isComplete: Bool { step == .end }

    /// Takes bytes in and gives the body bytes they complete. Bytes after the end of the body are not looked at.
    package mutating func feed(_ bytes: [UInt8]) throws(HTTPChunkError) -> [UInt8] {
        buffer.append(contentsOf: bytes)
        var place = 0
        var body: [UInt8] = []
        while try advance(&place, &body) {}
        buffer.removeSubrange(0..<place)
        return body
    }

    /// One step; false when more bytes are needed or the end is reached.
    private mutating func advance(_ place: inout Int, _ body: inout [UInt8]) throws(HTTPChunkError) -> Bool {
        switch step {
        case .end: return false
        case .data(let left):
            let count = min(left, buffer.count - place)
            guard count > 0 else { return false }
            body.append(contentsOf: buffer[place..<(place + count)])
            place += count
            step = count == left ? .dataEnd : .data(left: left - count)
        case .size, .dataEnd, .trailer:
            guard let line = try line(&place) else { return false }
            step = try after(line)
        }
        return true
    }

    /// What follows a line, by where we stand.
    private func after(_ line: ArraySlice<UInt8>) throws(HTTPChunkError) -> Step {
        switch step {
        case .size:
            let size = try Self.size(line)
            return size == 0 ? .trailer : .data(left: size)
        case .dataEnd:
            guard line.isEmpty else { throw .badChunkEnd }
            return .size
        case .trailer: return line.isEmpty ? .end : .trailer
        case .data, .end: return step
        }
    }

    private func line(_ place: inout Int) throws(HTTPChunkError) -> ArraySlice<UInt8>? {
        let start = place
        var index = start
        while index + 1 < buffer.count {
            guard index - start <= Self.lineLimit else { throw .lineTooLong(limit: Self.lineLimit) }
            if buffer[index] == 0x0D, buffer[index + 1] == 0x0A {
                place = index + 2
                return buffer[start..<index]
            }
            index += 1
        }
        return nil
    }

    /// A size in hexadecimal digits, at most eight of them; extensions after a semicolon are stepped over.
    private static func size(_ line: ArraySlice<UInt8>) throws(HTTPChunkError) -> Int {
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        guard (1...8).contains(digits.count), digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-"),
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .badSize }
        return size
    }
}

/// Why a chunked body cannot be read on.
package enum HTTPChunkError: Error, Equatable, Sendable {
    case badSize
    /// The bytes after a chunk are not CRLF.
    case badChunkEnd
    case lineTooLong(limit: Int)
}
