import Wire

/// How does the form between dialects become a Chat Completions request?
extension OpenAI {
    /// The request for a provider of this dialect.
    /// - Parameters:
    ///   - model: the provider's name for the model.
    ///   - stream: whether the answer shall come in pieces; the usage is asked for then, since the meter needs it.
    /// - Throws: the field that cannot be expressed. What merely loses effect is named by `omissions(in:)` instead.
    package static func requestBody(_ chat: Chat, model: String, stream: Bool) throws(RequestError) -> [UInt8] {
        try refuseInexpressible(chat)
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.member("model", model)
        try writeMessages(chat, to: &writer)
        if let most = chat.maxTokens { writer.member("max_completion_tokens", most) }
        writeSampling(chat, to: &writer)
        writeTools(chat, to: &writer)
        writeForm(chat, to: &writer)
        if let user = chat.user { writer.member("user", user) }
        for extra in chat.extras where extra.isOpenAIs && shared.contains(extra.name) {
            writer.key(extra.name)
            writer.value(extra.value)
        }
        if stream {
            writer.member("stream", true)
            writer.member("stream_options", raw: Array(#"{"include_usage":true}"#.utf8))
        }
        writer.endObject()
        return writer.bytes
    }

    /// How freely the model chooses its words, which both of OpenAI's APIs say alike.
    static func writeRandomness(_ chat: Chat, to writer: inout JSONWriter) {
        for (name, value) in [("temperature", chat.temperature), ("top_p", chat.topP)] {
            guard let value else { continue }
            writer.key(name)
            writer.number(value)
        }
    }

    private static func writeSampling(_ chat: Chat, to writer: inout JSONWriter) {
        writeRandomness(chat, to: &writer)
        for extra in chat.extras where carried.contains(extra.name) {
            guard case .number(let text) = extra.value else { continue }
            writer.key(extra.name)
            writer.number(text)
        }
        guard !chat.stop.isEmpty else { return }
        writer.key("stop")
        writer.beginArray()
        for text in chat.stop { writer.string(text) }
        writer.endArray()
    }

    private static func writeForm(_ chat: Chat, to writer: inout JSONWriter) {
        // The words for efforts are the same in both dialects.
        if let effort = chat.effort { writer.member("reasoning_effort", effort) }
        guard let format = chat.responseFormat else { return }
        writer.key("response_format")
        writer.beginObject()
        switch format {
        case .text: writer.member("type", "text")
        case .jsonObject: writer.member("type", "json_object")
        case .jsonSchema(let name, let schema):
            writer.member("type", "json_schema")
            writer.key("json_schema")
            writer.beginObject()
            writer.member("name", name ?? schemaName)
            // Others' schemas are always followed to the letter, ours must say so where that is possible.
            writer.member("strict", chat.isFormStrict ?? schema.map(canBeStrict) ?? true)
            if let schema { writer.member("schema", raw: schema) }
            writer.endObject()
        }
        writer.endObject()
    }

    /// What a schema is called that has no name in its client's dialect, and must have one here.
    static let schemaName = "answer"

    // MARK: Tools

    private static func writeTools(_ chat: Chat, to writer: inout JSONWriter) {
        guard !chat.tools.isEmpty else { return }
        writer.key("tools")
        writer.beginArray()
        for tool in chat.tools { write(tool, to: &writer) }
        writer.endArray()
        if let choice = chat.toolChoice { write(choice, to: &writer) }
        if let allowed = chat.allowsParallelTools { writer.member("parallel_tool_calls", allowed) }
    }

    private static func write(_ tool: Chat.Tool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "function")
        writer.key("function")
        writer.beginObject()
        writer.member("name", tool.name)
        if let description = tool.description { writer.member("description", description) }
        if let parameters = tool.parameters { writer.member("parameters", raw: parameters) }
        if let strict = tool.strict { writer.member("strict", strict) }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ choice: Chat.ToolChoice, to writer: inout JSONWriter) {
        switch choice {
        case .auto: writer.member("tool_choice", "auto")
        case .none: writer.member("tool_choice", "none")
        case .required: writer.member("tool_choice", "required")
        case .tool(let name):
            writer.key("tool_choice")
            writer.beginObject()
            writer.member("type", "function")
            writer.key("function")
            writer.beginObject()
            writer.member("name", name)
            writer.endObject()
            writer.endObject()
        }
    }
}
