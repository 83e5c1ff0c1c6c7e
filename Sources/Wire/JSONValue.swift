/// A small JSON tree, for the few places that need to work on a value instead of looking at it. Objects keep their order and
/// numbers their spelling.
package indirect enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// As written: `1.0` stays `1.0`, and no digit is lost.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One member of an object.
    package struct Member: Equatable, Sendable {
        /// The name, unescaped.
        package var name: String
        /// The value.
        package var value: JSONValue

        /// A member.
        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The tree of a value that was checked.
    package init(_ view: JSONView) {
        switch view.kind {
        case .null: self = .null
        case .bool: self = .bool(view.bool == true)
        case .number: self = .number(view.number ?? "0")
        case .string: self = .string(view.string ?? "")
        case .array: self = .array(view.elements.map(JSONValue.init))
        case .object: self = .object(view.members.map { Member($0.name, JSONValue($0.value)) })
        }
    }

    /// An object's value of this name; the last one if there are several.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }
}

extension JSONWriter {
    /// Appends a tree.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .number(let text): number(text)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.name)
                self.value(member.value)
            }
            endObject()
        }
    }
}
