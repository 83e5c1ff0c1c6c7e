/// How are models listed for clients of either dialect? Each dialect's own members first, then ours in OpenAI's shape, which has none for
/// what a model can do.
import Wire

extension OpenAI {
    /// The answer to `/v1/models`.
    /// - Parameter second: since 1970, for the prices that hold now.
    package static func modelList(_ models: [ListedModel], at second: UInt64) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + models.count * 160)
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for model in models { write(model, at: second, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The answer to `/v1/models/{name}`.
    /// - Parameter second: since 1970, for the prices that hold now.
    package static func model(_ model: ListedModel, at second: UInt64) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        write(model, at: second, to: &writer)
        return writer.bytes
    }

    private static func write(_ model: ListedModel, at second: UInt64, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", model.name)
        writer.member("object", "model")
        // A client wants a number here, and nobody knows when a model was made.
        writer.member("created", 0)
        writer.member("owned_by", "martlet")
        if let context = model.facts.context { writer.member("context_length", context) }
        if let most = model.facts.maxOutput { writer.member("max_output_tokens", most) }
        if let capabilities = model.facts.capabilities {
            writer.key("capabilities")
            writer.beginArray()
            for word in capabilities.words { writer.string(word) }
            writer.endArray()
        }
        writer.pricing(of: model, at: second)
        writer.endObject()
    }
}

extension Anthropic {
    /// The answer to `/v1/models`: one page.
    /// - Parameter second: since 1970, for the prices that hold now.
    package static func modelList(_ models: [ListedModel], page: ModelPage, at second: UInt64) -> [UInt8] {
        let (part, hasMore) = page.part(of: models)
        var writer = JSONWriter(capacity: 128 + part.count * 160)
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        for model in part { write(model, at: second, to: &writer) }
        writer.endArray()
        writer.member("has_more", hasMore)
        for (key, name) in [("first_id", part.first?.name), ("last_id", part.last?.name)] {
            writer.key(key)
            if let name { writer.string(name) } else { writer.null() }
        }
        writer.endObject()
        return writer.bytes
    }

    /// The answer to `/v1/models/{name}`.
    /// - Parameter second: since 1970, for the prices that hold now.
    package static func model(_ model: ListedModel, at second: UInt64) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        write(model, at: second, to: &writer)
        return writer.bytes
    }

    private static func write(_ model: ListedModel, at second: UInt64, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "model")
        writer.member("id", model.name)
        writer.member("display_name", model.name)
        // Wanted by clients, and not known; the API's own word for that is the epoch.
        writer.member("created_at", "1970-01-01T00:00:00Z")
        if let context = model.facts.context { writer.member("max_input_tokens", context) }
        if let most = model.facts.maxOutput { writer.member("max_tokens", most) }
        if let capabilities = model.facts.capabilities { write(capabilities, to: &writer) }
        writer.pricing(of: model, at: second)
        writer.endObject()
    }

    /// Those that this API has a word for.
    private static func write(_ capabilities: Capabilities, to writer: inout JSONWriter) {
        let rows: [(String, Capabilities)] = [
            ("image_input", .images), ("pdf_input", .files), ("structured_outputs", .jsonSchema),
            ("thinking", .thinking),
        ]
        writer.key("capabilities")
        writer.beginObject()
        for (name, capability) in rows {
            writer.key(name)
            writer.beginObject()
            writer.member("supported", capabilities.contains(capability))
            writer.endObject()
        }
        writer.endObject()
    }
}

extension JSONWriter {
    /// In dollars a million tokens, as providers write them; texts, so that no reader rounds them.
    fileprivate mutating func pricing(of model: ListedModel, at second: UInt64) {
        guard let rates = model.price?.rates(input: 0, at: second) else { return }
        let rows = [
            ("input", rates.input), ("cached_input", rates.cachedInput), ("cache_write", rates.cacheWrite),
            ("output", rates.output), ("reasoning", rates.reasoning),
        ]
        key("pricing")
        beginObject()
        member("unit", "USD/Mtok")
        for (name, rate) in rows {
            if let rate { member(name, Self.perMillion(rate)) }
        }
        endObject()
    }

    /// A pico-dollar a token is a millionth of a dollar a million tokens.
    private static func perMillion(_ rate: UInt64) -> String {
        var digits = String(1_000_000 + rate % 1_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return digits.isEmpty ? "\(rate / 1_000_000)" : "\(rate / 1_000_000).\(digits)"
    }
}
