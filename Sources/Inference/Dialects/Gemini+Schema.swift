import Wire

/// How does a `Schema` of Gemini's API look as JSON Schema? Its types are in capitals, what may be null is said by a flag, and its objects
/// have the properties that they name and no others.
extension Gemini {
    static func jsonSchema(_ schema: JSONView) -> [UInt8] {
        var writer = JSONWriter(capacity: schema.raw.count + 64)
        write(schema: schema, to: &writer)
        return writer.bytes
    }

    private static func write(schema: JSONView, to writer: inout JSONWriter) {
        guard schema.kind == .object else { return writer.raw(schema.raw) }
        let isNullable = schema["nullable"]?.bool == true
        var isClosed = false
        var written: Set<String> = []
        writer.beginObject()
        for member in schema.members {
            let (name, value) = (camel(member.name), member.value)
            // Given in both spellings, the first one counts.
            guard written.insert(name).inserted else { continue }
            switch name {
            case "nullable", "propertyOrdering", "example": break
            case "type": write(type: value, orNull: isNullable, to: &writer)
            case "properties":
                isClosed = true
                writer.key(name)
                writer.beginObject()
                for property in value.members {
                    writer.key(property.name)
                    write(schema: property.value, to: &writer)
                }
                writer.endObject()
            case "items":
                writer.key(name)
                write(schema: value, to: &writer)
            case "anyOf":
                writer.key(name)
                writer.beginArray()
                for element in value.elements { write(schema: element, to: &writer) }
                writer.endArray()
            // Its counts are texts, since they may have 64 bits.
            case "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties":
                writer.key(name)
                if let count = value.string.flatMap({ UInt64($0) }) {
                    writer.integer(count)
                } else {
                    writer.raw(value.raw)
                }
            default:
                writer.key(name)
                writer.raw(value.raw)
            }
        }
        if isClosed, schema.either("additionalProperties") == nil { writer.member("additionalProperties", false) }
        writer.endObject()
    }

    private static func write(type: JSONView, orNull isNullable: Bool, to writer: inout JSONWriter) {
        writer.key("type")
        guard let word = type.string?.lowercased() else { return writer.raw(type.raw) }
        guard isNullable, word != "null" else { return writer.string(word) }
        writer.beginArray()
        writer.string(word)
        writer.string("null")
        writer.endArray()
    }
}
