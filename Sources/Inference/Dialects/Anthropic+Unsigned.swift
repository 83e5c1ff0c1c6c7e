import Wire

/// What becomes of a thought that lacks its proof, when the conversation goes on at Anthropic? It was another provider's, told to the
/// client in this dialect by us; here it would be refused, and the whole request with it. So it is left out.
extension Anthropic {
    /// The messages without such thoughts; nil when there are none.
    static func signedMessages(_ messages: JSONView) -> [UInt8]? {
        guard messages.elements.contains(where: hasUnsigned) else { return nil }
        var writer = JSONWriter(capacity: messages.raw.count)
        writer.beginArray()
        for message in messages.elements {
            if hasUnsigned(message) { writeSigned(message, to: &writer) } else { writer.raw(message.raw) }
        }
        writer.endArray()
        return writer.bytes
    }

    private static func hasUnsigned(_ message: JSONView) -> Bool {
        message["content"]?.elements.contains(where: isUnsigned) ?? false
    }

    private static func isUnsigned(_ block: JSONView) -> Bool {
        guard block["type"]?.string == "thinking" else { return false }
        return block["signature"]?.string.map(\.isEmpty) ?? true
    }

    /// A message that held nothing else goes with its thought.
    private static func writeSigned(_ message: JSONView, to writer: inout JSONWriter) {
        let kept = message["content"]?.elements.filter { !isUnsigned($0) } ?? []
        guard !kept.isEmpty else { return }
        writer.beginObject()
        for member in message.members {
            writer.key(member.name)
            guard member.spells("content") else {
                writer.raw(member.value.raw)
                continue
            }
            writer.beginArray()
            for block in kept { writer.raw(block.raw) }
            writer.endArray()
        }
        writer.endObject()
    }
}
