/// How a provider's `key-header`, `headers`, `query`, `refuses`, `renames` and `call-ids` are read.
import ConfigSyntax
import Wire

extension ProviderQuirks {
    /// More of a kind are a mistake.
    private static let most = 32
    /// Bytes of a value or a query.
    private static let longest = 1024

    static func read(in block: BlockReader, hasKey: Bool) -> ProviderQuirks {
        let keyHeader = block.optional("key-header", as: HeadFieldName.self)?.value.name
        if keyHeader != nil, !hasKey { block.report("is of no use without 'key'", key: "key-header") }
        return ProviderQuirks(
            keyHeader: keyHeader,
            headers: headers(block),
            query: block.optional("query", as: AddressQuery.self)?.value.text,
            refuses: bounded(block.values("refuses", as: FieldPath.self).map(\.value.text), "refuses", block),
            renames: renames(block),
            callIDs: callIDs(block)
        )
    }

    /// Letters and digits: fewer would be the same for two calls too often, more nobody wants.
    private static let idLengths = 8...64

    private static func callIDs(_ block: BlockReader) -> Int? {
        guard let length = block.optional("call-ids", as: Int.self)?.value else { return nil }
        guard idLengths.contains(length) else {
            block.report("must lie between \(idLengths.lowerBound) and \(idLengths.upperBound)", key: "call-ids")
            return nil
        }
        return length
    }

    private static func headers(_ block: BlockReader) -> [Constant] {
        guard let headers = block.block("headers") else { return [] }
        let constants = headers.allEntries().compactMap { entry -> Constant? in
            guard let name = HeadFieldName.read(entry.key, in: headers),
                let value = headers.optional(entry.key.value, as: String.self)?.value
            else { return nil }
            guard !keyFields.contains(name) else {
                headers.diagnostics.report(
                    Diagnostic(
                        "'\(headers.path).\(entry.key.value)' would hold a secret in plain sight",
                        at: entry.key.place,
                        hint: "name it with 'key', and its field with 'key-header'",
                        hidesLine: true
                    )
                )
                return nil
            }
            guard HTTPField(name, value) != nil, value.utf8.count <= longest else {
                headers.report("cannot stand in the head of a request", key: entry.key.value)
                return nil
            }
            return Constant(name, value)
        }
        return bounded(constants, "headers", block)
    }

    private static func renames(_ block: BlockReader) -> [Rename] {
        guard let renames = block.block("renames") else { return [] }
        let all = renames.allEntries().compactMap { entry in
            renames.optional(entry.key.value, as: String.self).map { Rename(entry.key.value, to: $0.value) }
        }
        return bounded(all, "renames", block)
    }

    private static func bounded<Value>(_ values: [Value], _ key: String, _ block: BlockReader) -> [Value] {
        if values.count > most { block.report("has more than \(most) entries", key: key) }
        return Array(values.prefix(most))
    }
}

/// The name of a head's field, in lower case.
private struct HeadFieldName: ScalarValue {
    let name: String

    static var expectation: String { "the name of a head's field such as api-key" }

    /// What is ours to write in every request (RFC 9110 §7.6.1, RFC 9112 §6).
    private static let ours: Set = [
        "accept", "connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive",
        "te",
        "trailer", "transfer-encoding", "upgrade",
    ]

    static func parse(_ text: String) throws(ScalarError) -> HeadFieldName {
        let name = text.lowercased()
        guard HTTPField.isName(name), name.utf8.count <= 64 else { throw .notThis }
        guard !ours.contains(name) else { throw .because("'\(name)' is written by the gateway itself", hint: nil) }
        return HeadFieldName(name: name)
    }

    static func read(_ key: Located<String>, in block: BlockReader) -> String? {
        do {
            return try parse(key.value).name
        } catch {
            switch error {
            case .because(let reason, _): block.report("cannot be set: \(reason)", key: key.value)
            default: block.report("is not \(expectation)", key: key.value)
            }
            return nil
        }
    }
}

/// A field of a request, by names from the outermost in.
private struct FieldPath: ScalarValue {
    let text: String

    static var expectation: String { "the path of a field such as store or messages.name" }

    static func parse(_ text: String) throws(ScalarError) -> FieldPath {
        let names = text.split(separator: ".", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }) else {
            throw .notThis
        }
        guard !text.contains("[") else {
            throw .because("a path has no indexes: every element is meant", hint: nil)
        }
        return FieldPath(text: text)
    }
}

/// What stands behind the `?` (RFC 3986 §3.4).
private struct AddressQuery: ScalarValue {
    let text: String

    static var expectation: String { "a query such as api-version=2024-10-21" }

    static func parse(_ text: String) throws(ScalarError) -> AddressQuery {
        guard !text.isEmpty, text.utf8.count <= 1024, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.contains("#")
        else { throw .notThis }
        guard !text.hasPrefix("?") else {
            throw .because("the '?' is not part of it", hint: "write \(text.dropFirst())")
        }
        return AddressQuery(text: text)
    }
}
