/// How is a form with files read as it comes (RFC 7578, RFC 2046 §5.1)? Bytes go in, in whatever pieces; out come the parts that are over, as
/// places in the body. Nothing is kept but the head of the part being read. What two readers could understand differently is refused.
package struct MultipartReader: Sendable {
    /// How much a form may have.
    package struct Limits: Hashable, Sendable {
        /// Parts; sixteen pictures and all fields of a request are some forty.
        package var parts = 128
        /// Bytes of one part's head; a file's name may have 255 in most file systems.
        package var head = 4096

        package init() {}
    }

    private enum Phase {
        /// Behind a boundary: a line's end or two dashes.
        case boundary
        case head
        case body
        /// Behind the mark of the end.
        case over
    }

    private let limits: Limits
    /// A boundary as it stands behind a part: CRLF, two dashes and itself. The line feed is the only one in it.
    private let delimiter: [UInt8]
    private var phase = Phase.body
    /// Bytes of the delimiter that the last ones are, counted from its line feed; one stands before the first boundary as it were.
    private var matched = 1
    /// The byte before the line feed that the match began with was a CR.
    private var beganWithCR = true
    /// The last byte, as far as the search goes.
    private var last: UInt8 = 0x0D
    /// The line behind a boundary, the head of a part, or what follows the end, as far as it came.
    private var kept: [UInt8] = []
    /// The part being read; nil before the first.
    private var part: MultipartPart?
    private var count = 0
    /// Bytes that were read.
    package private(set) var offset = 0

    /// Whether the mark of the end has come.
    package var isOver: Bool { phase == .over }

    /// The part whose end has not come, as far as it has come: with the bytes that may turn out to be the boundary behind it; nil between parts.
    package var openPart: MultipartPart? {
        guard phase == .body, var open = part else { return nil }
        open.body = open.body.lowerBound..<max(open.body.lowerBound, offset)
        return open
    }

    /// A form that begins.
    package init(_ boundary: MultipartBoundary, limits: Limits = Limits()) {
        self.limits = limits
        delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + boundary.bytes
    }

    /// Takes bytes in.
    /// - Returns: the parts that they end.
    /// - Throws: what is wrong; the reader is of no use afterwards.
    package mutating func feed(_ bytes: RawSpan) throws(MultipartError) -> [MultipartPart] {
        var parts: [MultipartPart] = []
        var place = 0
        while place < bytes.byteCount {
            switch phase {
            case .boundary: try readBoundary(bytes, &place)
            case .head: try readHead(bytes, &place)
            case .body: if let part = try readBody(bytes, &place) { parts.append(part) }
            case .over: try readEpilogue(bytes, &place)
            }
        }
        return parts
    }

    /// The body is over.
    package func finish() throws(MultipartError) {
        guard phase == .over else { throw .truncated }
        guard kept.isEmpty || kept == [0x0D, 0x0A] else { throw .epilogue }
    }

    /// Up to the next boundary.
    private mutating func readBody(_ bytes: RawSpan, _ place: inout Int) throws(MultipartError) -> MultipartPart? {
        while place < bytes.byteCount {
            // Between lines there is nothing to see.
            if matched == 0, part != nil {
                let next = ByteScan.lineFeed(bytes, from: place)
                let end = next ?? bytes.byteCount
                if end > place {
                    last = ByteScan.byte(bytes, end - 1)
                    offset += end - place
                    place = end
                }
                guard next != nil else { return nil }
            }
            let byte = ByteScan.byte(bytes, place)
            place += 1
            offset += 1
            try match(byte)
            last = byte
            if matched == delimiter.count - 1 { return try endPart() }
        }
        return nil
    }

    private mutating func match(_ byte: UInt8) throws(MultipartError) {
        if byte == delimiter[matched + 1] {
            if matched == 0 { beganWithCR = last == 0x0D }
            matched += 1
            return
        }
        // Before the first part nothing may stand but the boundary.
        guard part != nil else { throw .noBoundary }
        guard byte == 0x0A else {
            matched = 0
            return
        }
        (matched, beganWithCR) = (1, last == 0x0D)
    }

    /// A boundary has come.
    private mutating func endPart() throws(MultipartError) -> MultipartPart? {
        (phase, matched, kept) = (.boundary, 0, [])
        guard var ended = part else { return nil }
        let end = offset - delimiter.count
        guard beganWithCR, end >= ended.body.lowerBound else { throw .ambiguousBoundary }
        ended.body = ended.body.lowerBound..<end
        return ended
    }

    private mutating func readBoundary(_ bytes: RawSpan, _ place: inout Int) throws(MultipartError) {
        take(bytes, &place)
        guard kept.count == 2 else { return }
        switch kept {
        case [0x0D, 0x0A]:
            count += 1
            guard count <= limits.parts else { throw .tooManyParts }
            phase = .head
        case [0x2D, 0x2D]:
            // A form has a part at least, or all of it is an end.
            phase = .over
        default: throw .boundaryLine
        }
        kept = []
    }

    /// Up to the blank line.
    private mutating func readHead(_ bytes: RawSpan, _ place: inout Int) throws(MultipartError) {
        while place < bytes.byteCount {
            let byte = take(bytes, &place)
            guard kept.count <= limits.head else { throw .headTooLarge }
            guard byte == 0x0A else { continue }
            // A part without a head is nobody's field.
            if kept == [0x0D, 0x0A] { throw .disposition }
            guard kept.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A] else { continue }
            part = try MultipartPart(head: kept.dropLast(2), start: offset)
            // The blank line's end may be the one before a boundary, for some.
            (phase, kept, matched, last, beganWithCR) = (.body, [], 1, 0x0A, true)
            return
        }
    }

    private mutating func readEpilogue(_ bytes: RawSpan, _ place: inout Int) throws(MultipartError) {
        let byte = take(bytes, &place)
        guard kept.count <= 2, byte == (kept.count == 1 ? 0x0D : 0x0A) else { throw .epilogue }
    }

    /// Keeps the next byte.
    @discardableResult
    private mutating func take(_ bytes: RawSpan, _ place: inout Int) -> UInt8 {
        let byte = ByteScan.byte(bytes, place)
        kept.append(byte)
        place += 1
        offset += 1
        return byte
    }
}
