/// How do bytes that arrive in any pieces become lines of JSON, one text a line? The raw bytes of every line are kept, so that a
/// stream can be passed on as it came.
package struct JSONLineReader: Sendable {
    /// 8 MiB, as for events: a line may hold an image, and anything larger is an attack on memory.
    package static let standardLimit = 8 << 20

    private let limit: Int
    /// Bytes of the line that is being read, and what came after it.
    private var buffer: [UInt8] = []
    /// Where the current line begins.
    private var start = 0
    /// Where the search for its end goes on.
    private var searched = 0

    /// A reader at the beginning of a stream.
    /// - Parameter limit: bytes in one line, its end not counted.
    package init(limit: Int = standardLimit) {
        self.limit = limit
    }

    /// Takes bytes in; `next` then gives the lines that are complete.
    package mutating func append(_ bytes: RawSpan) {
        discardGiven()
        bytes.withUnsafeBytes { buffer.append(contentsOf: $0) }
    }

    /// The next complete line, or nil when more bytes are needed.
    /// - Throws: when a line is larger than allowed; the reader is of no use afterwards.
    package mutating func next() throws(JSONLineError) -> JSONLine? {
        guard let end = buffer[searched...].firstIndex(of: 0x0A) else {
            searched = buffer.count
            guard searched - start <= limit else { throw .lineTooLong(limit: limit) }
            return nil
        }
        guard end - start <= limit else { throw .lineTooLong(limit: limit) }
        let line = JSONLine(raw: buffer[start...end])
        start = end + 1
        searched = start
        return line
    }

    /// What is left when the stream has ended: a line whose end never came; nil when nothing is left.
    package mutating func finish() -> JSONLine? {
        guard start < buffer.count else { return nil }
        let line = JSONLine(raw: buffer[start...])
        start = buffer.count
        searched = start
        return line
    }

    /// Drops the lines that were given, so that the buffer holds one line and what came with it, not a whole stream.
    private mutating func discardGiven() {
        guard start > 0 else { return }
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
        } else {
            buffer.removeSubrange(0..<start)
        }
        searched -= start
        start = 0
    }
}

/// One line of such a stream.
package struct JSONLine: Equatable, Sendable {
    /// The line as it came, with its end.
    package let raw: ArraySlice<UInt8>

    init(raw: ArraySlice<UInt8>) {
        self.raw = raw
    }

    /// The line without its end, LF or CR and LF.
    package var text: [UInt8] {
        var text = raw
        if text.last == 0x0A { text.removeLast() }
        if text.last == 0x0D { text.removeLast() }
        return Array(text)
    }

    /// Whether nothing but blanks stands in it.
    package var isBlank: Bool { raw.allSatisfy { JSONText.isBlank($0) } }

    /// The same with the end that it lacks.
    package var closed: JSONLine { raw.last == 0x0A ? self : JSONLine(raw: raw + [0x0A]) }

    /// Whether two lines say the same, however the bytes were cut into pieces before.
    package static func == (one: JSONLine, other: JSONLine) -> Bool { one.raw.elementsEqual(other.raw) }
}

/// Why a stream of lines cannot be read on.
package enum JSONLineError: Error, Equatable, Sendable {
    /// One line holds more bytes than this.
    case lineTooLong(limit: Int)
}
