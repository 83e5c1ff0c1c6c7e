import Testing
import Wire

@testable import Inference

/// What do clients of all other dialects get of a provider that speaks the Responses API, byte for byte? And do they get the same in pieces?
struct ResponsesUpstreamGoldenTests {
    static let clients: [ClientDialect] = [.openai, .anthropic, .gemini, .ollama]

    private static func view(_ client: ClientDialect, _ name: String) throws -> RequestView {
        try RequestView(
            body: Fixture.bytes("\(client.rawValue).\(name).request.json"),
            dialect: client,
            address: client == .gemini ? RequestAddress(model: "chat") : nil
        )
    }

    private static func terms(_ decision: String) -> AnswerTerms {
        AnswerTerms(decision: decision, model: "chat", created: 1_700_000_000, includeUsage: true)
    }

    // MARK: Requests

    @Test(arguments: [
        (ClientDialect.openai, "parallel"), (.anthropic, "image"), (.anthropic, "schema"), (.anthropic, "thinking"),
        (.gemini, "text"), (.gemini, "tools"), (.gemini, "results"), (.gemini, "image"), (.gemini, "schema"),
        (.gemini, "thinking"), (.ollama, "text"), (.ollama, "tools"), (.ollama, "results"), (.ollama, "image"),
        (.ollama, "schema"), (.ollama, "thinking"),
    ])
    func aRequestIsTranslated(client: ClientDialect, name: String) throws {
        let view = try Self.view(client, name)
        let chat = try client.chat(from: view)
        let (body, omissions) = try Dialect.responses.request(chat, model: "gpt-5", stream: view.stream)
        let again = try Responses.chat(from: RequestView(body: body, dialect: .responses))
        #expect(again.tools.map(\.name) == chat.tools.map(\.name) && again.stream == view.stream)
        let named = omissions.map { ($0.isWish ? "wish " : "hint ") + $0.field + "\n" }.joined()
        try Fixture.expect(
            body + [0x0A] + Array(named.utf8),
            toBe: "\(client.rawValue)_responses.\(name).request.json"
        )
    }

    // MARK: Answers

    private static func provided(_ name: String) throws -> ChatAnswer {
        try Responses.answer(from: Fixture.bytes("responses.\(name).answer.json"))
    }

    @Test(arguments: ["text", "tools", "reasoning", "schema", "length", "blocked", "refusal"], clients)
    func anAnswerIsTranslated(name: String, client: ClientDialect) throws {
        let answer = try Self.provided(name)
        let body = client.answer(answer, Self.terms("m1"))
        try Fixture.expect(body, toBe: "\(client.rawValue)_responses.\(name).answer.json")
        // What it says survives, whatever it is called there.
        let again = try client.provider.answer(from: body, decision: "m1")
        #expect(again.words == answer.words && again.reasoning == answer.reasoning)
        #expect(again.toolCalls.map(\.name) == answer.toolCalls.map(\.name))
        #expect(again.usage.input == answer.usage.input && again.usage.output == answer.usage.output)
    }

    // MARK: Streams

    @Test(arguments: ["text", "parallel", "reasoning", "length", "refusal"], clients)
    func aStreamIsTranslated(name: String, client: ClientDialect) throws {
        let stream = try Fixture.bytes("responses.\(name).stream.sse")
        let relay = { try GoldenTests.relay(stream, from: .responses, to: client, pieces: $0) }
        let whole = try relay(stream.count)
        for size in [1, 2, 7, 64] { #expect(try relay(size) == whole, "pieces of \(size)") }
        let type = client == .ollama ? "ndjson" : "sse"
        try Fixture.expect(whole, toBe: "\(client.rawValue)_responses.\(name).stream.\(type)")
    }

    @Test(arguments: ["text", "parallel", "reasoning", "length", "refusal"])
    func aStreamPassesToItsOwnClientsAsItCame(name: String) throws {
        let stream = try Fixture.bytes("responses.\(name).stream.sse")
        for size in [1, 7, 64, stream.count] {
            #expect(try GoldenTests.relay(stream, from: .responses, to: .responses, pieces: size) == stream)
        }
    }

    // MARK: Errors

    @Test(arguments: [("invalid", 400), ("limited", 429), ("notfound", 404)], clients)
    func anErrorIsToldInTheClientsWords(row: (name: String, status: Int), client: ClientDialect) throws {
        let error = Dialect.responses.error(
            status: row.status,
            body: try Fixture.bytes("responses.\(row.name).error.json")
        )
        let body = client.body(of: ClientError(error), id: "m1")
        _ = try JSONDocument(body)
        try Fixture.expect(body, toBe: "\(client.rawValue)_responses.\(row.name).error.json")
    }

    @Test func whatIsMissingIsTheModelOrTheClientsMistake() throws {
        let error = { (words: String, code: String) in
            let body = #"{"error":{"message":"\#(words)","type":"invalid_request_error","param":null,"code":\#(code)}}"#
            return Dialect.responses.error(status: 404, body: Array(body.utf8)).kind
        }
        #expect(error("Item with id 'rs_1' not found.", "null") == .invalidRequest)
        #expect(
            error("Previous response with id 'resp_1' not found.", #""previous_response_not_found""#) == .invalidRequest
        )
        #expect(error("The model with id 'x' does not exist.", #""model_not_found""#) == .notFound)
        #expect(error("Not found.", "null") == .notFound)
    }
}
