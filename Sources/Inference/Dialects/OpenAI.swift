import Wire

/// How does a Chat Completions request go on to a provider of the same dialect?
package enum OpenAI {
    /// The request for a provider of this dialect: another model name, and the usage asked for in streams, since the meter
    /// needs it. Every other byte is the client's.
    /// - Parameter amongOthers: whether providers of other dialects may have spoken in the conversation before.
    package static func upstreamBody(_ view: RequestView, model: String, amongOthers: Bool = false) -> [UInt8] {
        let plain = amongOthers && view.operation == .chat ? plainMessages(view.messages) : nil
        let edits: [JSONEdit] = view.stream && !view.operation.isMedia ? [askForUsage] : []
        return view.body(model: model, plain.map { edits + [.set("messages", $0)] } ?? edits)
    }

    private static let askForUsage = JSONEdit.within("stream_options", [.set("include_usage", Array("true".utf8))])

    /// Whether a streamed answer shall end with the usage.
    static func includeUsage(_ options: JSONView?) throws(RequestError) -> Bool {
        guard let options = try Field.object(options, "stream_options") else { return false }
        return try Field.flag(options["include_usage"], "stream_options.include_usage") ?? false
    }
}
