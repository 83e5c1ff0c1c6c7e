/// Which fields of a provider's answer does a client of another dialect never see? An answer cannot be refused for what it says besides, as a
/// request can; so the names of what is lost stand in the record, and in the head of an answer that came in one piece.
import Wire

/// What of an object is told to clients, or is nothing that could be lost.
enum Told: Sendable {
    /// All of it.
    case whole
    /// Where this member stands beside it.
    case beside(String)
    /// These words: any other one is named.
    case words([String])
    /// These members of it; in an array, of each element.
    case members([Member])
    /// What depends on its `type`.
    case types([Kind])

    /// A member of an object.
    struct Member: Sendable {
        let name: String
        let what: Told

        init(_ name: String, _ what: Told) { (self.name, self.what) = (name, what) }

        static func list(_ whole: [String], _ others: [Member]) -> [Member] {
            whole.map { Member($0, .whole) } + others
        }
    }

    /// Objects of one type.
    struct Kind: Sendable {
        let type: String
        let members: [Member]

        /// - Parameter whole: members that are told as a whole, besides `type`.
        init(_ type: String, _ whole: [String], _ others: [Member] = []) {
            self.type = type
            members = Member.list(["type"] + whole, others)
        }
    }

    /// An object.
    /// - Parameter whole: members that are told as a whole.
    static func object(_ whole: [String], _ others: [Member] = []) -> Told { .members(Member.list(whole, others)) }
}

/// Names of fields that are not told, gathered while an answer is read.
package struct Untold: Equatable, Sendable {
    private var lost = LostNames()
    private var path: [String] = []

    /// Nothing is lost.
    package init() {}

    /// Paths without indexes, as many as are told.
    package var names: [String] { lost.names }

    /// Looks for members that are not told.
    mutating func look(at value: JSONView, _ told: Told) {
        // Nothing that is there could be told any more.
        guard !lost.isFull else { return }
        switch told {
        case .whole, .beside: break
        case .words(let words):
            if let word = value.unknown(to: words) { note(word) }
        case .members(let members): eachObject(of: value) { $0.look(atMembersOf: $1, members) }
        case .types(let types):
            eachObject(of: value) { untold, object in
                let type = object["type"]
                guard let row = types.first(where: { type?.isText($0.type) ?? false }) else {
                    return untold.note(type?.string ?? "type")
                }
                untold.look(atMembersOf: object, row.members)
            }
        }
    }

    /// Notes a field by its whole path, once.
    mutating func note(path name: String) { lost.note(name) }

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
            case .words, .members, .types:
                path.append(known.name)
                look(at: member.value, known.what)
                path.removeLast()
            }
        }
    }

    private mutating func note(_ name: String) {
        if !lost.isFull { lost.note((path + [name]).joined(separator: ".")) }
    }
}

extension JSONView {
    /// A word that is none of these.
    fileprivate func unknown(to words: [String]) -> String? {
        guard kind == .string, raw.count > 2, !words.contains(where: isText) else { return nil }
        return string
    }

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
