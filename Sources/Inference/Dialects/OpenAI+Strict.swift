import Wire

/// May an answer be held to this JSON Schema to the letter? The API refuses to where an object is open or a property of it may be missing;
/// other dialects do not mind.
extension OpenAI {
    /// - Parameter schema: JSON that was checked.
    static func canBeStrict(_ schema: [UInt8]) -> Bool {
        (try? JSONDocument(schema, limits: .request)).map { isStrict($0.root) } ?? false
    }

    private static func isStrict(_ schema: JSONView) -> Bool {
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
