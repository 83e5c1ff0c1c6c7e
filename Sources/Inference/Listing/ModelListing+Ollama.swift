/// How are models listed for clients of Ollama's dialect: as if each were a file of the server's?
import Wire

extension Ollama {
    /// The version of the server's API that we hold to: the first with levels of `think`, names of tools in results and schemas.
    package static let version = "0.12.0"

    /// The answer to `/api/version`.
    package static let versionPage = Array(#"{"version":"\#(version)"}"#.utf8)

    /// The answer to `/api/ps`: nothing has to be loaded here, so that all of them run.
    package static func runningList(_ models: [ListedModel]) -> [UInt8] {
        list(models) { model, writer in
            writer.member("expires_at", unknownTime)
            writer.member("size_vram", 0 as UInt64)
            if let context = model.facts.context { writer.member("context_length", context) }
        }
    }

    /// The answer to `/api/tags`.
    package static func modelList(_ models: [ListedModel]) -> [UInt8] {
        list(models) { $1.member("modified_at", unknownTime) }
    }

    private static func list(
        _ models: [ListedModel],
        _ more: (ListedModel, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 32 + models.count * 256)
        writer.beginObject()
        writer.key("models")
        writer.beginArray()
        for model in models {
            writer.beginObject()
            writer.member("name", model.name)
            writer.member("model", model.name)
            more(model, &writer)
            // There is no file, and so neither its size nor its digest.
            writer.member("size", 0 as UInt64)
            writer.member("digest", "")
            writeDetails(to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The answer to `/api/show`.
    package static func model(_ model: ListedModel) -> [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.member("modelfile", "")
        writer.member("parameters", "")
        writer.member("template", "")
        writer.member("modified_at", unknownTime)
        writeDetails(to: &writer)
        writer.key("model_info")
        writer.beginObject()
        writer.member("general.architecture", family)
        if let context = model.facts.context { writer.member("\(family).context_length", context) }
        writer.endObject()
        if let capabilities = model.facts.capabilities { write(capabilities, to: &writer) }
        writer.endObject()
        return writer.bytes
    }

    /// The model that a request to `/api/show` names; older clients call it `name`.
    /// - Throws: what is wrong with the request.
    package static func shownModel(_ body: [UInt8]) throws(RequestError) -> String {
        guard let document = try? JSONDocument(body, limits: .request), document.root.kind == .object else {
            throw RequestError(.invalidJSON, nil, "The body must be a JSON object.")
        }
        return try Field.requiredText(document["model"] ?? document["name"], "model")
    }

    /// Clients read a date here, and nobody knows when a model was made.
    private static let unknownTime = "1970-01-01T00:00:00Z"
    private static let family = "martlet"

    private static func writeDetails(to writer: inout JSONWriter) {
        writer.key("details")
        writer.beginObject()
        writer.member("parent_model", "")
        writer.member("format", "")
        writer.member("family", family)
        writer.key("families")
        writer.beginArray()
        writer.string(family)
        writer.endArray()
        writer.member("parameter_size", "")
        writer.member("quantization_level", "")
        writer.endObject()
    }

    /// Those that this API has a word for.
    private static func write(_ capabilities: Capabilities, to writer: inout JSONWriter) {
        let rows: [(String, Capabilities)] = [
            ("completion", .chat), ("embedding", .embeddings), ("tools", .tools), ("vision", .images),
            ("thinking", .thinking),
        ]
        writer.key("capabilities")
        writer.beginArray()
        for (word, capability) in rows where capabilities.contains(capability) { writer.string(word) }
        writer.endArray()
    }
}
