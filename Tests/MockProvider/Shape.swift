import LabText

/// Is this object one that the provider takes? Which fields it may have, of which type, and which it must have.
///
/// The provider's own code refuses what it does not know; a gateway that lets a stranger's field through, or leaves out what is required,
/// is found out here.
struct Shape: Sendable {
    /// What a value may be.
    indirect enum Kind: Sendable {
        case string
        case integer
        case number
        case bool
        /// Any array.
        case list
        /// Any object.
        case map
        /// One of these words.
        case word([String])
        case either([Kind])
        case null
        case object(Shape)
        case array(of: Kind)
        /// An object whose shape depends on one of its fields.
        case variant(by: String, [String: Shape])

        /// The same, or null.
        static func orNull(_ kind: Kind) -> Kind { .either([kind, .null]) }
        static let text: Kind = .either([.string, .list])
    }

    var fields: [String: Kind]
    var required: [String] = []

    /// What is wrong, and where: `messages[0].content`.
    struct Problem: Error, Hashable {
        enum Fault: Hashable {
            case unknown
            case missing
            case wrong(expected: String)
        }

        var path: String
        var fault: Fault
    }

    /// The first problem of `json` in the order it was written; missing fields come after.
    func check(_ json: JSON, path: String = "") throws(Problem) {
        guard let members = json.members else { throw Problem(path: path, fault: .wrong(expected: "an object")) }
        for member in members {
            let place = path.isEmpty ? member.name : "\(path).\(member.name)"
            guard let kind = fields[member.name] else { throw Problem(path: place, fault: .unknown) }
            try kind.check(member.value, path: place)
        }
        for name in required where json[name] == nil {
            throw Problem(path: path.isEmpty ? name : "\(path).\(name)", fault: .missing)
        }
    }
}

extension Shape.Kind {
    func check(_ json: JSON, path: String) throws(Shape.Problem) {
        switch self {
        case .object(let shape): try shape.check(json, path: path)
        case .array(let element): try checkArray(json, of: element, path: path)
        case .either(let kinds): try checkEither(json, kinds, path: path)
        case .variant(let field, let shapes): try checkVariant(json, by: field, shapes, path: path)
        case .string, .integer, .number, .bool, .list, .map, .word, .null:
            guard admits(json) else { throw Shape.Problem(path: path, fault: .wrong(expected: name)) }
        }
    }

    /// Whether the outermost type fits.
    private func admits(_ json: JSON) -> Bool {
        switch self {
        case .string: json.string != nil
        case .integer: json.integer != nil
        case .number: json.number != nil
        case .bool: json.bool != nil
        case .list, .array: json.elements != nil
        case .map, .object, .variant: json.members != nil
        case .word(let words): json.string.map(words.contains) ?? false
        case .null: json == .null
        case .either(let kinds): kinds.contains { $0.admits(json) }
        }
    }

    private func checkArray(_ json: JSON, of element: Shape.Kind, path: String) throws(Shape.Problem) {
        guard let elements = json.elements else { throw Shape.Problem(path: path, fault: .wrong(expected: name)) }
        for (index, value) in elements.enumerated() { try element.check(value, path: "\(path)[\(index)]") }
    }

    private func checkEither(_ json: JSON, _ kinds: [Shape.Kind], path: String) throws(Shape.Problem) {
        guard let kind = kinds.first(where: { $0.admits(json) }) else {
            throw Shape.Problem(path: path, fault: .wrong(expected: name))
        }
        try kind.check(json, path: path)
    }

    private func checkVariant(
        _ json: JSON,
        by field: String,
        _ shapes: [String: Shape],
        path: String
    ) throws(Shape.Problem) {
        guard json.members != nil else { throw Shape.Problem(path: path, fault: .wrong(expected: name)) }
        guard let word = json[field] else { throw Shape.Problem(path: "\(path).\(field)", fault: .missing) }
        guard let shape = word.string.flatMap({ shapes[$0] }) else {
            let expected = "one of " + shapes.keys.sorted().joined(separator: ", ")
            throw Shape.Problem(path: "\(path).\(field)", fault: .wrong(expected: expected))
        }
        try shape.check(json, path: path)
    }

    /// What it is called in an error.
    private var name: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .bool: "a boolean"
        case .list, .array: "an array"
        case .map, .object, .variant: "an object"
        case .word(let words): "one of " + words.joined(separator: ", ")
        case .null: "null"
        case .either(let kinds): kinds.map(\.name).joined(separator: " or ")
        }
    }
}
