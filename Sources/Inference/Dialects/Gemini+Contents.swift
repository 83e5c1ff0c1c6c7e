import Wire

/// How does a conversation look in Gemini's API? Two roles, `user` and `model`; the results of an answer's calls are one content of the
/// user's, in the order of the calls: models of earlier generations match them by that alone.
extension Gemini {
    static func writeContents(_ chat: Chat, to writer: inout JSONWriter) throws(RequestError) {
        var calls: [Chat.ToolUse] = []
        var hasSaid = false
        writer.key("contents")
        writer.beginArray()
        var rest = chat.messages.filter { $0.role != .system }[...]
        while let message = rest.first {
            switch message.role {
            case .tool:
                let results = rest.prefix { $0.role == .tool }
                rest = rest[results.endIndex...]
                try write(results: results, of: calls, to: &writer)
                hasSaid = true
            case .system, .user, .assistant:
                rest = rest.dropFirst()
                let own = message.parts.compactMap(\.toolUse)
                if !own.isEmpty { calls = own }
                guard calls.count <= Chat.mostCalls else {
                    let field = "messages[\(message.position)]"
                    throw .inexpressible(field, in: .gemini, "it has more than \(Chat.mostCalls) calls")
                }
                hasSaid = try write(message, to: &writer) || hasSaid
            }
        }
        writer.endArray()
        if !hasSaid {
            throw .inexpressible("messages", in: .gemini, "it wants something to be said besides instructions")
        }
    }

    // MARK: Contents

    /// False when there is nothing in it that the dialect takes.
    private static func write(_ message: Chat.Message, to writer: inout JSONWriter) throws(RequestError) -> Bool {
        let parts = message.parts.filter { !$0.isUnsaid }
        guard !parts.isEmpty else { return false }
        let field = "messages[\(message.position)]"
        writer.beginObject()
        writer.member("role", message.role == .assistant ? "model" : "user")
        writer.key("parts")
        writer.beginArray()
        // Of calls made at once the first one carries the proof that the model made them.
        var isFirstCall = true
        let isSigned = parts.contains { $0.toolUse?.signature != nil }
        for part in parts {
            switch part {
            case .text(let text): write(text: text, to: &writer)
            case .image(.data(let type, let base64)): write(data: base64, type, to: &writer)
            case .image(.url(let url)): write(address: url, to: &writer)
            case .file(.data(let type, let base64, _)): write(data: base64, type, to: &writer)
            case .file(.url(let url, _)): write(address: url, to: &writer)
            case .toolUse(let call):
                let signature = call.signature ?? (isFirstCall && !isSigned ? foreignSignature : nil)
                try write(call, signature, field, to: &writer)
                isFirstCall = false
            case .thought, .toolResult: break
            }
        }
        writer.endArray()
        writer.endObject()
        return true
    }

    /// What the API's guide to thought signatures gives for calls that its own models have not made; without one, the current models
    /// refuse the conversation.
    static let foreignSignature = "skip_thought_signature_validator"

    private static func write(data base64: String, _ type: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("inlineData")
        writer.beginObject()
        writer.member("mimeType", type)
        writer.member("data", base64)
        writer.endObject()
        writer.endObject()
    }

    /// What the provider is to fetch by itself. Its type is told where the address does, since the API asks for one.
    private static func write(address: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("fileData")
        writer.beginObject()
        if let type = mediaType(of: address) { writer.member("mimeType", type) }
        writer.member("fileUri", address)
        writer.endObject()
        writer.endObject()
    }

    private static let mediaTypes = [
        "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
        "pdf": "application/pdf",
    ]

    static func mediaType(of address: String) -> String? {
        let path = address.prefix { $0 != "?" && $0 != "#" }
        guard let dot = path.lastIndex(of: "."), path[dot...].utf8.count <= 5 else { return nil }
        return mediaTypes[path[dot...].dropFirst().lowercased()]
    }

    // MARK: Calls and results

    private static func write(
        _ call: Chat.ToolUse,
        _ signature: String?,
        _ field: String,
        to writer: inout JSONWriter
    ) throws(RequestError) {
        let input = call.arguments.isEmpty ? Array("{}".utf8) : Array(call.arguments.utf8)
        guard let document = try? JSONDocument(input, limits: .request), document.root.kind == .object else {
            let reason = "the arguments of call '\(call.id)' are no JSON object"
            throw .inexpressible(call.field(in: field), in: .gemini, reason)
        }
        writer.beginObject()
        writer.key("functionCall")
        writer.beginObject()
        writer.member("id", call.id)
        writer.member("name", call.name)
        writer.key("args")
        writer.raw(document.root.raw)
        writer.endObject()
        if let signature { writer.member("thoughtSignature", signature) }
        writer.endObject()
    }

    private static func write(
        results messages: ArraySlice<Chat.Message>,
        of calls: [Chat.ToolUse],
        to writer: inout JSONWriter
    ) throws(RequestError) {
        var rows: [(place: Int, result: Chat.ToolResult)] = []
        for message in messages {
            for case .toolResult(let result) in message.parts {
                guard let place = calls.firstIndex(where: { $0.id == result.id }) else {
                    let wanted = "a result of a call that the assistant has just made"
                    throw .wrongValue("messages[\(message.position)]", wanted: wanted)
                }
                rows.append((place, result))
            }
        }
        writer.beginObject()
        writer.member("role", "user")
        writer.key("parts")
        writer.beginArray()
        for row in rows.sorted(by: { $0.place < $1.place }) {
            write(row.result, name: calls[row.place].name, to: &writer)
        }
        writer.endArray()
        writer.endObject()
    }

    /// `output` and `error` are the API's own names for what a function said and how it failed.
    private static func write(_ result: Chat.ToolResult, name: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("functionResponse")
        writer.beginObject()
        writer.member("id", result.id)
        writer.member("name", name)
        writer.key("response")
        writer.beginObject()
        writer.key(result.isError ? "error" : "output")
        if result.texts.count > 1 {
            writer.beginArray()
            for text in result.texts { writer.string(text) }
            writer.endArray()
        } else {
            writer.string(result.texts.first ?? "")
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }
}

extension Chat.Part {
    /// The call, if this is one.
    var toolUse: Chat.ToolUse? {
        if case .toolUse(let call) = self { call } else { nil }
    }

    /// An empty text, which the dialect refuses, or a thought of another provider, which is proof of nothing here.
    fileprivate var isUnsaid: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .thought: true
        case .image, .file, .toolUse, .toolResult: false
        }
    }
}
