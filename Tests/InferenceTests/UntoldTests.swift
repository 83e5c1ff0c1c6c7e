import Testing
import Wire

@testable import Inference

/// Which names does a client or an operator read of fields that were lost? As many as are bounded, in letters that may stand in a head.
struct UntoldTests {
    private static let told = Told.members([
        ("id", .whole), ("proof", .beside("call")), ("call", .whole),
        ("text", .types([("a", Told.whole("type", "b"))])),
    ])

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
        (#"{"a\r\nb: c":1}"#, ["?"]), (#"{"text":{"type":"a","\u00e4":1}}"#, ["text.?"]),
    ])
    func whatIsNotToldIsNamedOnce(json: String, names: [String]) throws {
        #expect(try Self.names(json) == names)
    }

    @Test func namesAreBounded() throws {
        let json = "{" + (0..<100).map { "\"f\($0)\":1" }.joined(separator: ",") + "}"
        #expect(try Self.names(json).count == 16)
        #expect(try Self.names("{\"\(String(repeating: "x", count: 81))\":1}") == ["?"])
        #expect(Untold.kept([]) == nil)
        #expect(Untold.kept(["a", "b\n", "a"]) == ["a", "?"])
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
        (.gemini, "thinking", "generationConfig.thinkingConfig.includeThoughts"),
        (.ollama, "top_p", "options.top_p"), (.openai, "stop", "stop"), (.mistral, "seed", "random_seed"),
    ])
    func itIsTheClients(client: ClientDialect, field: String, own: String) {
        #expect(client.named(Omission.wish(field)) == .wish(own))
        let error = client.named(RequestError.inexpressible(field, in: .ollama, "no"))
        #expect(error.param == own && error.message.contains("'\(own)'"))
    }
}
