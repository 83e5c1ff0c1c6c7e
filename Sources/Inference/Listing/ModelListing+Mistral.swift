/// How are models listed for Mistral's clients? As for OpenAI's, with the kind that each of theirs has, and what it can do as flags.
import Wire

extension Mistral {
    /// The answer to `/v1/models`.
    package static func modelList(_ models: [ListedModel]) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + models.count * 256)
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for model in models { write(model, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The answer to `/v1/models/{name}`.
    package static func model(_ model: ListedModel) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        write(model, to: &writer)
        return writer.bytes
    }

    private static func write(_ model: ListedModel, to writer: inout JSONWriter) {
        let words = model.facts.capabilities?.words
        // Where nothing is known, nothing is denied.
        let can = { (word: String) in words?.contains(word) ?? true }
        writer.beginObject()
        writer.member("id", model.name)
        writer.member("object", "model")
        // A client wants a number here, and nobody knows when a model was made.
        writer.member("created", 0)
        writer.member("owned_by", "martlet")
        writer.member("type", "base")
        if let context = model.facts.context { writer.member("max_context_length", context) }
        writer.key("capabilities")
        writer.beginObject()
        writer.member("completion_chat", can("chat"))
        writer.member("function_calling", can("tools"))
        writer.member("vision", can("images"))
        writer.endObject()
        writer.endObject()
    }
}
