import Wire

/// How is a schema that leaves objects open said to Anthropic, which wants every one closed? Closed: an answer that has the properties that
/// are named, and no others, is one by the open schema too.
extension Anthropic {
    /// The schema as it is, unless an object in it must be closed.
    static func closed(_ schema: [UInt8]) -> [UInt8] {
        guard let document = try? JSONDocument(schema, limits: .request), hasOpen(document.root) else { return schema }
        var writer = JSONWriter(capacity: schema.count + 64)
        write(closed: document.root, to: &writer)
        return writer.bytes
    }

    /// Members that hold one schema, several by name, or several in a row.
    private static let single = ["items", "additionalProperties"]
    private static let named = ["properties", "$defs", "definitions"]
    private static let listed = ["anyOf", "allOf", "oneOf", "prefixItems"]

    /// Whether it says nothing of properties that it does not name.
    private static func isOpen(_ schema: JSONView) -> Bool {
        schema["additionalProperties"] == nil && (schema["properties"] != nil || schema["type"]?.string == "object")
    }

    private static func hasOpen(_ schema: JSONView) -> Bool {
        guard schema.kind == .object else { return false }
        return isOpen(schema) || single.contains { schema[$0].map(hasOpen) ?? false }
            || named.contains { (schema[$0]?.members).map { $0.contains { hasOpen($0.value) } } ?? false }
            || listed.contains { (schema[$0]?.elements).map { $0.contains(where: hasOpen) } ?? false }
    }

    private static func write(closed schema: JSONView, to writer: inout JSONWriter) {
        guard schema.kind == .object else { return writer.raw(schema.raw) }
        writer.beginObject()
        for member in schema.members {
            writer.key(member.name)
            write(member.name, member.value, to: &writer)
        }
        if isOpen(schema) { writer.member("additionalProperties", false) }
        writer.endObject()
    }

    private static func write(_ name: String, _ value: JSONView, to writer: inout JSONWriter) {
        if single.contains(name) { return write(closed: value, to: &writer) }
        if named.contains(name), value.kind == .object {
            writer.beginObject()
            for member in value.members {
                writer.key(member.name)
                write(closed: member.value, to: &writer)
            }
            return writer.endObject()
        }
        guard listed.contains(name), value.kind == .array else { return writer.raw(value.raw) }
        writer.beginArray()
        for element in value.elements { write(closed: element, to: &writer) }
        writer.endArray()
    }
}
