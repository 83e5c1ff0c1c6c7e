/// In what does a provider differ from the dialect it says it speaks? What an operator writes down of it, so that a compatible server needs no
/// code of ours: how the key is told, what else stands in the head and in the address, which fields it does not take and what it calls them.
import ConfigSyntax
package import Wire

package struct ProviderQuirks: Hashable, Sendable, Codable {
    /// One field of a head that never changes.
    package struct Constant: Hashable, Sendable, Codable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// A field of a request that this provider knows by another name.
    package struct Rename: Hashable, Sendable, Codable {
        package var from: String
        package var to: String

        package init(_ from: String, to: String) { (self.from, self.to) = (from, to) }
    }

    /// The head's field that holds the key and nothing else; nil: as the dialect does it.
    package var keyHeader: String?
    package var headers: [Constant]
    /// What stands behind the `?` of every address of ours, without it: `api-version=2024-10-21`.
    package var query: String?
    /// Paths of fields of a request that are answered with an error, in every element of what is an array: `store`, `messages.name`.
    package var refuses: [String]
    package var renames: [Rename]
    /// How many letters and digits the name of a tool's call has, where no other is taken; nil: any will do.
    package var callIDs: Int?

    package init(
        keyHeader: String? = nil,
        headers: [Constant] = [],
        query: String? = nil,
        refuses: [String] = [],
        renames: [Rename] = [],
        callIDs: Int? = nil
    ) {
        (self.keyHeader, self.headers, self.query) = (keyHeader, headers, query)
        (self.refuses, self.renames, self.callIDs) = (refuses, renames, callIDs)
    }

    /// Whether there are none.
    package var isEmpty: Bool { self == ProviderQuirks() }

    /// The fields of a head that a provider wants besides those of the dialect's own, which `fields` are.
    /// - Parameters:
    ///   - key: nil: it asks for none.
    ///   - fields: by the dialect, the key among them.
    /// - Returns: nil if something of it cannot stand in a head.
    package func fields(key: String?, besides fields: [HTTPField]) -> [HTTPField]? {
        var all = fields
        if let keyHeader, let key {
            guard let field = HTTPField(keyHeader, key) else { return nil }
            all.removeAll { Self.keyFields.contains($0.name) }
            all.append(field)
        }
        for constant in headers {
            guard let field = HTTPField(constant.name, constant.value) else { return nil }
            all.removeAll { $0.name == field.name }
            all.append(field)
        }
        return all
    }

    /// Names of the fields that are the operator's to say, in lower case.
    package var ownFields: Set<String> {
        Set((headers.map(\.name) + [keyHeader].compactMap(\.self)).map { $0.lowercased() })
    }

    /// In which dialects tell a key.
    static let keyFields: Set = ["authorization", "x-api-key", "x-goog-api-key"]
}
