/// How is a file of prefixes read? One prefix or address a line, IPv4 and IPv6 as they come; `#` begins a comment; blank lines and
/// CRLF are as good as none.
///
/// A million lines take some tens of milliseconds: bytes are looked at once, and nothing is allocated for a line that is right.

package struct PrefixFile: Sendable {
    /// What is wrong in one line.
    package struct Fault: Hashable, Sendable {
        package let line: Int
        /// Counted in bytes from 1.
        package let column: Int
        package let words: String
        /// The line as written, cut to what a terminal shows.
        package let text: String
    }

    package private(set) var list = PrefixList.empty
    /// How many lines said what another had said.
    package private(set) var duplicates = 0
    /// The first of them; empty when the file is right.
    package private(set) var faults: [Fault] = []
    package private(set) var faultCount = 0

    /// More errors than an operator reads at once are only counted.
    package static let mostFaults = 20
    /// Of a wrong line no more is kept than this many bytes.
    private static let mostShown = 120
    /// Bytes of a usual line, to make room for as many prefixes at once.
    private static let usualLine = 14

    package init(_ bytes: [UInt8]) {
        var lines = PrefixLines(room: bytes.count / Self.usualLine)
        let span = bytes.span
        var (start, line) = (0, 1)
        while start < span.count {
            var end = start
            while end < span.count, span[end] != UInt8(ascii: "\n") { end += 1 }
            if let wrong = lines.take(span, start..<end) { note(wrong, line: line, bytes[start..<end]) }
            (start, line) = (end + 1, line + 1)
        }
        duplicates = lines.v4.sortUniquely() + lines.v6.sortUniquely()
        list = PrefixList(v4: lines.v4, v6: lines.v6)
    }

    private mutating func note(_ wrong: PrefixLines.Wrong, line: Int, _ bytes: ArraySlice<UInt8>) {
        faultCount += 1
        guard faults.count < Self.mostFaults else { return }
        let shown = bytes.prefix(Self.mostShown).filter { $0 != UInt8(ascii: "\r") }
        faults.append(
            Fault(
                line: line,
                column: wrong.offset - bytes.startIndex + 1,
                words: wrong.words,
                text: String(decoding: shown, as: UTF8.self)
            )
        )
    }
}
