import Wire

/// How do messages of Mistral's clients look in OpenAI's dialect? An image's address stands in an object, a call's arguments are a text, and
/// what a model thought, a call's place and a result's tool are not said.
extension Mistral {
    /// The messages in OpenAI's words; nil when they are in them already.
    static func plainMessages(_ messages: JSONView) -> [UInt8]? {
        guard messages.elements.contains(where: isOurs) else { return nil }
        var writer = JSONWriter(capacity: messages.raw.count + 64)
        writer.beginArray()
        for message in messages.elements {
            if isOurs(message) { write(message, to: &writer) } else { writer.raw(message.raw) }
        }
        writer.endArray()
        return writer.bytes
    }

    /// Whether thoughts stand in it, which are not sent on.
    static func hasThoughts(_ messages: JSONView) -> Bool {
        messages.elements.contains { message in
            message["content"]?.elements.contains { $0["type"]?.isText("thinking") ?? false } ?? false
        }
    }

    /// Whether something in a message is said otherwise.
    private static func isOurs(_ message: JSONView) -> Bool {
        message["prefix"] != nil || (message["role"]?.string == "tool" && message["name"] != nil)
            || message["tool_calls"]?.elements.contains { _ in true } ?? false
            || message["content"]?.elements.contains(where: isPartOurs) ?? false
    }

    private static func isPartOurs(_ part: JSONView) -> Bool {
        switch part["type"]?.string {
        case "image_url": part["image_url"]?.kind == .string
        case "thinking": true
        default: false
        }
    }

    private static func write(_ message: JSONView, to writer: inout JSONWriter) {
        let isResult = message["role"]?.string == "tool"
        writer.beginObject()
        for member in message.members {
            switch member.name {
            // A call is known by its name, of which a result's tool is no part.
            case "name" where isResult: break
            case "prefix" where member.value.bool != true: break
            case "tool_calls":
                writer.key(member.name)
                write(calls: member.value, to: &writer)
            case "content" where member.value.elements.contains(where: isPartOurs):
                writer.key(member.name)
                write(parts: member.value, to: &writer)
            default:
                writer.key(member.name)
                writer.raw(member.value.raw)
            }
        }
        writer.endObject()
    }

    /// Thoughts are not sent on: they are proof of nothing elsewhere.
    private static func write(parts: JSONView, to writer: inout JSONWriter) {
        writer.beginArray()
        for part in parts.elements where part["type"]?.string != "thinking" {
            guard isPartOurs(part), let address = part["image_url"] else {
                writer.raw(part.raw)
                continue
            }
            writer.beginObject()
            writer.member("type", "image_url")
            writer.key("image_url")
            writer.beginObject()
            writer.key("url")
            writer.raw(address.raw)
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(calls: JSONView, to writer: inout JSONWriter) {
        guard calls.kind == .array else { return writer.raw(calls.raw) }
        writer.beginArray()
        for call in calls.elements {
            writer.beginObject()
            for member in call.members where member.name != "index" {
                writer.key(member.name)
                if member.name == "function" {
                    write(function: member.value, to: &writer)
                } else {
                    writer.raw(member.value.raw)
                }
            }
            writer.endObject()
        }
        writer.endArray()
    }

    /// Arguments may be the object itself.
    private static func write(function: JSONView, to writer: inout JSONWriter) {
        writer.beginObject()
        for member in function.members {
            writer.key(member.name)
            if member.name == "arguments", member.value.kind == .object {
                writer.string(String(decoding: member.value.raw, as: UTF8.self))
            } else {
                writer.raw(member.value.raw)
            }
        }
        writer.endObject()
    }
}
