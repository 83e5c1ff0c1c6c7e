import Wire

/// May an answer be held to this JSON Schema to the letter? The API refuses to where an object is open, a property of it may be missing, or
/// words stand that it does not take (its guide "Structured model outputs", "Supported schemas"); other dialects do not mind.
extension OpenAI {
    /// - Parameter schema: JSON that was checked.
    static func canBeStrict(_ schema: [UInt8]) -> Bool {
        guard let root = try? JSONDocument(schema, limits: .request).root else { return false }
        return root["anyOf"] == nil && isStrict(root)
    }

    private static let refusedWords: Set<String> = [
        "oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
        "propertyNames", "unevaluatedProperties", "minProperties", "maxProperties", "unevaluatedItems", "contains",
        "minContains", "maxContains", "uniqueItems",
    ]

    private static func isStrict(_ schema: JSONView) -> Bool {
        guard !schema.members.contains(where: { refusedWords.contains($0.name) }) else { return false }
        if let properties = schema["properties"], properties.kind == .object {
            let required = Set((schema["required"] ?? schema).elements.compactMap(\.string))
            guard schema["additionalProperties"]?.bool == false,
                properties.members.allSatisfy({ required.contains($0.name) && isStrict($0.value) })
            else { return false }
        } else if schema["type"]?.string == "object" {
            return false
        }
        if let items = schema["items"], !isStrict(items) { return false }
        for name in ["anyOf", "prefixItems"] where !(schema[name] ?? schema).elements.allSatisfy(isStrict) {
            return false
        }
        for name in ["$defs", "definitions"] {
            guard let definitions = schema[name] else { continue }
            guard definitions.members.allSatisfy({ isStrict($0.value) }) else { return false }
        }
        return true
    }
}
