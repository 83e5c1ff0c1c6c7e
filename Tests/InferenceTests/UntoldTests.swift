import Testing
import Wire

@testable import Inference

/// Which names does a client or an operator read of fields that were lost? As many as are bounded, in letters that may stand in a head.
struct UntoldTests {
    private static let told = Told.object(
        ["id", "call"],
        [
            Told.Member("proof", .beside("call")), Told.Member("text", .types([Told.Kind("a", ["b"])])),
            Told.Member("end", .words(["stop"])),
        ]
    )

    private static func names(_ json: String) throws -> [String] {
        var untold = Untold()
        untold.look(at: try JSONDocument(Array(json.utf8)).root, told)
        return untold.names
    }

    @Test(arguments: [
        (#"{"id":{"a":1},"call":1,"proof":"p"}"#, []),
        (#"{"proof":"p"}"#, ["proof"]),
        (#"{"odd":null,"none":[],"zero":{"n":0.0},"off":false,"blank":""}"#, []),
        (#"{"odd":1,"text":[{"type":"a","c":1},{"type":"a","c":2}]}"#, ["odd", "text.c"]),
        (#"{"text":[{"type":"z","b":1},{"b":1}]}"#, ["text.z", "text.type"]),
        (#"{"end":"stop"}"#, []), (#"{"end":"s\u0074op"}"#, []), (#"{"end":""}"#, []), (#"{"end":null}"#, []),
        (#"{"end":"eos"}"#, ["end.eos"]), (#"{"end":"bad word"}"#, ["end.?"]),
        (#"{"a\r\nb: c":1}"#, ["?"]), (#"{"text":{"type":"a","\u00e4":1}}"#, ["text.?"]),
    ])
    func whatIsNotToldIsNamedOnce(json: String, names: [String]) throws {
        #expect(try Self.names(json) == names)
    }

    private static func some(_ count: Int) -> [String] { (0..<count).map { "f\($0)" } }

    private static func object(_ names: [String]) -> String {
        "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
    }

    @Test func namesAreBoundedAndMoreOfThemIsSaid() throws {
        #expect(try Self.names(Self.object(Self.some(16))) == Self.some(16))
        #expect(try Self.names(Self.object(Self.some(17))) == Self.some(16) + ["..."])
        #expect(LostNames(Self.some(100) + ["f0"]).names == Self.some(16) + ["..."])
        #expect(LostNames(Self.some(16) + ["f0"]).names == Self.some(16))
        #expect(LostNames(["a", "...", "b"]).names == ["a", "..."])
        #expect(LostNames([String]()).names.isEmpty)
    }

    @Test(arguments: [
        ("messages.name", "messages.name"), ("tools[2].x-y", "tools[2].x-y"), ("a.b\nc.d", "a.?.d"), ("a.b,c", "a.?"),
        ("a.b c", "a.?"), ("ä", "?"), ("\r\n", "?"), ("", ""),
        (String(repeating: "x", count: 80), String(repeating: "x", count: 80)),
        (String(repeating: "x", count: 81), "?"), ("a." + String(repeating: "x", count: 80), "a.?"),
    ])
    func aNameIsOfLettersThatMayStandInAHead(path: String, told: String) {
        #expect(LostNames([path]).names == [told])
    }

    /// Whoever sends any number of fields gets as many of them named, and is refused for one that shades the answer wherever it stands.
    @Test func fieldsOfARequestAreBounded() {
        var noted: [Omission] = []
        for name in Self.some(100_000) { noted.note(.hint(name)) }
        #expect(noted.count == 33 && noted.last == .hint("..."))
        noted.note(.hint("f5"))
        for name in ["w", "w", "v"] { noted.note(.wish(name)) }
        noted.note(.hint("g"))
        #expect(noted.count == 34 && noted.filter(\.isWish) == [.wish("w")])
    }
}

/// Is a client told the name of a field as it wrote it?
struct FieldNameTests {
    @Test(arguments: [
        (ClientDialect.anthropic, "parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
        (.anthropic, "response_format.json_schema.schema", "output_config.format.schema"),
        (.anthropic, "stop", "stop_sequences"), (.anthropic, "stop_sequences", "stop_sequences"),
        (.anthropic, "user", "metadata.user_id"), (.anthropic, "user_profile_id", "user_profile_id"),
        (.anthropic, "messages[2].content", "messages[2].content"),
        (.gemini, "messages[2].content", "contents[2].parts"),
        (.gemini, "messages[1]", "contents[1]"), (.gemini, "messages[1].tool_calls", "contents[1].parts.functionCall"),
        (.gemini, "thinking.display", "generationConfig.thinkingConfig.includeThoughts"),
        (.gemini, "thinking", "generationConfig.thinkingConfig.thinkingBudget"),
        (.ollama, "top_p", "options.top_p"), (.ollama, "messages[3].content", "messages[3].images"),
        (.responses, "messages[3].tool_calls", "input[3].arguments"), (.openai, "stop", "stop"),
        (.mistral, "stop", "stop"),
    ])
    func itIsTheClients(client: ClientDialect, field: String, own: String) {
        let names = FieldNames(client)
        #expect(names.named(Omission.wish(field)) == .wish(own))
        let error = names.named(RequestError.inexpressible(field, in: .ollama, "no"))
        #expect(error.param == own && error.message.contains("'\(own)'"))
        // What the client itself named is no word of the form's.
        #expect(names.named(Omission.wish(field).own) == .wish(field))
    }

    private static func said(
        _ client: ClientDialect,
        _ body: String,
        as operation: ModelOperation = .chat,
        to provider: Dialect
    ) throws -> [String] {
        let view = try RequestView(body: Array(body.utf8), dialect: client, operation: operation)
        let chat = try client.chat(from: view)
        return try provider.request(chat, model: "m", stream: false).omissions.map(\.field)
    }

    private static let user = #""model":"m","messages":[{"role":"user","content":"x"}]"#

    @Test func whatTheClientNamedItselfIsNeverRenamed() throws {
        let anthropic = #"{\#(Self.user),"max_tokens":9,"stop":["a"],"user":"u"}"#
        #expect(try Self.said(.anthropic, anthropic, to: .openai) == ["stop", "user"])
        let ollama = #"{\#(Self.user),"temperature":0.5,"options":{"temperature":0.5,"top_p":0.5}}"#
        #expect(
            try Self.said(.ollama, ollama, to: .anthropic) == ["options.temperature", "options.top_p", "temperature"]
        )
        let responses = #"{"model":"m","input":"x","messages":[],"response_format":{"type":"x"}}"#
        #expect(try Self.said(.responses, responses, to: .anthropic) == ["messages", "response_format"])
    }

    @Test func anErrorSaysWhereTheClientHasIt() throws {
        let bad = #"{"type":"function_call","call_id":"b","name":"f","arguments":"no"}"#
        let good = #"{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}"#
        let calls = #"{"model":"m","input":[{"role":"user","content":"x"},\#(good),\#(bad)]}"#
        for provider in [Dialect.anthropic, .gemini, .ollama] {
            let error = #expect(throws: RequestError.self) { try Self.said(.responses, calls, to: provider) }
            #expect(error?.param == "input[2].arguments", "\(provider)")
        }
        let empty = #"{"model":"m","prompt":""}"#
        let error = #expect(throws: RequestError.self) { try Self.said(.ollama, empty, as: .generate, to: .anthropic) }
        #expect(error?.param == "prompt")
    }
}
