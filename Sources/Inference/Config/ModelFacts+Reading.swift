/// How the facts of models are read: the keys `context`, `max-output`, `capabilities` and `streams`, on a member, in a provider's `models` or in
/// `models.catalogue`.
import ConfigSyntax

extension ModelFacts {
    /// Tokens; ten times the largest context there is.
    private static let tokens = 1...100_000_000

    /// Reads the four keys of a block that may have others.
    static func read(in block: BlockReader) -> ModelFacts {
        let facts = ModelFacts(
            context: count("context", block),
            maxOutput: count("max-output", block),
            capabilities: capabilities(block),
            streams: block.optional("streams", as: Bool.self)?.value
        )
        if let context = facts.context, let most = facts.maxOutput, most > context {
            block.report(
                "is more than the \(context) tokens that 'context' has for prompt and answer",
                key: "max-output"
            )
        }
        return facts
    }

    /// Reads `models.catalogue`, or `models` of a provider: facts by the models' names as their providers know them.
    static func readAll(_ key: String, in parent: BlockReader) -> [String: ModelFacts] {
        guard let catalogue = parent.block(key) else { return [:] }
        var facts: [String: ModelFacts] = [:]
        for entry in catalogue.allEntries() {
            let path = "\(catalogue.path).\(entry.key.value)"
            let block = BlockReader(entry.value, path: path, into: parent.diagnostics)
            facts[entry.key.value] = read(in: block)
            block.finish()
        }
        return facts
    }

    private static func count(_ key: String, _ block: BlockReader) -> UInt64? {
        guard let count = block.optional(key, as: Int.self) else { return nil }
        guard tokens.contains(count.value) else {
            block.report("must lie between \(tokens.lowerBound) and \(tokens.upperBound)", key: key)
            return nil
        }
        return UInt64(count.value)
    }

    private static func capabilities(_ block: BlockReader) -> Capabilities? {
        guard block.node("capabilities") != nil else { return nil }
        return Capabilities(listed: block.values("capabilities", as: Capability.self).map(\.value))
    }
}
