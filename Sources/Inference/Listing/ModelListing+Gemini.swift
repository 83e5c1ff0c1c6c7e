import Wire

/// How are models listed for clients of Gemini's API?
extension Gemini {
    /// Which part of the list is asked for: `pageSize=2&pageToken=NAME`.
    package struct Page: Hashable, Sendable {
        /// Names at most; the API's own bound is 1000.
        package var size = 50
        /// Only what stands behind this name.
        package var after: String?

        /// Of a query; what is unknown is left alone.
        /// - Throws: what is wrong with `pageSize`.
        package init(query: some StringProtocol) throws(RequestError) {
            for pair in query.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { continue }
                switch parts[0] {
                case "pageSize", "page_size":
                    guard let size = Int(parts[1]), (1...1000).contains(size) else {
                        throw .wrongValue("pageSize", wanted: "a number from 1 to 1000")
                    }
                    self.size = size
                case "pageToken", "page_token": after = parts[1].isEmpty ? nil : String(parts[1])
                default: continue
                }
            }
        }
    }

    /// The answer to `/v1beta/models`: one page.
    package static func modelList(_ models: [ListedModel], page: Page) -> [UInt8] {
        var rest = models[...]
        if let after = page.after, let place = rest.firstIndex(where: { $0.name == after }) {
            rest = rest[(place + 1)...]
        }
        let part = rest.prefix(page.size)
        var writer = JSONWriter(capacity: 64 + part.count * 200)
        writer.beginObject()
        writer.key("models")
        writer.beginArray()
        for model in part { write(model, to: &writer) }
        writer.endArray()
        if part.count < rest.count, let last = part.last { writer.member("nextPageToken", last.name) }
        writer.endObject()
        return writer.bytes
    }

    /// The answer to `/v1beta/models/{name}`.
    package static func model(_ model: ListedModel) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        write(model, to: &writer)
        return writer.bytes
    }

    private static func write(_ model: ListedModel, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", "models/\(model.name)")
        writer.member("displayName", model.name)
        if let context = model.facts.context { writer.member("inputTokenLimit", context) }
        if let most = model.facts.maxOutput { writer.member("outputTokenLimit", most) }
        writer.key("supportedGenerationMethods")
        writer.beginArray()
        // Of whom nothing is said, anything may be asked.
        let can = model.facts.capabilities
        if can?.contains(.chat) ?? true {
            for name in ["generateContent", "streamGenerateContent", "countTokens"] { writer.string(name) }
        }
        if can?.contains(.embeddings) ?? true {
            for name in ["embedContent", "batchEmbedContents"] { writer.string(name) }
        }
        writer.endArray()
        writer.endObject()
    }
}
