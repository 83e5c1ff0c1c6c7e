/// What would be known of a request that nobody has sent? For explanations: the request is written as a client would, and looked at
/// as the gateway looks at it.
package import NetTypes
package import PolicyEngine
import Wire

package struct RequestSketch: Sendable {
    package var prompt: String
    package var model: String
    package var key: String?
    package var team: String?
    package var tags: [String] = []
    package var isStreamed = false
    package var hasTools = false
    package var wantsSchema = false
    package var hasImage = false
    package var hasAudio = false
    package var hasFile = false
    package var wantsThinking = false
    package var maxTokens: UInt64?
    package var user: String?
    package var source: IPAddress?
    package var headers: [FactValue.Field] = []
    package var secondOfDay: Int64?

    package init(prompt: String, model: String) {
        self.prompt = prompt
        self.model = model
    }

    /// - Throws: when no client could send it: a model without a name.
    package func facts() throws(RequestError) -> RequestFacts {
        var client = ClientRequest(
            body: body,
            key: key ?? "",
            team: team,
            source: source,
            unixMicroseconds: 0,
            draw: 0
        )
        (client.tags, client.headers, client.secondOfDay) = (tags, headers, secondOfDay)
        var facts = RequestFacts(try RequestView(body: client.body), client)
        facts.key = key
        return facts
    }

    private var body: [UInt8] {
        var writer = JSONWriter(capacity: prompt.utf8.count + 256)
        writer.beginObject()
        writer.member("model", model)
        if isStreamed { writer.member("stream", true) }
        if let maxTokens { writer.member("max_tokens", maxTokens) }
        if wantsThinking { writer.member("reasoning_effort", "medium") }
        if let user { writer.member("user", user) }
        if wantsSchema { writer.member("response_format", raw: Array(#"{"type":"json_schema"}"#.utf8)) }
        if hasTools { writer.member("tools", raw: Array(#"[{"type":"function"}]"#.utf8)) }
        writer.key("messages")
        writer.beginArray()
        writer.beginObject()
        writer.member("role", "user")
        writer.key("content")
        writer.beginArray()
        writer.beginObject()
        writer.member("type", "text")
        writer.member("text", prompt)
        writer.endObject()
        if hasImage { writer.raw(Array(#"{"type":"image_url"}"#.utf8)[...]) }
        if hasAudio { writer.raw(Array(#"{"type":"input_audio"}"#.utf8)[...]) }
        if hasFile { writer.raw(Array(#"{"type":"file"}"#.utf8)[...]) }
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
