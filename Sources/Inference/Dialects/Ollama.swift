import Wire

/// How does a request look in Ollama's own API (`docs/api.md` of the server, `/api/chat`)?
package enum Ollama {
    /// The request of a client of another dialect.
    /// - Parameters:
    ///   - model: the provider's name for the model.
    ///   - stream: whether the answer shall come in pieces.
    /// - Throws: the field that cannot be expressed. What merely loses effect is named by `omissions(in:)` instead.
    package static func requestBody(_ chat: Chat, model: String, stream: Bool) throws(RequestError) -> [UInt8] {
        try refuseInexpressible(chat)
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.member("model", model)
        try writeMessages(chat, to: &writer)
        writeTools(chat, to: &writer)
        writeForm(chat, to: &writer)
        writeOptions(chat, to: &writer)
        // The server streams where nothing is said.
        writer.member("stream", stream)
        writer.endObject()
        return writer.bytes
    }

    // MARK: Tools

    /// What a function without parameters takes.
    private static let noParameters = Array(#"{"type":"object","properties":{}}"#.utf8)

    /// There is no choice among tools here: those that may not be called are not offered.
    private static func writeTools(_ chat: Chat, to writer: inout JSONWriter) {
        guard !chat.tools.isEmpty, chat.toolChoice != Chat.ToolChoice.none else { return }
        writer.key("tools")
        writer.beginArray()
        for tool in chat.tools {
            writer.beginObject()
            writer.member("type", "function")
            writer.key("function")
            writer.beginObject()
            writer.member("name", tool.name)
            if let description = tool.description { writer.member("description", description) }
            writer.member("parameters", raw: tool.parameters ?? noParameters)
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }

    // MARK: Form and options

    /// The efforts that `think` has words for; besides them it may be true or false.
    static let thinkWords = ["low", "medium", "high"]

    private static func writeForm(_ chat: Chat, to writer: inout JSONWriter) {
        switch chat.responseFormat {
        case .text, nil: break
        case .jsonObject, .jsonSchema(_, nil): writer.member("format", "json")
        case .jsonSchema(_, let schema?): writer.member("format", raw: schema)
        }
        if chat.effort == "none" || chat.thinking == .off {
            writer.member("think", false)
        } else if let effort = chat.effort, thinkWords.contains(effort) {
            writer.member("think", effort)
        } else if chat.thinking != nil || chat.showsThoughts {
            writer.member("think", true)
        }
    }

    /// Options that other dialects have by the same name, as outermost fields.
    static let sharedOptions = ["frequency_penalty", "presence_penalty", "seed", "top_k"]

    private static func writeOptions(_ chat: Chat, to writer: inout JSONWriter) {
        var options: [(name: String, number: String)] = []
        if let most = chat.maxTokens { options.append(("num_predict", "\(most)")) }
        if let temperature = chat.temperature { options.append(("temperature", temperature)) }
        if let topP = chat.topP { options.append(("top_p", topP)) }
        for extra in chat.extras where sharedOptions.contains(extra.name) {
            if case .number(let text) = extra.value { options.append((extra.name, text)) }
        }
        guard !options.isEmpty || !chat.stop.isEmpty else { return }
        writer.key("options")
        writer.beginObject()
        for option in options {
            writer.key(option.name)
            writer.number(option.number)
        }
        if !chat.stop.isEmpty {
            writer.key("stop")
            writer.beginArray()
            for text in chat.stop { writer.string(text) }
            writer.endArray()
        }
        writer.endObject()
    }
}
