import Chance
import Testing

@testable import Wire

/// Which parts has a form, however it is cut, and which forms are none?
struct MultipartReaderTests {
    /// A part as a reader of the whole sees it.
    struct Seen: Equatable, CustomStringConvertible {
        let name: String
        let isFile: Bool
        let value: String
        var description: String { "\(name)\(isFile ? "*" : "")=\(value.debugDescription)" }
    }

    static func read(_ bytes: [UInt8], boundary: String = "B", pieces: [Int] = []) throws -> [Seen] {
        var reader = MultipartReader(
            try #require(MultipartBoundary(contentType: "multipart/form-data; boundary=\(boundary)"))
        )
        var parts: [MultipartPart] = []
        var start = 0
        for end in pieces + [bytes.count] where end > start {
            parts += try reader.feed(Array(bytes[start..<end]).span.bytes)
            start = end
        }
        try reader.finish()
        #expect(reader.offset == bytes.count)
        return parts.map {
            Seen(name: $0.name, isFile: $0.isFile, value: String(decoding: bytes[$0.body], as: UTF8.self))
        }
    }

    /// The same of the whole at once, as slowly as it can be understood: split at the boundaries, then each part at its blank line.
    static func slowly(_ text: String, boundary: String = "B") -> [Seen]? {
        var parts = Array("\r\n\(text)".utf8).pieces(between: Array("\r\n--\(boundary)".utf8))
        guard parts.removeFirst().isEmpty, let end = parts.popLast(),
            ["--", "--\r\n"].contains(String(decoding: end, as: UTF8.self))
        else { return nil }
        return parts.map { part in
            let pieces = part.pieces(between: Array("\r\n\r\n".utf8))
            let head = String(decoding: pieces[0], as: UTF8.self)
            let name = head.split(separator: "name=\"").dropFirst().first?.prefix { $0 != "\"" } ?? ""
            let value = part[(pieces[0].count + 4)...]
            return Seen(
                name: String(name),
                isFile: head.contains("filename="),
                value: String(decoding: value, as: UTF8.self)
            )
        }
    }

    private static func part(_ name: String, _ value: String, file: String? = nil) -> String {
        let file = file.map { "; filename=\"\($0)\"\r\ncontent-type: audio/mpeg" } ?? ""
        return "--B\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n\(value)\r\n"
    }

    private static let forms = [
        part("model", "whisper-1") + part("file", "ID3\r\n--\r\n-B\r\n--A\n\n\r\r\n", file: "a.mp3") + "--B--\r\n",
        part("file", "", file: "a \\\"b\\\".mp3") + part("model", "m") + part("empty", "") + "--B--",
        part("include[]", "a") + part("include[]", "\r\n\r\n") + part("x", "-\r\n-\r\n--\r\n--C") + "--B--\r\n",
    ]

