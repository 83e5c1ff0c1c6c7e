import Wire

/// What is a client told that asks for nothing? In this dialect such a request has a model loaded, or with `keep_alive: 0` unloaded. How its server
/// holds a model is not a client's to say: nobody is asked, and the client is told that it is done.
extension Ollama {
    /// Nil: something is asked for.
    /// - Parameter created: seconds since 1970.
    static func answer(toNothing view: RequestView, created: UInt64) -> [UInt8]? {
        guard view.dialect == .ollama, asksForNothing(view.document, view.operation) else { return nil }
        var writer = JSONWriter(continuing: opening(model: view.model, created: created))
        writeSaid("", nil, [], to: view.operation, &writer)
        writer.member("done", true)
        writer.member("done_reason", isZero(view.document[stay]) ? "unload" : "load")
        writer.endObject()
        return view.stream ? writer.bytes + [0x0A] : writer.bytes
    }

    /// Whether a request says nothing that a model could answer, or may say nothing.
    static func asksForNothing(_ document: JSONDocument, _ operation: ModelOperation) -> Bool {
        if operation == .chat { return isEmpty(document["messages"]) }
        return operation == .generate && ["prompt", "images", "suffix", "system"].allSatisfy { isEmpty(document[$0]) }
    }

    private static func isEmpty(_ value: JSONView?) -> Bool {
        guard let value, !value.isNull else { return true }
        return value.string?.isEmpty ?? (value.kind == .array && !value.elements.contains { _ in true })
    }

    /// As a number of seconds, or as Go writes a span.
    private static func isZero(_ value: JSONView?) -> Bool {
        guard let value else { return false }
        return value.double == 0
            || value.string.map { $0.hasPrefix("0") && $0.allSatisfy { !("1"..."9").contains($0) } } ?? false
    }
}
