/// How `models.keys`, `models.teams` and `limits` are read.
import ConfigSyntax
import PolicyEngine

extension ClientKey {
    static func readAll(in models: BlockReader) -> [ClientKey] {
        models.named("keys").compactMap { entry in
            let path = "\(models.path).keys.\(entry.key.value)"
            let block = BlockReader(entry.value, path: path, into: models.diagnostics)
            defer { block.finish() }
            let hash = block.required("hash", as: KeyDigest.self)
            let team = block.optional("team", as: String.self)
            let tags = block.values("tags", as: KeyTag.self)
            let scope = scope(in: block)
            let expires = block.optional("expires", as: KeyExpiry.self)
            let budget = SpendingLimit.read(in: block)
            let limits = RateLimits.read(in: block)
            return hash.map {
                ClientKey(
                    name: entry.key,
                    hash: $0.value,
                    team: team,
                    tags: tags.map(\.value.text),
                    models: scope,
                    expires: expires?.value,
                    budget: budget,
                    limits: limits
                )
            }
        }
    }

    private static func scope(in block: BlockReader) -> [Located<String>]? {
        guard block.has("models") else { return nil }
        let names = block.values("models", as: String.self)
        if case .list([])? = block.node("models")?.kind {
            block.report(
                "lets the key use nothing",
                key: "models",
                hint: "leave it out, and the key may use everything"
            )
        }
        return names
    }
}

extension TeamDefinition {
    static func readAll(in models: BlockReader) -> [TeamDefinition] {
        models.named("teams").map { entry in
            let path = "\(models.path).teams.\(entry.key.value)"
            let block = BlockReader(entry.value, path: path, into: models.diagnostics)
            defer { block.finish() }
            let budget = SpendingLimit.read(in: block)
            let limits = RateLimits.read(in: block)
            return TeamDefinition(name: entry.key, budget: budget, limits: limits)
        }
    }
}

extension SpendingLimit {
    /// Ten million: what is counted in pico-dollars must fit in a word.
    static let largest = Money(picoDollars: 10_000_000 * 1_000_000_000_000)

    /// A budget that is not written in the file; nil when it is none.
    package static func parse(_ text: String) -> SpendingLimit? {
        guard let budget = try? Budget.parse(text), budget.amount > .zero, budget.amount <= largest else { return nil }
        return SpendingLimit(budget)
    }

    /// Reads `budget` of a key or a team.
    static func read(in owner: BlockReader) -> Located<Budget>? {
        guard let budget = owner.optional("budget", as: Budget.self) else { return nil }
        if SpendingLimit(budget.value) == nil {
            owner.report("is counted per day or month, not per \(budget.value.unit.rawValue)", key: "budget")
        }
        if budget.value.amount <= .zero || budget.value.amount > largest {
            owner.report("must be more than nothing and at most \(largest)", key: "budget")
        }
        return budget
    }
}

extension RateLimits {
    /// Streams at the same time that anybody can mean; a gateway holds far fewer.
    package static let mostStreams = 1_000_000

    /// Reads `limits` of a key, team, group or member.
    static func read(in owner: BlockReader) -> RateLimits {
        guard let block = owner.block("limits") else { return .none }
        defer { block.finish() }
        return RateLimits(
            requests: rate("requests", .requests, block),
            tokens: rate("tokens", .tokens, block),
            streams: block.has("streams") ? block.integer("streams", default: 1, within: 1...mostStreams) : nil
        )
    }

    private static func rate(_ key: String, _ unit: Count.Unit, _ block: BlockReader) -> Located<Rate>? {
        guard let rate = block.optional(key, as: Rate.self) else { return nil }
        if let written = rate.value.amount.unit, written != unit {
            block.report("counts \(unit.rawValue), not \(written.rawValue)", key: key)
        }
        if rate.value.amount.value < 1 {
            block.report("lets nothing through", key: key, hint: "revoke the key instead")
        }
        return rate
    }
}
