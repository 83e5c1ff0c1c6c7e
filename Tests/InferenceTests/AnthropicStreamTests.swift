import Chance
import Testing
import Wire

@testable import Inference

/// What does a Messages stream tell, and what when it is broken?
struct AnthropicStreamTests {
    private static func event(_ data: String) -> [UInt8] { Array("data: \(data)\n\n".utf8) }

    @Test func usageIsReportedEarlyAndKeptWhenLaterReportsLeaveItOut() throws {
        var decoder = Anthropic.StreamDecoder()
        let events = try decoder.feed(Fixture.bytes("anthropic.text.stream.sse"))
        #expect(events.first == .start(id: "msg_03", model: "claude-sonnet-4-5", created: nil))
        #expect(events.dropFirst().first == .usage(Usage(input: 125, output: 1, cachedRead: 100, cacheWrite: 0)))
        var meter = Meter()
        for event in events { meter.observe(event) }
        #expect(meter.usage == Usage(input: 125, output: 15, cachedRead: 100, cacheWrite: 0))
        #expect(meter.finish == .stop)
        #expect(meter.isComplete)
        #expect(meter.chunks == 3)
        #expect(decoder.isComplete)
    }

    @Test func anErrorInTheStreamIsAnEventWithItsStatus() throws {
        var decoder = Anthropic.StreamDecoder()
        let events = try decoder.feed(Fixture.bytes("anthropic.broken.stream.sse"))
        #expect(
            events.last
                == .error(UpstreamError(.overloaded, status: 529, message: "Overloaded", code: "overloaded_error"))
        )
        #expect(!decoder.isComplete)
    }

    @Test func nothingFollowsTheEnd() throws {
        var decoder = Anthropic.StreamDecoder()
        #expect(try decoder.feed(Self.event(#"{"type":"message_stop"}"#)) == [.done])
        #expect(try decoder.feed(Self.event(#"{"type":"error","error":{"type":"api_error","message":"x"}}"#)) == [])
    }

    @Test func anEndWithoutABlankLineIsRead() throws {
        var decoder = Anthropic.StreamDecoder()
        #expect(try decoder.feed(Array("data: {\"type\":\"message_stop\"}".utf8)) == [])
        #expect(try decoder.finish() == [.done])
    }

    @Test(arguments: ["<html>", "{\"type\":", "[DONE]"])
    func whatIsNoJSONIsMalformed(data: String) {
        var decoder = Anthropic.StreamDecoder()
        let error = #expect(throws: UpstreamError.self) { try decoder.feed(Self.event(data)) }
        #expect(error?.kind == .malformed)
        #expect(error?.status == 502)
    }

    @Test func blocksThatNeverEndAreBounded() {
        var decoder = Anthropic.StreamDecoder()
        let error = #expect(throws: UpstreamError.self) {
            for index in 0...64 {
                let block = #"{"type":"tool_use","id":"t","name":"f","input":{}}"#
                _ = try decoder.feed(
                    Self.event("{\"type\":\"content_block_start\",\"index\":\(index),\"content_block\":\(block)}")
                )
            }
        }
        #expect(error?.kind == .malformed)
    }

    @Test(
        arguments: [
            #"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
            #"{"type":"content_block_delta"}"#, #"{"type":"content_block_start"}"#, #"{"type":"content_block_stop"}"#,
            #"{"type":"message_delta"}"#, #"{"type":7}"#, "[]", "null", #"{"type":"new"}"#,
        ]
    )
    func eventsWithoutMeaningArePassedOver(data: String) throws {
        var decoder = Anthropic.StreamDecoder()
        #expect(try decoder.feed(Self.event(data)) == [])
    }

    @Test(arguments: ["anthropic.text", "anthropic.parallel", "openai.text", "openai.tools"])
    func damagedStreamsStopNothing(name: String) throws {
        let stream = try Fixture.bytes("\(name).stream.sse")
        var random = SeededGenerator(5)
        for _ in 0..<400 {
            var damaged = stream
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<damaged.count, using: &random)
                damaged[place] = Array("{}[]\",:0\n\\".utf8).randomElement(using: &random)!
            }
            var decoder = Anthropic.StreamDecoder()
            var encoder = OpenAI.StreamEncoder(id: "i", model: "m", created: 0, includeUsage: true)
            var bytes: [UInt8] = []
            for event in (try? decoder.feed(damaged)) ?? [] { bytes += encoder.encode(event) }
            var observer = OpenAI.StreamObserver(includeUsage: true)
            #expect(try observer.feed(bytes).allSatisfy { !$0.raw.isEmpty })
            var passing = OpenAI.StreamObserver(includeUsage: true)
            let passed = try passing.feed(damaged).flatMap(\.raw)
            #expect(damaged.starts(with: passed), "no byte of what has ended is lost, whatever it says")
            if let rest = passing.finish() {
                #expect(passed + rest.raw == damaged + [0x0A, 0x0A], "an end without its blank line gets one")
            }
            let relayed = try? GoldenTests.relay(damaged, from: .openai, to: .anthropic, pieces: 50)
            var reader = Anthropic.StreamObserver()
            #expect(try reader.feed(relayed ?? []).allSatisfy { $0.error == nil })
        }
    }
}