    @Test(arguments: forms) func anyTwoCutsGiveWhatASlowReaderSees(_ form: String) throws {
        let bytes = Array(form.utf8)
        let expected = try #require(Self.slowly(form))
        #expect(try Self.read(bytes) == expected)
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 7) {
                let seen = try Self.read(bytes, pieces: [first, second])
                guard seen == expected else {
                    Issue.record("cut at \(first) and \(second): \(seen)")
                    return
                }
            }
        }
        #expect(try Self.read(bytes, pieces: Array(1..<bytes.count)) == expected, "a byte at a time")
    }

    @Test func randomFormsAreReadAsASlowReaderReadsThem() throws {
        var chance = SeededGenerator(7)
        let words = ["\r\n", "\r", "\n", "--", "B", "-", "a", "\r\n--", "\r\n-", "\u{0}", "é"]
        for _ in 0..<500 {
            let values = (0..<Int.random(in: 1...4, using: &chance)).map { _ in
                (0..<Int.random(in: 0...12, using: &chance)).compactMap { _ in words.randomElement(using: &chance) }
                    .joined()
            }
            let form = values.enumerated().map { Self.part("f\($0)", $1) }.joined() + "--B--\r\n"
            let bytes = Array(form.utf8)
            let cuts = (0..<6).map { _ in Int.random(in: 0...bytes.count, using: &chance) }.sorted()
            let seen = try? Self.read(bytes, pieces: cuts)
            #expect(seen == (try? Self.read(bytes)), "\(form.debugDescription) cut at \(cuts)")
            // Where this reader sees a form, the slow one sees the same.
            if let seen { #expect(seen == Self.slowly(form), "\(form.debugDescription)") }
        }
    }

    @Test(
        arguments: [
            ("", MultipartError.truncated, "nothing"),
            ("\r\n--B--", .noBoundary, "a blank line before"),
            ("x--B--", .noBoundary, "a preamble"),
            ("--A--", .noBoundary, "another boundary"),
            ("--Bx--", .boundaryLine, "a longer boundary"),
            ("--B \r\n", .boundaryLine, "blanks behind it"),
            ("--B\nx", .boundaryLine, "a bare line feed behind it"),
            ("--B\r\n\r\n", .disposition, "no head"),
            ("--B\r\nx: y\r\n\r\n", .disposition, "no disposition"),
            ("--B\r\ncontent-disposition: attachment; name=\"a\"\r\n\r\n", .disposition, "another disposition"),
            ("--B\r\ncontent-disposition: form-data\r\n\r\n", .disposition, "no name"),
            ("--B\r\ncontent-disposition: form-data; name=\"\"\r\n\r\n", .disposition, "an empty name"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n", .disposition, "two names"),
            ("--B\r\ncontent-disposition: form-data; name*=UTF-8''a\r\n\r\n", .disposition, "an extended name"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\\b\"\r\n\r\n", .disposition, "an escape in a name"),
            ("--B\r\ncontent-disposition: form-data; name=\"mo%64el\"\r\n\r\n", .disposition, "another escape"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\r\n\r\n", .disposition, "a quote that is not closed"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\"x\r\n\r\n", .disposition, "something behind the quote"),
            (
                "--B\r\ncontent-disposition: form-data; name=\"a\"\r\ncontent-disposition: form-data; name=\"b\"\r\n\r\n",
                .disposition, "two dispositions"
            ),
            (
                "--B\r\ncontent-disposition: form-data; name=\"a\"\r\ncontent-transfer-encoding: base64\r\n\r\n",
                .encoded,
                "an encoding"
            ),
            ("--B\r\ncontent-disposition: form-data;\r\n name=\"a\"\r\n\r\n", .head, "a folded line"),
            ("--B\r\ncontent-disposition : form-data; name=\"a\"\r\n\r\n", .head, "a blank before the colon"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\"\nx: y\r\n\r\n", .head, "a bare line feed"),
            (
                "--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n--B--", .ambiguousBoundary,
                "a boundary right behind the head"
            ),
            (
                "--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nx\n--B--", .ambiguousBoundary,
                "a boundary behind a bare line feed"
            ),
            ("--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\nx", .epilogue, "an epilogue"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r", .epilogue, "half a line's end"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B\r\n", .truncated, "no end"),
            ("--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B-", .truncated, "half an end"),
        ] as [(String, MultipartError, String)]
    ) func whatReadersUnderstandDifferentlyIsRefused(
        _ form: String,
        _ error: MultipartError,
        _ why: String
    ) {
        let bytes = Array(form.utf8)
        #expect(throws: error, "\(why)") { try Self.read(bytes) }
        #expect(throws: error, "\(why), a byte at a time") { try Self.read(bytes, pieces: Array(0..<bytes.count)) }
    }

    /// Some readers take any of these for a file, and none of them may be counted as none.
    @Test(arguments: [
        (#"; filename="a""#, true), (#"; filename*=UTF-8''%C3%A9"#, true),
        (#"; filename="e"; filename*=UTF-8''%C3%A9"#, true), (#"; FileName*=UTF-8''a"#, true), ("", false),
    ]) func aNameOfItsOwnMakesAFile(_ more: String, _ isFile: Bool) throws {
        let form = "--B\r\ncontent-disposition: form-data; name=\"a\"\(more)\r\n\r\nx\r\n--B--"
        #expect(try Self.read(Array(form.utf8)) == [Seen(name: "a", isFile: isFile, value: "x")])
    }

    @Test func anOpenPartIsToldAsFarAsItHasCome() throws {
        var reader = MultipartReader(try #require(MultipartBoundary(contentType: "multipart/form-data; boundary=B")))
        let head = "--B\r\ncontent-disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n"
        _ = try reader.feed(Array(head.utf8.dropLast(2)).span.bytes)
        #expect(reader.openPart == nil, "its head is not over")
        _ = try reader.feed(Array("\r\nxyz".utf8).span.bytes)
        #expect(reader.openPart?.isFile == true && reader.openPart?.body == head.utf8.count..<head.utf8.count + 3)
        #expect(try reader.feed(Array("\r\n--B--".utf8).span.bytes).map(\.body.count) == [3])
        #expect(reader.openPart == nil)
    }

    @Test func headsAndPartsAreBounded() {
        let long = "--B\r\ncontent-disposition: form-data; name=\"a\"\r\nx: " + String(repeating: "y", count: 5000)
        #expect(throws: MultipartError.headTooLarge) { try Self.read(Array(long.utf8)) }
        let many = (0..<200).map { Self.part("f\($0)", "") }.joined()
        #expect(throws: MultipartError.tooManyParts) { try Self.read(Array(many.utf8)) }
    }

    @Test(arguments: [
        ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;boundary=\"a b\"", "a b"),
        ("multipart/form-data; charset=utf-8; boundary=x", "x"), ("multipart/form-data", nil),
        ("multipart/mixed; boundary=abc", nil), ("multipart/form-data; boundary=", nil),
        ("multipart/form-data; boundary=a; boundary=b", nil), ("multipart/form-data; boundary=\"a\\\"b\"", nil),
        ("multipart/form-data; boundary=\"a ", nil), ("multipart/form-data; boundary=\"a \"", nil),
        ("multipart/form-data; boundary=\(String(repeating: "x", count: 71))", nil), ("application/json", nil),
    ]) func aBoundaryIsOneThatAllFind(_ type: String, _ boundary: String?) {
        let found = MultipartBoundary(contentType: type)
        #expect(found.map { String(decoding: $0.bytes, as: UTF8.self) } == boundary)
        // What is written of it is read as the same.
        if let found { #expect(MultipartBoundary(contentType: found.contentType) == found) }
    }
}

extension [UInt8] {
    /// What stands between all places of some bytes.
    fileprivate func pieces(between bytes: [UInt8]) -> [[UInt8]] {
        var (pieces, start, place) = ([[UInt8]](), 0, 0)
        while place + bytes.count <= count {
            if Array(self[place..<place + bytes.count]) == bytes {
                pieces.append(Array(self[start..<place]))
                place += bytes.count
                start = place
            } else {
                place += 1
            }
        }
        return pieces + [Array(self[start...])]
    }
}
