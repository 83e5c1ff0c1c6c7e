import Wire

/// How are a call's arguments said where they must be an object, and not the text that a model wrote?
extension JSONWriter {
    /// What arguments stand in that are no object, as models write them at times: the name that Anthropic's reference proposes for it.
    private static let brokenInput = "INVALID_JSON"

    /// The arguments as the value of the key that was written last.
    mutating func object(ofArguments call: Chat.ToolUse) {
        let arguments = call.arguments.isEmpty ? Array("{}".utf8) : Array(call.arguments.utf8)
        if let document = try? JSONDocument(arguments, limits: .answer), document.root.kind == .object {
            raw(document.root.raw)
        } else {
            beginObject()
            member(Self.brokenInput, call.arguments)
            endObject()
        }
    }
}
