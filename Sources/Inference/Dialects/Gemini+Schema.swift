import Wire

/// How does a `Schema` of Gemini's API look as JSON Schema? Its types are in capitals, what may be null is said by a flag, and its objects
/// have the properties that they name and no others.
extension Gemini {
    static func jsonSchema(_ schema: JSONView) -> [UInt8] {
        var writer = JSONWriter(capacity: schema.raw.count + 64)
        write(schema: schema, to: &writer)
        return writer.bytes
    }

    /// Notes examples, which stand there for whoever reads the schema: strict providers take no such word.
    static func noteExamples(in schema: JSONView, at path: String, _ chat: inout Chat) {
        for member in schema.members {
            switch camel(member.name) {
            case "example": chat.note(.hint("\(path).example"))
            case "properties", "defs", "$defs":
                for property in member.value.members { noteExamples(in: property.value, at: path, &chat) }
            case "items", "additionalProperties": noteExamples(in: member.value, at: path, &chat)
            case "anyOf": for element in member.value.elements { noteExamples(in: element, at: path, &chat) }
            default: break
            }
        }
    }

    private static func write(schema: JSONView, to writer: inout JSONWriter) {
        guard schema.kind == .object else { return writer.raw(schema.raw) }
        let isNullable = schema["nullable"]?.bool == true
        // Beside its choices Google's client says OBJECT of what is none.
        let isChoice = schema.either("anyOf") != nil && schema["properties"] == nil
        var isClosed = false
        var written: Set<String> = []
        writer.beginObject()
        for member in schema.members {
            let (name, value) = (camel(member.name), member.value)
            // Given in both spellings, the first one counts.
            guard written.insert(name).inserted else { continue }
            switch name {
            case "nullable", "propertyOrdering", "example": break
            case "type": if !isChoice { write(type: value, orNull: isNullable, to: &writer) }
            case "enum": write(words: value, orNull: isNullable, to: &writer)
            case "properties":
                isClosed = true
                writer.key(name)
                writer.beginObject()
                for property in ordered(value, by: schema.either("propertyOrdering")) {
                    writer.key(property.name)
                    write(schema: property.value, to: &writer)
                }
                writer.endObject()
            case "items", "additionalProperties":
                writer.key(name)
                write(schema: value, to: &writer)
            case "defs", "$defs":
                writer.key("$defs")
                writer.beginObject()
                for definition in value.members {
                    writer.key(definition.name)
                    write(schema: definition.value, to: &writer)
                }
                writer.endObject()
            case "ref", "$ref":
                writer.key("$ref")
                write(reference: value, to: &writer)
            case "anyOf":
                writer.key(name)
                writer.beginArray()
                for element in value.elements { write(schema: element, to: &writer) }
                // Without a type of its own null is one more choice.
                if isNullable, isChoice { writer.raw(nothing[...]) }
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

    /// Definitions stand below `defs` here, and below `$defs` elsewhere.
    private static func write(reference: JSONView, to writer: inout JSONWriter) {
        let own = "#/defs/"
        guard let text = reference.string, text.hasPrefix(own) else { return writer.raw(reference.raw) }
        writer.string("#/$defs/" + text.dropFirst(own.count))
    }

    private static let nothing = Array(#"{"type":"null"}"#.utf8)

    /// Properties as the schema wants them told: elsewhere they are told as they are named. What it does not order follows.
    private static func ordered(_ properties: JSONView, by order: JSONView?) -> [JSONView.Member] {
        let members = Array(properties.members)
        let names = order.map { $0.elements.compactMap(\.string) } ?? []
        guard !names.isEmpty else { return members }
        let places = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
        let ranked = members.enumerated().map { (rank: places[$0.element.name] ?? names.count, at: $0.offset) }
        return ranked.sorted { ($0.rank, $0.at) < ($1.rank, $1.at) }.map { members[$0.at] }
    }

    /// What may be null may be null beside its words, too.
    private static func write(words: JSONView, orNull isNullable: Bool, to writer: inout JSONWriter) {
        writer.key("enum")
        guard isNullable, words.kind == .array, !words.elements.contains(where: \.isNull) else {
            return writer.raw(words.raw)
        }
        writer.beginArray()
        for word in words.elements { writer.raw(word.raw) }
        writer.null()
        writer.endArray()
    }

    private static func write(type: JSONView, orNull isNullable: Bool, to writer: inout JSONWriter) {
        // An unspecified one is none.
        if type.string?.hasSuffix("_UNSPECIFIED") == true { return }
        writer.key("type")
        guard let word = type.string?.lowercased() else { return writer.raw(type.raw) }
        guard isNullable, word != "null" else { return writer.string(word) }
        writer.beginArray()
        writer.string(word)
        writer.string("null")
        writer.endArray()
    }
}
