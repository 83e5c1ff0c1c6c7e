import Wire

/// What becomes of another provider's proof of a call, when the conversation goes on here? The client was told it by us and sends it back;
/// the API knows no such field, and would refuse the whole request. So it is left out.
extension OpenAI {
    static let foreignField = "extra_content"

    /// The messages without such proofs; nil when there are none.
    static func plainMessages(_ messages: JSONView) -> [UInt8]? {
        guard messages.elements.contains(where: hasForeign) else { return nil }
        var writer = JSONWriter(capacity: messages.raw.count)
        writer.beginArray()
        for message in messages.elements {
            if hasForeign(message) { writePlain(message, to: &writer) } else { writer.raw(message.raw) }
        }
        writer.endArray()
        return writer.bytes
    }

    private static func hasForeign(_ message: JSONView) -> Bool {
        message["tool_calls"]?.elements.contains { $0[foreignField] != nil } ?? false
    }

    private static func writePlain(_ message: JSONView, to writer: inout JSONWriter) {
        writer.beginObject()
        for member in message.members {
            writer.key(member.name)
            guard member.spells("tool_calls") else {
                writer.raw(member.value.raw)
                continue
            }
            writer.beginArray()
            for call in member.value.elements {
                let plain = try? JSONDocument(Array(call.raw)).applying([.remove(foreignField)])
                writer.raw(plain.map { $0[...] } ?? call.raw)
            }
            writer.endArray()
        }
        writer.endObject()
    }
}
