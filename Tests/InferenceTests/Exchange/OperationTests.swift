/// Embeddings, old completions and token counts: where they go, what is patched, and who is passed over.
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct OperationTests {
    private func ask(
        _ operation: ModelOperation,
        _ dialect: ClientDialect,
        _ body: String,
        _ world: ExchangeWorld
    ) throws {
        try world.feed(
            .request(
                ClientRequest(
                    dialect: dialect,
                    operation: operation,
                    body: Array(body.utf8),
                    key: "ci",
                    team: nil,
                    source: nil,
                    unixMicroseconds: 1_790_000_000_000_000,
                    draw: 0
                )
            )
        )
    }

    @Test(arguments: [
        (ModelOperation.embeddings, ClientDialect.openai, #"{"model":"chat","input":"x","odd":1}"#, "/v1/embeddings"),
        (.embeddings, .openai, #"{"input":["x","y"],"model":"chat"}"#, "/v1/embeddings"),
        (.completion, .openai, #"{"model":"chat","prompt":"x"}"#, "/v1/completions"),
        (.countTokens, .anthropic, #"{"model":"chat","messages":[]}"#, "/v1/messages/count_tokens"),
    ]) func eachGoesToItsPathAndOnlyTheModelsNameIsChanged(
        _ operation: ModelOperation,
        _ dialect: ClientDialect,
        _ body: String,
        _ path: String
    ) throws {
        let world = try ExchangeWorld()
        try ask(operation, dialect, body, world)
        try world.connect()
        let sent = try #require(world.sent.last)
        let model = dialect == .openai ? Stage.bigModel : Stage.smallModel
        #expect(sent.path == path)
        #expect(String(decoding: sent.body, as: UTF8.self) == body.replacing("\"chat\"", with: "\"\(model)\""))
    }

    @Test func anAnswerPassesAsItIsAndItsUsageIsCounted() throws {
        let world = try ExchangeWorld()
        try ask(.embeddings, .openai, #"{"model":"chat","input":"x"}"#, world)
        try world.connect()
        try world.answer(Answer.plainHead)
        let answer =
            #"{"object":"list","data":[{"embedding":"AAAA","index":0}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#
        try world.send(Answer.bytes(answer))
        try world.endUpstream()
        #expect(world.text == answer && world.head?.status == 200)
        let record = try #require(world.record)
        #expect(record.operation == .embeddings && record.usage.input == 3 && record.outcome == .answered)
    }

    @Test func theFirstTextOfACompletionIsItsContent() throws {
        let world = try ExchangeWorld()
        try ask(.completion, .openai, #"{"model":"chat","prompt":"x","stream":true}"#, world)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.event(#"{"choices":[{"text":"","index":0,"finish_reason":null}]}"#))
        #expect(world.exchange.nextDeadline != nil && world.text.isEmpty, "another provider may still step in")
        try world.send(Answer.event(#"{"choices":[{"text":"hi","index":0,"finish_reason":null}]}"#))
        #expect(world.text.contains("hi"))
        try world.send(Answer.event(#"{"choices":[{"text":"","index":0,"finish_reason":"stop"}]}"#))
        try world.send(Answer.done)
        #expect(world.record?.outcome == .answered)
    }

    @Test(arguments: [
        (ModelOperation.embeddings, ClientDialect.openai, #"{"model":"chat.small","input":"x"}"#),
        (.completion, .openai, #"{"model":"chat.small","prompt":"x"}"#),
        (.countTokens, .anthropic, #"{"model":"chat.big","messages":[]}"#),
    ]) func aProviderOfTheOtherDialectIsRefusedInWords(
        _ operation: ModelOperation,
        _ dialect: ClientDialect,
        _ body: String
    ) throws {
        let world = try ExchangeWorld()
        try ask(operation, dialect, body, world)
        #expect(world.head?.status == 400 && world.text.contains("dialect") && world.orders.isEmpty)
        #expect(world.record?.attempts.map(\.failure) == [.notCarried])
    }

    @Test func whoIsSaidNotToDoItIsPassedOver() throws {
        var snapshot = Stage.snapshot()
        snapshot.deployments[0].facts = ModelFacts(capabilities: [.chat, .tools])
        let world = try ExchangeWorld(snapshot)
        try ask(.embeddings, .openai, #"{"model":"chat","input":"x"}"#, world)
        #expect(world.head?.status == 400 && world.orders.isEmpty)
        snapshot.deployments[0].facts = ModelFacts(capabilities: [.embeddings])
        let able = try ExchangeWorld(snapshot)
        try ask(.embeddings, .openai, #"{"model":"chat","input":"x"}"#, able)
        #expect(able.orders.count == 1)
    }

    @Test(arguments: [
        (ModelOperation.embeddings, #"{"model":"m"}"#, "input"), (.embeddings, #"{"model":"m","input":7}"#, "input"),
        (.embeddings, #"{"input":"x"}"#, "model"), (.completion, #"{"model":"m","prompt":null}"#, "prompt"),
        (.completion, #"{"model":"m","prompt":{}}"#, "prompt"),
        (.countTokens, #"{"model":"m","messages":"x"}"#, "messages"),
    ]) func whatIsMissingOrWrongIsNamed(_ operation: ModelOperation, _ body: String, _ field: String) {
        let error = #expect(throws: RequestError.self) { try RequestView(body: Array(body.utf8), operation: operation) }
        #expect(error?.param == field)
    }
}
