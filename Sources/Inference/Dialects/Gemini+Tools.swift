import Wire

/// How are tools offered, and the choice among them told, in Gemini's API?
extension Gemini {
    static func writeTools(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        guard !chat.tools.isEmpty else {
            switch chat.toolChoice {
            case .required, .tool: throw .wrongValue("tool_choice", wanted: "'auto' or 'none' when no tools are given")
            case .auto, .some(.none), nil: return
            }
        }
        writer.key("tools")
        writer.beginArray()
        writer.beginObject()
        writer.key("functionDeclarations")
        writer.beginArray()
        for tool in chat.tools { write(tool, to: &writer) }
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writeChoice(chat, to: &writer)
    }

    private static func write(_ tool: Chat.Tool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", tool.name)
        // The API asks for one.
        writer.member("description", tool.description ?? "")
        if let parameters = tool.parameters { writer.member("parametersJsonSchema", raw: parameters) }
        writer.endObject()
    }

    /// Whoever must call keeps to the schemas anyway; whoever may call does so where one of the tools asks for it.
    private static func writeChoice(_ chat: Chat, to writer: inout JSONWriter) {
        let isStrict = chat.tools.contains { $0.strict == true }
        guard let choice = chat.toolChoice ?? (isStrict ? .auto : nil) else { return }
        writer.key("toolConfig")
        writer.beginObject()
        writer.key("functionCallingConfig")
        writer.beginObject()
        switch choice {
        case .auto: writer.member("mode", isStrict ? "VALIDATED" : "AUTO")
        case .none: writer.member("mode", "NONE")
        case .required: writer.member("mode", "ANY")
        case .tool(let name):
            writer.member("mode", "ANY")
            writer.key("allowedFunctionNames")
            writer.beginArray()
            writer.string(name)
            writer.endArray()
        }
        writer.endObject()
        writer.endObject()
    }
}
