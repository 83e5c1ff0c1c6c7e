/// Which fields of a provider's answer does a client of another dialect never see? An answer cannot be refused for what it says besides, as a
/// request can; so the names of what is lost stand in the record, and in the head of an answer that came in one piece.
import Wire

/// What of an object is told to clients, or is nothing that could be lost.
indirect enum Told: Sendable {
    typealias Member = (name: String, what: Told)

    /// All of it.
    case whole
    /// Where this member stands beside it.
    case beside(String)
    /// These members of it; in an array, of each element.
    case members([Member])
    /// What depends on its `type`.
    case types([(type: String, members: [Member])])

    /// Members that are told as a whole, and others.
    static func whole(_ names: String..., and others: [Member] = []) -> [Member] {
        names.map { ($0, .whole) } + others
    }
}

/// Names of fields that are not told, gathered while an answer is read.
package struct Untold: Equatable, Sendable {
    /// A provider may send any number of fields that nobody knows.
    private static let limit = 16
    /// Of a name, in bytes.
    private static let longest = 80

    /// Paths without indexes, in the order they were met, each once.
    package private(set) var names: [String] = []
    private var path: [String] = []

    /// Nothing is lost.
    package init() {}

    /// Names that came from somewhere else, as many as are kept and in words that may stand anywhere; nil: there are none.
    static func kept(_ names: [String]) -> [String]? {
        var kept = Untold()
        for name in names { kept.note(path: isPlain(name) ? name : "?") }
        return kept.names.isEmpty ? nil : kept.names
    }

    /// Looks for members that are not told.
    mutating func look(at value: JSONView, _ told: Told) {
        switch told {
        case .whole, .beside: break
        case .members(let members): eachObject(of: value) { $0.look(atMembersOf: $1, members) }
        case .types(let types):
            eachObject(of: value) { untold, object in
                let type = object["type"]
                guard let row = types.first(where: { type.map($0.type.isSpelled) ?? false }) else {
                    return untold.note(type?.string ?? "type")
                }
                untold.look(atMembersOf: object, row.members)
            }
        }
    }

    /// Notes a field by its whole path, once.
    mutating func note(path name: String) {
        if names.count < Self.limit, !names.contains(name) { names.append(name) }
    }

    private mutating func eachObject(of value: JSONView, _ body: (inout Untold, JSONView) -> Void) {
        switch value.kind {
        case .object: body(&self, value)
        case .array: for element in value.elements where element.kind == .object { body(&self, element) }
        case .null, .bool, .number, .string: break
        }
    }

    private mutating func look(atMembersOf object: JSONView, _ members: [Told.Member]) {
        for member in object.members {
            guard let known = members.first(where: { member.spells($0.name) }) else {
                if !member.value.isNothing { note(member.name) }
                continue
            }
            switch known.what {
            case .whole: break
            case .beside(let other): if object[other] == nil, !member.value.isNothing { note(known.name) }
            case .members, .types:
                path.append(known.name)
                look(at: member.value, known.what)
                path.removeLast()
            }
        }
    }

    /// The words are a provider's: what could not stand in a head is not repeated.
    private mutating func note(_ name: String) {
        guard names.count < Self.limit else { return }
        let full = (path + [name]).joined(separator: ".")
        note(path: Self.isPlain(full) ? full : (path + ["?"]).joined(separator: "."))
    }

    private static func isPlain(_ name: String) -> Bool {
        name.utf8.count <= longest && name.utf8.allSatisfy(isPlain)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension String {
    fileprivate func isSpelled(_ view: JSONView) -> Bool { view.string == self }
}

extension JSONView {
    /// Whether it holds nothing that could be lost: no flag that is set, no count, no word.
    fileprivate var isNothing: Bool {
        switch kind {
        case .null: true
        case .bool: bool != true
        case .number: double == 0
        case .string: raw.count <= 2
        case .array: elements.allSatisfy(\.isNothing)
        case .object: members.allSatisfy(\.value.isNothing)
        }
    }
}
