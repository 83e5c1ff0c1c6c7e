import Testing

@testable import Wire

/// Which events does a stream of bytes hold, however it is cut?
struct EventStreamTests {
    /// What a row expects of an event: its name and its data.
    private struct Seen: Equatable {
        let name: String
        let data: String?
    }

    private static func seen(_ events: [ServerSentEvent]) -> [Seen] {
        events.map { Seen(name: $0.name, data: $0.data.map { String(decoding: $0, as: UTF8.self) }) }
    }

    @Test(
        "reads",
        arguments: [
            ("data: a\n\n", [("", "a")], "one event"),
            ("data:a\n\n", [("", "a")], "no blank after the colon"),
            ("data:  a\n\n", [("", " a")], "only one blank goes"),
            ("data: a\r\n\r\ndata: b\r\n\r\n", [("", "a"), ("", "b")], "CRLF"),
            ("data: a\r\rdata: b\r\r", [("", "a"), ("", "b")], "CR"),
            ("data: a\r\n\ndata: b\n\r\n", [("", "a"), ("", "b")], "mixed line ends"),
            ("event: x\ndata: a\ndata: b\n\n", [("x", "a\nb")], "several data lines, a name"),
            ("data\ndata\n\n", [("", "\n")], "a field without a colon is empty"),
            (": hello\n\n", [("", nil)], "a comment is no event, but is seen"),
            (": hello\ndata: a\n\n", [("", "a")], "a comment inside an event"),
            ("id: 7\nretry: 10\nfoo: bar\ndata: a\n\n", [("", "a")], "fields that change nothing"),
            ("data: a: b\n\n", [("", "a: b")], "only the first colon parts"),
            ("\u{FEFF}data: a\n\n", [("", "a")], "a byte order mark leads"),
            ("event: x\n\ndata: a\n\n", [("x", nil), ("", "a")], "a name ends with its block"),
            ("data: a\n", [], "no blank line yet"),
            ("\n\n", [("", nil), ("", nil)], "blank lines alone"),
        ] as [(String, [(String, String?)], String)]
    )
    func readsAfterTheStandard(text: String, expected: [(String, String?)], why: String) throws {
        var reader = EventStreamReader()
        let events = try reader.feed(Array(text.utf8))
        #expect(Self.seen(events) == expected.map { Seen(name: $0.0, data: $0.1) }, "\(why)")
    }

    private static let long = Array(
        """
        : warm\r\n\r\nevent: message_start\r\ndata: {"x":"grüße 漢字 😀"}\r\n\r\ndata: one\rdata: two\r\rdata: three\n\n\
        data: \(String(repeating: "long ", count: 30))\n\n: end\n\ndata: [DONE]\n\n
        """.utf8
    )

    @Test func cuttingTheStreamAnywhereChangesNoEventAndNoByte() throws {
        var whole = EventStreamReader()
        let expected = Self.seen(try whole.feed(Self.long))
        for cut in 0...Self.long.count {
            for second in stride(from: cut, through: Self.long.count, by: 17) {
                var reader = EventStreamReader()
                var events = try reader.feed(Array(Self.long[..<cut]))
                events += try reader.feed(Array(Self.long[cut..<second]))
                events += try reader.feed(Array(Self.long[second...]))
                #expect(Self.seen(events) == expected, "cut at \(cut) and \(second)")
                #expect(events.flatMap(\.raw) == Self.long, "cut at \(cut) and \(second)")
            }
        }
    }

    @Test func oneByteAtATimeGivesTheSameAndAsSoonAsCanBe() throws {
        var reader = EventStreamReader()
        var events: [ServerSentEvent] = []
        for byte in Self.long { events += try reader.feed([byte]) }
        var atOnce = EventStreamReader()
        #expect(Self.seen(events) == Self.seen(try atOnce.feed(Self.long)))
        var prompt = EventStreamReader()
        #expect(try prompt.feed(Array("data: a\r\r".utf8)).count == 1, "a CR ends the line, whatever comes")
        #expect(try prompt.feed(Array("\ndata: b\n\n".utf8)).first?.raw.first == 0x0A, "a LF that does come is kept")
        var whole = EventStreamReader()
        #expect(try whole.feed(Array("data: a\r\n\r".utf8)).isEmpty, "after CRLF, the LF is waited for")
        #expect(try whole.feed([0x0A]).map { Array($0.raw) } == [Array("data: a\r\n\r\n".utf8)])
    }

