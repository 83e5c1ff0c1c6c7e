import Testing
import Wire

@testable import Inference

/// What does a passing stream tell, block by block, and what does ours look like at its edges?
struct OpenAIStreamTests {
    private static func observe(_ data: String, includeUsage: Bool = false) throws -> Observed {
        var observer = OpenAI.StreamObserver(includeUsage: includeUsage)
        return try #require(try observer.feed(Array("data: \(data)\n\n".utf8)).first)
    }

    @Test(
        "meaning",
        arguments: [
            (
                #"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#, false,
                "the role only"
            ),
            (#"{"choices":[{"delta":{"role":"assistant","content":null,"refusal":null}}]}"#, false, "nulls"),
            (#"{"choices":[{"delta":{"content":"x"}}]}"#, true, "text"),
            (#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, true, "a tool call"),
            (#"{"choices":[{"delta":{"tool_calls":[]}}]}"#, false, "no tool call"),
            (#"{"choices":[{"delta":{"reasoning_content":"x"}}]}"#, true, "thinking aloud"),
            (#"{"choices":[{"delta":{"refusal":"no"}}]}"#, true, "a refusal"),
            (#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, true, "an empty answer is one"),
            (#"{"choices":[],"prompt_filter_results":[]}"#, false, "what Azure sends first"),
            ("not JSON", true, "not ours to judge"),
            ("[DONE]", true, "the end"),
        ]
    )
    func theContentCommitIsRecognised(data: String, isMeaningful: Bool, why: String) throws {
        let observed = try Self.observe(data)
        #expect(observed.isMeaningful == isMeaningful, "\(why)")
        #expect(observed.isForwarded)
        #expect(observed.error == nil)
    }

    @Test func onlyTheUsageThatTheClientDidNotAskForIsHeldBack() throws {
        let usage = #""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#
        let alone = "{\"choices\":[],\(usage)}"
        #expect(try !Self.observe(alone).isForwarded)
        #expect(try Self.observe(alone, includeUsage: true).isForwarded)
        #expect(try Self.observe(alone).usage == Usage(input: 3, output: 4))
        let beside = "{\"choices\":[{\"delta\":{\"content\":\"x\"}}],\(usage)}"
        #expect(try Self.observe(beside).isForwarded, "it carries text besides")
        #expect(try Self.observe(#"{"choices":[],"usage":null}"#).isForwarded, "it reports nothing")
    }

    @Test(
        "errors",
        arguments: [
            (#"{"error":{"message":"m","type":"server_error","code":null}}"#, .server, 500),
            (
                #"{"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
                .contextLength, 400
            ),
            (#"{"error":{"message":"m","type":"x","code":"rate_limit_exceeded"}}"#, .rateLimited, 429),
            (#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#, .quota, 429),
            (#"{"error":{"message":"m","code":503}}"#, .overloaded, 503),
            (#"{"object":"error","message":"m","type":"BadRequestError","code":400}"#, .invalidRequest, 400),
            (#"{"error":"m"}"#, .server, 500),
        ] as [(String, UpstreamError.Kind, Int)]
    )
    func anErrorInsideAStreamIsSeenAndHeldBack(data: String, kind: UpstreamError.Kind, status: Int) throws {
        let observed = try Self.observe(data)
        #expect(observed.error?.kind == kind)
        #expect(observed.error?.status == status)
        #expect(observed.error?.message == "m")
        #expect(!observed.isForwarded)
        #expect(!observed.isMeaningful)
    }

    @Test func theMeterAddsUpAPassingStream() throws {
        var observer = OpenAI.StreamObserver(includeUsage: false)
        var meter = Meter()
        for observed in try observer.feed(Fixture.bytes("openai.text.stream.sse")) { meter.observe(observed) }
        #expect(meter.usage == Usage(input: 19, output: 10, cachedRead: 4, reasoning: 3))
        #expect(meter.finish == .stop)
        #expect(meter.isComplete)
        #expect(meter.chunks == 3)
        #expect(observer.isComplete)
    }

    @Test func aWholeAnswerTellsTheSame() throws {
        let body = try Fixture.bytes("openai.text.answer.json")
        let observed = OpenAI.observed(answer: body)
        var usage = Usage(input: 19, output: 10, cachedRead: 4, reasoning: 3, service: .standard)
        usage.audioInput = 0
        #expect(observed.usage == usage)
        #expect(observed.finish == .stop)
        #expect(observed.isDone && observed.isMeaningful)
        #expect(Array(observed.raw) == body)
        #expect(OpenAI.observed(answer: Array("<html>".utf8)).error?.kind == .malformed)
        #expect(OpenAI.observed(answer: Array(#"{"error":{"message":"m"}}"#.utf8)).error?.kind == .server)
    }

    @Test func afterAnErrorNothingIsWritten() {
        var encoder = OpenAI.StreamEncoder(id: "i", model: "m", created: 1, includeUsage: true)
        #expect(encoder.encode(.error(.malformed("x"))).isEmpty, "what is told of it is the exchange's to say")
        #expect(encoder.encode(.text("x")).isEmpty)
        #expect(encoder.encode(.done).isEmpty)
    }

    @Test func usageThatWasNotReportedIsNotWrittenAsZero() {
        var encoder = OpenAI.StreamEncoder(id: "i", model: "m", created: 1, includeUsage: true)
        _ = encoder.encode(.text("x"))
        _ = encoder.encode(.usage(Usage(output: 3)))
        #expect(String(decoding: encoder.encode(.done), as: UTF8.self) == "data: [DONE]\n\n")
        let answer = OpenAI.answer(ChatAnswer(id: "a", model: "m"), id: "i", model: "m", created: 1)
        #expect(!String(decoding: answer, as: UTF8.self).contains("usage"))
    }

    @Test func theRoleComesFirstWhateverHappensFirst() throws {
        for event in [
            ChatEvent.text("x"), .toolCallStart(index: 0, id: "c", name: "f"), .finish(.stop), .reasoning("r"),
        ] {
            var encoder = OpenAI.StreamEncoder(id: "i", model: "m", created: 1, includeUsage: false)
            var reader = EventStreamReader()
            let chunks = try reader.feed(encoder.encode(event))
            #expect(chunks.count == 2)
            let delta = try JSONDocument(#require(chunks.first?.data))["choices"]?.elements.first { _ in true }?[
                "delta"
            ]
            #expect(delta?["role"]?.string == "assistant")
        }
    }
}
