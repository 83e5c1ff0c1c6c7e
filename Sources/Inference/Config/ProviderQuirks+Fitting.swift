/// What becomes of a request at a provider that does not take every field of the dialect it says it speaks?
import Wire

extension ProviderQuirks {
    /// Fields that shade no answer: they go without effect silently but for being named in the answer's head. A thought of an answer before is one.
    private static let hints: Set = [
        "messages.reasoning", "messages.reasoning_content", "metadata", "prompt_cache_key", "safety_identifier",
        "service_tier", "store", "user",
    ]
    /// What we ask for ourselves, for the meter: a provider that refuses the wish tells its usage without it, or not at all.
    private static let ours = "stream_options"

    /// A request as this provider takes it, and what of it is left out.
    func fitted(_ body: [UInt8]) -> (body: [UInt8], omissions: [Omission]) {
        let (fitted, omissions) = withFitFields(body)
        return (withFitCalls(fitted), omissions)
    }

    private func withFitFields(_ body: [UInt8]) -> (body: [UInt8], omissions: [Omission]) {
        guard !refuses.isEmpty || !renames.isEmpty, let document = try? JSONDocument(body, limits: .request) else {
            return (body, [])
        }
        let paths = refuses.map { (name: $0, names: $0.split(separator: ".")[...]) }
        let refused = paths.filter { document.root.holds($0.names) }
        guard !refused.isEmpty else { return (renamed(document), []) }
        guard let rest = try? document.applying(Self.removals(refused.map(\.names))) else { return (body, []) }
        let omissions = refused.map(\.name).filter { $0 != Self.ours }.map { name in
            Self.hints.contains(name) ? Omission.hint(name) : Omission.wish(name)
        }
        // What is renamed may have lost something within.
        guard !renames.isEmpty, let left = try? JSONDocument(rest, limits: .request) else { return (rest, omissions) }
        return (renamed(left), omissions)
    }

    private func renamed(_ document: JSONDocument) -> [UInt8] {
        var edits: [JSONEdit] = []
        for rename in renames {
            guard let value = document[rename.from] else { continue }
            edits.append(.remove(rename.from))
            // Who says both means the one that the provider knows.
            if document[rename.to] == nil { edits.append(.set(rename.to, Array(value.raw))) }
        }
        return edits.isEmpty ? document.bytes : (try? document.applying(edits)) ?? document.bytes
    }

    /// One edit for each name that paths begin with.
    private static func removals(_ paths: [ArraySlice<Substring>]) -> [JSONEdit] {
        var names: [Substring] = []
        for case let name? in paths.map(\.first) where !names.contains(name) { names.append(name) }
        return names.map { name in
            let rests = paths.filter { $0.first == name }.map { $0.dropFirst() }
            return rests.contains(where: \.isEmpty)
                ? .remove(String(name)) : .each(String(name), removals(rests))
        }
    }
}

extension JSONView {
    /// Whether there is anything at a path, in any element of what is an array.
    fileprivate func holds(_ path: ArraySlice<Substring>) -> Bool {
        guard let name = path.first else { return true }
        switch kind {
        case .object: return self[String(name)]?.holds(path.dropFirst()) ?? false
        case .array: return elements.contains { $0.holds(path) }
        case .null, .bool, .number, .string: return false
        }
    }
}
