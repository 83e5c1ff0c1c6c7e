/// What does a client of Gemini's API get that asks a provider of another dialect: as events, as one array, and when it breaks?
import PolicyEngine
import Testing
import Wire

@testable import Inference

@Suite struct GeminiClientTests {
    private func world(_ form: RequestAddress.Form, operation: ModelOperation = .chat, _ body: String) throws
        -> ExchangeWorld
    {
        let world = try ExchangeWorld()
        var request = ClientRequest(
            dialect: .gemini,
            operation: operation,
            body: Array(body.utf8),
            key: "ci",
            team: nil,
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        request.address = RequestAddress(model: "chat.big", form: form)
        try world.feed(.request(request))
        return world
    }

    private static let question = #"{"contents":[{"role":"user","parts":[{"text":"x"}]}]}"#

    private func type(_ world: ExchangeWorld) -> String? {
        world.head?.headers.first { $0.name == "content-type" }?.value
    }

    @Test(arguments: [RequestAddress.Form.events, .array])
    func aStreamHasTheFormThatWasAskedFor(_ form: RequestAddress.Form) throws {
        let world = try world(form, Self.question)
        try world.connect()
        #expect(world.sent.last?.path == "/v1/chat/completions", "the provider's own stream")
        try world.answer(Answer.streamHead)
        try world.send(Answer.word + Answer.stop + Answer.done)
        #expect(type(world) == (form == .array ? "application/json" : "text/event-stream"))
        #expect(world.record?.outcome == .answered && world.record?.requestedModel == "chat.big")
        guard form == .array else { return #expect(world.text.hasPrefix("data: {\"candidates\"")) }
        let pieces = try JSONDocument(world.body).root.elements.map { $0 }
        #expect(pieces.last?["candidates"]?.elements.first { _ in true }?["finishReason"]?.string == "STOP")
    }

    @Test(arguments: [false, true])
    func anArrayThatBreaksOffEndsWithAnErrorAndIsOneStill(_ isBroken: Bool) throws {
        let world = try world(.array, Self.question)
        try world.connect()
        try world.answer(Answer.streamHead)
        try world.send(Answer.word)
        if isBroken { try world.breakUpstream(.reset) } else { try world.endUpstream() }
        let pieces = try JSONDocument(world.body).root.elements.map { $0 }
        #expect(pieces.count == 2 && pieces.last?["error"]?["status"]?.string == "INTERNAL", "\(world.text)")
        #expect(world.record?.outcome == .brokenOff)
    }

    @Test func anErrorBeforeTheFirstPieceIsAPlainOne() throws {
        let world = try world(.array, #"{"contents":"x"}"#)
        #expect(world.head?.status == 400)
        let error = try JSONDocument(world.body)["error"]
        #expect(error?["status"]?.string == "INVALID_ARGUMENT" && error?["code"]?.unsigned == 400)
        #expect(error?["details"]?.elements.first { _ in true }?["metadata"]?["field"]?.string == "contents")
    }

    @Test func embeddingsOfAnotherDialectComeBackInItsOwn() throws {
        let world = try world(.batch, operation: .embeddings, #"{"requests":[{"content":{"parts":[{"text":"a"}]}}]}"#)
        try world.connect()
        #expect(world.sent.last?.path == "/v1/embeddings")
        try world.answer(Answer.plainHead)
        try world.send(Answer.bytes(#"{"data":[{"embedding":[0.5,1],"index":0}],"usage":{"prompt_tokens":3}}"#))
        try world.endUpstream()
        #expect(world.text == #"{"embeddings":[{"values":[0.5,1]}],"usageMetadata":{"promptTokenCount":3}}"#)
        #expect(world.record?.usage.input == 3 && world.record?.outcome == .answered)
    }
}
