import Testing

@testable import Wire

/// Which texts are JSON, and what is said about those that are not?
struct JSONScannerTests {
    @Test(
        "accepts",
        arguments: [
            ("null", "the shortest literal"),
            (" \t\r\n{ } \n", "all four blanks around an empty object"),
            ("[]", "an empty array"),
            ("-0", "minus zero is a number"),
            ("[0, -1, 12.5, 1e5, 1E-7, 2.0e+10]", "every form of a number"),
            (#""\"\\\/\b\f\n\r\t\u00e9""#, "every escape"),
            (#""\ud83d\ude00""#, "a surrogate pair, escaped"),
            ("\"grüße 漢字 😀\"", "two, three and four byte sequences"),
            (#"{"a":{"b":[{"c":null}]}}"#, "nesting"),
            (#"{"a":1,"A":1}"#, "keys differ by case"),
            ("\"\u{7F}\"", "DEL is no control character of RFC 8259"),
        ]
    )
    func acceptsWhatRFC8259Allows(text: String, reason: String) throws {
        _ = try JSONDocument(Array(text.utf8))
    }

    @Test(
        "refuses",
        arguments: [
            ("", .empty, 0, "no value"),
            ("  ", .empty, 2, "blanks only"),
            ("{", .unexpectedEnd, 1, "an open object"),
            ("[1", .unexpectedEnd, 2, "an open array"),
            ("\"ab", .unexpectedEnd, 3, "an open string"),
            ("[1,]", .unexpectedByte, 3, "a comma before the end"),
            ("{\"a\":1,}", .unexpectedByte, 7, "a comma before the end"),
            ("{a:1}", .unexpectedByte, 1, "a bare key"),
            ("{\"a\" 1}", .unexpectedByte, 5, "no colon"),
            ("[1 2]", .unexpectedByte, 3, "no comma"),
            ("[1}", .unexpectedByte, 2, "the wrong bracket"),
            ("1 2", .trailingBytes, 2, "two values"),
            ("{}x", .trailingBytes, 2, "rubbish behind"),
            ("01", .badNumber, 0, "a leading zero"),
            ("-", .badNumber, 0, "a sign alone"),
            ("1.", .badNumber, 0, "no digit after the point"),
            ("1e", .badNumber, 0, "no digit in the exponent"),
            ("+1", .unexpectedByte, 0, "a plus sign"),
            (".5", .unexpectedByte, 0, "no digit before the point"),
            ("NaN", .unexpectedByte, 0, "no such literal"),
            ("nul", .badLiteral, 0, "a literal cut off"),
            ("[tru]", .badLiteral, 1, "a literal cut off inside"),
            ("\"a\tb\"", .controlCharacter, 2, "a raw tab"),
            ("\"\\x\"", .badEscape, 1, "no such escape"),
            ("\"\\u12g4\"", .badEscape, 1, "not hexadecimal"),
            ("\"\\ud800\"", .loneSurrogate, 1, "a high half alone"),
            ("\"\\udc00\"", .loneSurrogate, 1, "a low half alone"),
            ("\"\\ud800\\u0041\"", .loneSurrogate, 1, "a high half before a letter"),
            ("\u{FEFF}1", .unexpectedByte, 0, "a byte order mark, which RFC 8259 lets us refuse"),
            ("{\"a\":1,\"a\":2}", .duplicateKey, 7, "the same key"),
            ("{\"a\":1,\"\\u0061\":2}", .duplicateKey, 7, "the same key, spelled another way"),
            ("[{\"x\":{\"b\":1, \"b\":2}}]", .duplicateKey, 14, "the same key, deep inside"),
        ] as [(String, JSONError.Reason, Int, String)]
    )
    func refusesWithReasonAndPlace(text: String, reason: JSONError.Reason, offset: Int, why: String) {
        #expect(throws: JSONError(reason, at: offset), "\(why): \(text)") { try JSONDocument(Array(text.utf8)) }
    }

    @Test(
        "refuses UTF-8",
        arguments: [
            ([0x80], "a continuation byte alone"),
            ([0xC0, 0x80], "an overlong NUL"),
            ([0xC1, 0xBF], "an overlong two-byte form"),
            ([0xE0, 0x9F, 0xBF], "an overlong three-byte form"),
            ([0xED, 0xA0, 0x80], "a surrogate"),
            ([0xF0, 0x8F, 0xBF, 0xBF], "an overlong four-byte form"),
            ([0xF4, 0x90, 0x80, 0x80], "above U+10FFFF"),
            ([0xF5, 0x80, 0x80, 0x80], "no such first byte"),
            ([0xE2, 0x82], "a sequence cut off by the quote"),
        ] as [([UInt8], String)]
    )
    func refusesWhatIsNotUTF8(sequence: [UInt8], why: String) {
        let text: [UInt8] = [0x22] + sequence + [0x22]
        #expect(throws: JSONError(.invalidUTF8, at: 1), "\(why)") { try JSONDocument(text) }
    }

    @Test func everyScalarIsReadBackAsItWasWritten() throws {
        for value in stride(from: UInt32(0), to: 0x11_0000, by: 37) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var writer = JSONWriter()
            writer.string("x\(scalar)y")
            #expect(try JSONDocument(writer.bytes).root.string == "x\(scalar)y")
        }
    }

    @Test func nestingIsBoundedAtTheLimitAndNotBefore() throws {
        let limits = JSONLimits(bytes: 1 << 20, depth: 5, duplicates: .refused)
        let nested = { (depth: Int) in
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONDocument(nested(5), limits: limits)
        #expect(throws: JSONError(.tooDeep, at: 5)) { try JSONDocument(nested(6), limits: limits) }
    }

    @Test func noConfigurationGoesDeeperThanTheStackAllows() {
        let limits = JSONLimits(bytes: 1 << 20, depth: .max, duplicates: .refused)
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(throws: JSONError(.tooDeep, at: JSONLimits.deepest)) { try JSONDocument(text, limits: limits) }
    }

    @Test func sizeIsBounded() throws {
        let limits = JSONLimits(bytes: 4, depth: 5, duplicates: .refused)
        _ = try JSONDocument(Array("true".utf8), limits: limits)
        #expect(throws: JSONError(.tooLarge, at: 4)) { try JSONDocument(Array("false".utf8), limits: limits) }
    }

    @Test func aRepeatedKeyIsFoundAmongManyInAnySpelling() {
        for repeated in ["\"k50\"", "\"\\u006b50\""] {
            let keys = (0..<100).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
            let text = "{\(keys),\(repeated):0}"
            let place = text.utf8.count - repeated.utf8.count - 3
            #expect(throws: JSONError(.duplicateKey, at: place)) { try JSONDocument(Array(text.utf8)) }
        }
    }

    @Test func theLastOfRepeatedKeysCountsWhereTheyAreAllowed() throws {
        let document = try JSONDocument(Array(#"{"a":1,"a":{"b":1,"b":2}}"#.utf8), limits: .answer)
        #expect(document["a"]?["b"]?.unsigned == 2)
    }

    @Test func aStopIsFoundAtEveryPlaceAmongEveryNeighbour() {
        // Against the obvious way: words are searched by borrowing arithmetic, which must not see what is not there.
        let neighbours: [UInt8] = [
            0x00, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x0A, 0x0D, 0x7F, 0x80, 0xA2, 0xFF,
        ]
        for first in neighbours {
            for second in neighbours {
                for place in 0..<19 {
                    var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
                    bytes[place] = first
                    bytes[place + 1] = second
                    let span = bytes.span.bytes
                    let isStop = { (byte: UInt8) in byte < 0x20 || byte == 0x22 || byte == 0x5C }
                    #expect(ByteScan.escapeStop(span, from: 0) == bytes.firstIndex(where: isStop) ?? 20)
                    #expect(ByteScan.stringStop(span, from: 0) == bytes.firstIndex { isStop($0) || $0 > 0x7F } ?? 20)
                    #expect(ByteScan.lineEnd(span, from: 0) == bytes.firstIndex { $0 == 0x0A || $0 == 0x0D })
                }
            }
        }
    }

    @Test func everyCutOfAValidTextIsRefusedAtItsEndOrBefore() {
        let text = Array(#"{"a":[1.5e3,true,"x\u00e9ü"],"b":{"c":null}}"#.utf8)
        for length in 0..<text.count {
            do {
                _ = try JSONDocument(Array(text[..<length]))
                Issue.record("a text cut at \(length) was accepted")
            } catch {
                #expect(error.offset <= length)
            }
        }
    }
}