    @Test func aLineAndAnEventAreBounded() throws {
        var lines = EventStreamReader(limits: .init(line: 8, event: 100))
        #expect(try lines.feed(Array("data: ab\n\n".utf8)).count == 1)
        #expect(throws: EventStreamError.lineTooLong(limit: 8)) { try lines.feed(Array("data: abc".utf8)) }
        var events = EventStreamReader(limits: .init(line: 50, event: 20))
        #expect(throws: EventStreamError.eventTooLarge(limit: 20)) {
            try events.feed(Array("data: abcd\ndata: abcd\n".utf8))
        }
    }

    /// Whatever the large one is made of, and however all of it is cut.
    @Test(arguments: ["\n", "\r\n", "\r"]) func anEventThatIsTooLargeCanBeSteppedOver(_ end: String) throws {
        let long = String(repeating: "x", count: 70)
        let large = [
            "data: \(long)", "data: ab\(end)data: \(long)\(end)data: c",
            (0..<9).map { "id: \($0)" }.joined(separator: end),
        ]
        for lines in large {
            let text = "data: a\(end)\(end)\(lines)\(end)\(end)data: b\(end)\(end)data: c\(end)\(end)"
            let bytes = Array(text.utf8)
            for size in 1...bytes.count {
                var reader = EventStreamReader(limits: .init(line: 40, event: 40))
                var (found, skipped): ([Seen], Int) = ([], 0)
                for start in stride(from: 0, to: bytes.count, by: size) {
                    reader.append(bytes[start..<min(start + size, bytes.count)].span.bytes)
                    while true {
                        do {
                            guard let event = try reader.next() else { break }
                            found += Self.seen([event])
                        } catch {
                            skipped += 1
                            #expect(reader.stepOver(last: 10).count <= 10)
                        }
                    }
                }
                found += Self.seen([reader.finish()].compactMap(\.self))
                #expect(skipped == 1 && found.map(\.data) == ["a", "b", "c"], "in pieces of \(size)")
            }
        }
    }

    @Test func theLimitIsPerEventAndNotPerStream() throws {
        var reader = EventStreamReader(limits: .init(line: 16, event: 16))
        for _ in 0..<1_000 { #expect(try reader.feed(Array("data: 1234\n\n".utf8)).count == 1) }
    }

    @Test func anEndWithoutABlankLineIsTold() throws {
        var reader = EventStreamReader()
        #expect(try reader.feed(Array("data: a\n\ndata: [DONE]".utf8)).count == 1)
        let last = reader.finish()
        #expect(last?.data == Array("[DONE]".utf8))
        #expect(last.map { Array($0.raw) } == Array("data: [DONE]".utf8))
        #expect(reader.finish() == nil)
    }

    @Test(arguments: ["", "a", "a\nb", "a\r\nb\rc\n", "\n", "{\"x\":\"漢\"}", String(repeating: "y", count: 100)])
    func whatIsWrittenIsReadBack(data: String) throws {
        var bytes: [UInt8] = EventStreamWriter.heartbeat
        EventStreamWriter.append(event: "delta", data: Array(data.utf8), to: &bytes)
        EventStreamWriter.append(data: Array(data.utf8), to: &bytes)
        var reader = EventStreamReader()
        let normal = data.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        #expect(
            Self.seen(try reader.feed(bytes)) == [
                Seen(name: "", data: nil), Seen(name: "delta", data: normal), Seen(name: "", data: normal),
            ]
        )
    }
}
