import Wire

/// How are tools offered, and the choice among them told, in the Messages API?
extension Anthropic {
    static func writeTools(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        guard !chat.tools.isEmpty else {
            switch chat.toolChoice {
            case .required, .tool: throw .wrongValue("tool_choice", wanted: "'auto' or 'none' when no tools are given")
            case .auto, .some(.none), nil: return
            }
        }
        writer.key("tools")
        writer.beginArray()
        for tool in chat.tools { write(tool, to: &writer) }
        writer.endArray()
        writeChoice(chat, to: &writer)
    }

    /// What a function without parameters takes.
    private static let noParameters = Array(#"{"type":"object","properties":{}}"#.utf8)

    private static func write(_ tool: Chat.Tool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", tool.name)
        if let description = tool.description { writer.member("description", description) }
        writer.member("input_schema", raw: tool.parameters ?? noParameters)
        if tool.strict == true { writer.member("strict", true) }
        writer.endObject()
    }

    /// One call at a time is said inside the choice here, so it may need one of its own.
    private static func writeChoice(_ chat: Chat, to writer: inout JSONWriter) {
        let isOneAtATime = chat.allowsParallelTools == false
        guard let choice = chat.toolChoice ?? (isOneAtATime ? .auto : nil) else { return }
        writer.key("tool_choice")
        writer.beginObject()
        switch choice {
        case .auto: writer.member("type", "auto")
        case .none: writer.member("type", "none")
        case .required: writer.member("type", "any")
        case .tool(let name):
            writer.member("type", "tool")
            writer.member("name", name)
        }
        if isOneAtATime, choice != .none { writer.member("disable_parallel_tool_use", true) }
        writer.endObject()
    }
}
