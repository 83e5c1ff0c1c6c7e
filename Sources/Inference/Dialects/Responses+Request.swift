import Wire

/// How does the form between dialects become a request to the Responses API?
extension Responses {
    /// The request for a provider of this dialect. Nothing of it is to be kept there.
    /// - Parameters:
    ///   - model: the provider's name for the model.
    ///   - stream: whether the answer shall come in pieces.
    /// - Throws: the field that cannot be expressed. What merely loses effect is named by `omissions(in:)` instead.
    package static func requestBody(_ chat: Chat, model: String, stream: Bool) throws(RequestError) -> [UInt8] {
        try refuseInexpressible(chat)
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.member("model", model)
        try writeInput(chat, to: &writer)
        if let most = chat.maxTokens { writer.member("max_output_tokens", most) }
        OpenAI.writeRandomness(chat, to: &writer)
        writeTools(chat, to: &writer)
        try writeForm(chat, to: &writer)
        if let effort = chat.effort { writer.member("reasoning", raw: object("effort", effort)) }
        if let user = chat.user { writer.member("user", user) }
        for extra in chat.extras where isShared(extra) && extra.name != "verbosity" {
            writer.key(extra.name)
            writer.value(extra.value)
        }
        writer.member("store", false)
        if stream { writer.member("stream", true) }
        writer.endObject()
        return writer.bytes
    }

    /// What OpenAI's other API has by the same name and meaning.
    static func isShared(_ extra: Chat.Extra) -> Bool { extra.isOpenAIs && OpenAI.shared.contains(extra.name) }

    private static func object(_ name: String, _ text: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        writer.member(name, text)
        writer.endObject()
        return writer.bytes
    }

    // MARK: Form

    private static func writeForm(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        let verbosity = chat.extras.first { isShared($0) && $0.name == "verbosity" }
        guard chat.responseFormat != nil || verbosity != nil else { return }
        writer.key("text")
        writer.beginObject()
        if let format = chat.responseFormat { try write(format, isStrict: chat.isFormStrict, to: &writer) }
        if let verbosity {
            writer.key("verbosity")
            writer.value(verbosity.value)
        }
        writer.endObject()
    }

    private static func write(
        _ format: Chat.ResponseFormat,
        isStrict: Bool?,
        to writer: inout JSONWriter
    ) throws(RequestError) {
        writer.key("format")
        writer.beginObject()
        switch format {
        case .text: writer.member("type", "text")
        case .jsonObject: writer.member("type", "json_object")
        case .jsonSchema(_, nil):
            throw .inexpressible("response_format.json_schema.schema", in: .responses, "it needs a schema")
        case .jsonSchema(let name, let schema?):
            writer.member("type", "json_schema")
            writer.member("name", name ?? OpenAI.schemaName)
            // Others' schemas are always followed to the letter, ours must say so where that is possible.
            writer.member("strict", isStrict ?? OpenAI.canBeStrict(schema))
            writer.member("schema", raw: schema)
        }
        writer.endObject()
    }

    // MARK: Tools

    private static func writeTools(_ chat: Chat, to writer: inout JSONWriter) {
        guard !chat.tools.isEmpty else { return }
        writer.key("tools")
        writer.beginArray()
        for tool in chat.tools {
            writer.beginObject()
            writer.member("type", "function")
            writer.member("name", tool.name)
            if let description = tool.description { writer.member("description", description) }
            writer.key("parameters")
            if let parameters = tool.parameters { writer.raw(parameters[...]) } else { writer.null() }
            // Unsaid, it would be true here, and nowhere else.
            writer.member("strict", tool.strict ?? false)
            writer.endObject()
        }
        writer.endArray()
        if let choice = chat.toolChoice { write(choice, to: &writer) }
        if let allowed = chat.allowsParallelTools { writer.member("parallel_tool_calls", allowed) }
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
            writer.member("name", name)
            writer.endObject()
        }
    }
}
