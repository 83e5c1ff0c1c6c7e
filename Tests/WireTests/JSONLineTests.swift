import Testing

@testable import Wire

/// Which lines does a stream of bytes hold, however it is cut?
struct JSONLineTests {
    private static func texts(_ lines: [JSONLine]) -> [String] {
        lines.map { String(decoding: $0.text, as: UTF8.self) }
    }

    private static func lines(_ bytes: [UInt8], pieces size: Int, limit: Int = 100) throws -> [JSONLine] {
        var reader = JSONLineReader(limit: limit)
        var lines: [JSONLine] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.append(Array(bytes[start..<min(start + size, bytes.count)]).span.bytes)
            while let line = try reader.next() { lines.append(line) }
        }
        if let rest = reader.finish() { lines.append(rest) }
        return lines
    }

    @Test(
        arguments: [
            ("{}\n", ["{}"], "one line"),
            ("{}\r\n[]\n", ["{}", "[]"], "both kinds of line ends"),
            ("\n{}", ["", "{}"], "a blank line, and one that never ends"),
            ("\"\u{2028}\"\n1\r2\n", ["\"\u{2028}\"", "1\r2"], "LF alone ends a line"),
            ("", [], "nothing"),
        ] as [(String, [String], String)]
    )
    func linesEndWithLF(text: String, expected: [String], why: String) throws {
        for size in 1...max(text.utf8.count, 1) {
            let lines = try Self.lines(Array(text.utf8), pieces: size)
            #expect(Self.texts(lines) == expected, "\(why), pieces of \(size)")
            #expect(lines.flatMap(\.raw) == Array(text.utf8), "every byte is kept")
        }
    }

    @Test func aLineIsBounded() throws {
        for size in [1, 3, 64] {
            #expect(throws: JSONLineError.lineTooLong(limit: 4)) {
                try Self.lines(Array("12345\n".utf8), pieces: size, limit: 4)
            }
            #expect(throws: JSONLineError.lineTooLong(limit: 4)) {
                try Self.lines(Array("1\n12345".utf8), pieces: size, limit: 4)
            }
            #expect(try Self.lines(Array("1234\n1234\n".utf8), pieces: size, limit: 4).count == 2)
        }
    }

    @Test func aLineKnowsWhetherItSaysAnythingAndHasAnEnd() throws {
        let lines = try Self.lines(Array(" \t\r\n1".utf8), pieces: 2)
        #expect(lines.map(\.isBlank) == [true, false])
        #expect(lines.map { Array($0.closed.raw) } == [Array(" \t\r\n".utf8), Array("1\n".utf8)])
    }
}
