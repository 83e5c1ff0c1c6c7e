/// A request that is too long for one member goes to one that takes more, and counts against nobody.
import NetTypes
import Testing

@testable import Inference

@Suite struct ContextLengthTests {
    private static let openAI =
        #"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#
    private static let anthropic =
        #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#

    /// What the models of `big` and `small` take; nil: nobody says.
    private func world(_ contexts: (UInt64?, UInt64?), isStreamed: Bool = false) throws -> ExchangeWorld {
        var snapshot = Stage.snapshot()
        for (index, context) in [contexts.0, contexts.1].enumerated() {
            snapshot.deployments[index].facts = context.map { ModelFacts(context: $0) }
        }
        let world = try ExchangeWorld(snapshot)
        try world.feed(Stage.request(Stage.body(isStreamed: isStreamed)))
        return world
    }

    private func refuse(_ world: ExchangeWorld, _ words: String) throws {
        try world.connect()
        try world.answer(UpstreamHead(status: 400, contentType: "application/json"))
        try world.send(Answer.bytes(words))
        try world.endUpstream()
    }

    @Test(
        arguments: [
            (8192, 200_000, true, "it takes more"),
            (8192, 8192, false, "it takes as much"),
            (200_000, 8192, false, "it takes less"),
            (8192, nil, false, "nobody says that it takes more"),
            (nil, 200_000, true, "it takes what the request is estimated to have"),
            (nil, 1, false, "it does not take that"),
            (nil, nil, false, "nobody says anything"),
        ] as [(UInt64?, UInt64?, Bool, String)]
    )
    func onlyAMemberThatTakesMoreIsAsked(_ big: UInt64?, _ small: UInt64?, _ isAsked: Bool, _ why: String) throws {
        let world = try world((big, small))
        try refuse(world, Self.openAI)
        #expect(world.signals.isEmpty && world.alarms.isEmpty, "it is the request's length, and nobody's failure")
        guard isAsked else {
            #expect(world.head?.status == 400 && world.text == Self.openAI, "\(why): the provider's own words")
            #expect(world.record?.attempts.map(\.failure) == [.contextLength])
            return
        }
        try #require(world.orders.count == 2, "\(why)")
        try world.connect()
        try world.answer(Answer.plainHead)
        try world.send(Answer.message)
        try world.endUpstream()
        #expect(world.head?.status == 200)
        #expect(world.record?.attempts.map(\.failure) == [.contextLength, nil])
        #expect(world.signals == ["chat.small - success"])
    }

    @Test func theNameOfTheErrorIsKeptAcrossDialects() throws {
        let world = try world((8192, 200_000))
        try refuse(world, Self.openAI)
        try refuse(world, Self.anthropic)
        #expect(world.head?.status == 400)
        #expect(world.text.contains(#""code":"context_length_exceeded""#) && world.text.contains("prompt is too long"))
        #expect(world.head?.headers.contains { $0.name == "x-should-retry" } == false)
        #expect(world.record?.attempts.map(\.failure) == [.contextLength, .contextLength])
        #expect(world.signals.isEmpty)
    }

    @Test func aStreamThatBeginsWithItGoesOnToo() throws {
        let world = try world((8192, 200_000), isStreamed: true)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.event(Self.openAI))
        try #require(world.orders.count == 2)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.messageStream)
        #expect(world.text.hasSuffix("data: [DONE]\n\n") && world.signals == ["chat.small - success"])
    }

    @Test(
        arguments: [
            (.openai, Self.openAI), (.anthropic, Self.anthropic),
            // As vLLM and llama.cpp's server have it.
            (
                .openai,
                #"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens","type":"BadRequestError","param":null,"code":400}"#
            ),
            (
                .openai,
                #"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#
            ),
            (
                .anthropic,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"}}"#
            ),
        ] as [(Dialect, String)]
    )
    func itIsKnownByWhateverNameItHas(_ dialect: Dialect, _ body: String) {
        let error = dialect.error(status: 400, body: Array(body.utf8))
        #expect(error.kind == .contextLength && error.clientStatus == 400)
        #expect(ClientError(error).code == "context_length_exceeded")
    }

    @Test(arguments: [
        #"{"error":{"message":"Invalid value: 'context'","type":"invalid_request_error","code":"invalid_value"}}"#,
        #"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"}}"#,
    ])
    func otherMistakesAreNotTakenForIt(_ body: String) {
        for dialect in [Dialect.openai, .anthropic] {
            #expect(dialect.error(status: 400, body: Array(body.utf8)).kind == .invalidRequest)
        }
    }
}
