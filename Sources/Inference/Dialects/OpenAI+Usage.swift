import Wire

/// How is usage read and written in the OpenAI dialect? `prompt_tokens` counts cached tokens in, as our own form does.
extension OpenAI {
    /// The usage of a chunk or an answer, and the class of service that it was paid for.
    static func usage(of document: JSONDocument) -> Usage? {
        guard var usage = usage(document["usage"]) else { return nil }
        // Only beside the usage: most chunks have none.
        usage.service = ServiceClass(word: document["service_tier"]?.string)
        return usage
    }

    static func usage(_ value: JSONView?) -> Usage? {
        guard let value, value.kind == .object else { return nil }
        var usage = Usage()
        // One walk; of a name that stands there twice the last one counts.
        for member in value.members {
            if member.spells("prompt_tokens") { usage.input = member.value.unsigned }
            if member.spells("completion_tokens") { usage.output = member.value.unsigned }
            if member.spells("prompt_tokens_details") {
                usage.cachedRead = member.value["cached_tokens"]?.unsigned
                usage.cacheWrite = member.value["cache_write_tokens"]?.unsigned
                // What came from the cache has a rate of its own.
                let cached = member.value["cached_tokens_details"]
                usage.audioInput = rest(member.value["audio_tokens"], of: cached?["audio_tokens"])
                usage.imageInput = rest(member.value["image_tokens"], of: cached?["image_tokens"])
            }
            if member.spells("completion_tokens_details") {
                usage.reasoning = member.value["reasoning_tokens"]?.unsigned
            }
        }
        return usage
    }

    private static func rest(_ all: JSONView?, of cached: JSONView?) -> UInt64? {
        all?.unsigned.map { $0 - min(cached?.unsigned ?? 0, $0) }
    }

    /// Writes the member `usage`, if there is anything true to say: the dialect wants all three counts or none.
    /// - Returns: whether it was written.
    @discardableResult
    static func write(_ usage: Usage, to writer: inout JSONWriter) -> Bool {
        guard let input = usage.input, let output = usage.output, let total = usage.total else { return false }
        writer.key("usage")
        writer.beginObject()
        writer.member("prompt_tokens", input)
        writer.member("completion_tokens", output)
        writer.member("total_tokens", total)
        writeDetails(
            "prompt_tokens_details",
            [("cached_tokens", usage.cachedRead), ("cache_write_tokens", usage.cacheWrite)],
            to: &writer
        )
        writeDetails("completion_tokens_details", [("reasoning_tokens", usage.reasoning)], to: &writer)
        writer.endObject()
        return true
    }

    private static func writeDetails(_ name: String, _ counts: [(String, UInt64?)], to writer: inout JSONWriter) {
        guard counts.contains(where: { $0.1 != nil }) else { return }
        writer.key(name)
        writer.beginObject()
        for (name, count) in counts {
            if let count { writer.member(name, count) }
        }
        writer.endObject()
    }
}
