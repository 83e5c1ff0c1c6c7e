/// What does the head of an HTTP/1.1 response say? For the CLI's talk with the daemon over its unix socket: both ends are ours,
/// so it is strict (RFC 9112): CRLF only, no folded lines, no blank before a colon.
package struct HTTPResponseHead: Equatable, Sendable {
    /// The status code, 100 to 999.
    package let status: Int
    /// The words after it.
    package let reason: String
    /// The fields in their order.
    package let fields: [HTTPField]
    /// How the body's end is told.
    package let framing: Framing

    /// How the end of the body is told (RFC 9112 §6.3).
    package enum Framing: Equatable, Sendable {
        /// So many bytes.
        case length(Int)
        /// Chunk by chunk.
        case chunked
        /// By the end of the connection.
        case untilClose
    }

    /// Bytes of a head; more is refused. Ours are a few hundred.
    package static let limit = 16 << 10

    /// The first value of a field, whatever the case of its name.
    package subscript(name: String) -> String? {
        fields.first { $0.name.utf8.elementsEqual(name.utf8, by: Self.sameLetter) }?.value
    }

    private static func sameLetter(_ one: UInt8, _ other: UInt8) -> Bool { lowercase(one) == lowercase(other) }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// Why bytes are no response head.
package enum HTTPHeadError: Error, Equatable, Sendable {
    case tooLarge(limit: Int)
    case badStatusLine
    /// The line, counted from 1 after the status line, that is no field.
    case badField(line: Int)
    /// `Content-Length` is no number, stands there with different values, or beside `Transfer-Encoding`.
    case badFraming
}

extension HTTPResponseHead {
    /// Reads a head from the beginning of these bytes.
    /// - Returns: the head and how many bytes it took, or nil if its blank line has not come yet.
    package static func parse(_ bytes: [UInt8]) throws(HTTPHeadError) -> (head: HTTPResponseHead, length: Int)? {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        while let end = lineEnd(bytes, from: start) {
            guard end + 2 <= limit else { throw .tooLarge(limit: limit) }
            if end == start { return (try head(lines), end + 2) }
            lines.append(bytes[start..<end])
            start = end + 2
        }
        guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        return nil
    }

    private static func lineEnd(_ bytes: [UInt8], from start: Int) -> Int? {
        var place = start
        while place + 1 < bytes.count {
            if bytes[place] == 0x0D, bytes[place + 1] == 0x0A { return place }
            place += 1
        }
        return nil
    }

    private static func head(_ lines: [ArraySlice<UInt8>]) throws(HTTPHeadError) -> HTTPResponseHead {
        guard let first = lines.first, let (status, reason) = statusLine(first) else { throw .badStatusLine }
        var fields: [HTTPField] = []
        for (index, line) in lines.dropFirst().enumerated() {
            guard let field = field(line) else { throw .badField(line: index + 1) }
            fields.append(field)
        }
        return HTTPResponseHead(status: status, reason: reason, fields: fields, framing: try framing(fields, status))
    }

    /// `HTTP/1.x CODE words`
    private static func statusLine(_ line: ArraySlice<UInt8>) -> (Int, String)? {
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].elementsEqual("HTTP/1.1".utf8) || parts[0].elementsEqual("HTTP/1.0".utf8),
            parts[1].count == 3, let status = decimal(parts[1]), status >= 100
        else { return nil }
        return (status, parts.count == 3 ? String(decoding: parts[2], as: UTF8.self) : "")
    }

    private static func field(_ line: ArraySlice<UInt8>) -> HTTPField? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let value = line[(colon + 1)...].drop(while: isBlank)
        let end = value.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? value.startIndex
        return HTTPField(
            String(decoding: line[..<colon], as: UTF8.self),
            String(decoding: value[value.startIndex..<end], as: UTF8.self)
        )
    }

    private static func framing(_ fields: [HTTPField], _ status: Int) throws(HTTPHeadError) -> Framing {
        let named = { (name: String) in fields.filter { $0.name.utf8.elementsEqual(name.utf8, by: sameLetter) } }
        let lengths = named("content-length").map(\.value)
        let encodings = named("transfer-encoding").map(\.value)
        if (100..<200).contains(status) || status == 204 || status == 304 { return .length(0) }
        guard encodings.isEmpty || lengths.isEmpty else { throw .badFraming }
        if let encoding = encodings.first {
            guard encodings.count == 1, encoding.utf8.elementsEqual("chunked".utf8, by: sameLetter) else {
                throw .badFraming
            }
            return .chunked
        }
        guard let text = lengths.first else { return .untilClose }
        guard lengths.allSatisfy({ $0 == text }), let length = decimal(text.utf8) else { throw .badFraming }
        return .length(length)
    }

    /// A decimal number without sign or blanks that fits.
    private static func decimal(_ bytes: some Collection<UInt8>) -> Int? {
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(String(decoding: bytes, as: UTF8.self))
    }
}
