/// How `models.groups` is read.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension ModelGroup {
    /// Enough for a canary of a thousandth, small enough that sums never overflow.
    static let largestWeight = 65535
    static let highestTier = 100
    /// Requests: whoever means more means no bound.
    static let longestQueue = 100_000
    /// A decision names every member; more of them is a catalogue, not a group.
    static let mostMembers = 64

    static func read(_ entry: Node.Entry, path: String, into diagnostics: Diagnostics) -> ModelGroup? {
        let block = BlockReader(entry.value, path: "\(path).\(entry.key.value)", into: diagnostics)
        defer { block.finish() }
        let (strategy, aims) = block.strategy() ?? (.weighted, nil)
        // Nobody counts what is lost of answers: health does.
        if block.has("max-loss") { block.report("is for packets", key: "max-loss") }
        let timeouts = block.block("timeouts").map(Timeouts.read) ?? .standard
        let passiveHealth = PassiveHealth.read(in: block)
        let retries = block.block("retries").map(RetryBudget.read) ?? .standard
        let notCarried = block.optional("not-carried", as: NotCarried.self)?.value ?? .refuse
        let limits = RateLimits.read(in: block)
        let routing = GroupRouting.read(block)
        let entries = block.named("members")
        if entries.isEmpty, block.isReadable, !block.has("members") || block.node("members")?.kind == .map([]) {
            diagnostics.report("'\(block.path)' has no members", at: block.keyPlace("members"))
        }
        if entries.count > mostMembers { block.report("are more than \(mostMembers)", key: "members") }
        let read = entries.compactMap { self.member($0, group: block.path, passiveHealth, diagnostics) }
        guard !read.isEmpty else { return nil }
        return ModelGroup(
            definition: GroupDefinition(
                name: entry.key,
                strategy: strategy,
                members: read.map(\.definition),
                // With nobody healthy, asking a member that failed is better than refusing without asking.
                keepsLast: true,
                terms: block.groupTerms(aims: aims, maxCost: nil, scale: .answers),
                mostDown: passiveHealth.mostDown(of: read.count)
            ),
            members: read.map(\.member),
            timeouts: timeouts,
            passiveHealth: passiveHealth,
            retries: retries,
            notCarried: notCarried,
            limits: limits,
            routing: routing,
            place: entry.key.place
        )
    }

    private static func member(
        _ entry: Node.Entry,
        group: String,
        _ passiveHealth: PassiveHealth,
        _ diagnostics: Diagnostics
    ) -> (definition: MemberDefinition, member: ModelMember)? {
        let block = BlockReader(entry.value, path: "\(group).\(entry.key.value)", into: diagnostics)
        defer { block.finish() }
        let provider = block.required("provider", as: String.self)
        // Whether it may be left out, the provider's probe says: it may have to be read from there.
        let model = block.optional("model", as: String.self)
        let quality = block.optional("quality", as: Fraction.self)
        let limits = RateLimits.read(in: block)
        let price = Price.read(in: block)
        let facts = ModelFacts.read(in: block)
        let canary = block.block("canary").map { MemberCanary.read($0, of: facts) }
        let definition = MemberDefinition(
            name: entry.key,
            weight: block.integer("weight", default: 1, within: 1...largestWeight),
            tier: block.integer("tier", default: 1, within: 1...highestTier),
            // The one request that tries a member again decides.
            hysteresis: Hysteresis(downAfter: passiveHealth.downAfter, upAfter: 1),
            scopes: [.any],
            quality: quality?.value
        )
        guard let provider, model != nil || !block.has("model") else { return nil }
        let member = ModelMember(
            name: entry.key,
            provider: provider,
            model: model,
            limits: limits,
            price: price,
            facts: facts,
            canary: canary,
            queueAtMost: block.has("queue-at-most")
                ? block.integer("queue-at-most", default: 1, within: 1...longestQueue) : nil,
            place: entry.key.place
        )
        return (definition, member)
    }
}

extension GroupRouting {
    fileprivate static func read(_ group: BlockReader) -> GroupRouting {
        GroupRouting(
            balance: group.optional("balance", as: Balance.self)?.value ?? .weight,
            affinity: group.block("affinity").flatMap(Affinity.read)
        )
    }
}

extension Affinity {
    fileprivate static func read(_ block: BlockReader) -> Affinity? {
        defer { block.finish() }
        let by = block.required("by", as: Key.self)
        let header = block.optional("header", as: String.self)
        if let header, !BlockReader.isName(header.value) { block.report("is no header's name", key: "header") }
        if header != nil, let by, by.value != .session { block.report("belongs to 'by: session'", key: "header") }
        let hold = block.span("hold", default: standardHold, within: .zero...longestHold)
        return by.map {
            Affinity(by: $0.value, header: header?.value.lowercased() ?? standardHeader, hold: hold)
        }
    }
}

extension Timeouts {
    /// A day: longer waits are no timeouts.
    static let longest = Span.seconds(86_400)

    static func read(_ block: BlockReader) -> Timeouts {
        defer { block.finish() }
        let bounds = Span.milliseconds(1)...longest
        let standard = Timeouts.standard
        let timeouts = Timeouts(
            connect: block.span("connect", default: standard.connect, within: bounds),
            head: block.span("head", default: standard.head, within: bounds),
            firstToken: block.span("first-token", default: standard.firstToken, within: bounds),
            betweenTokens: block.span("between-tokens", default: standard.betweenTokens, within: bounds),
            total: block.span("total", default: standard.total, within: bounds)
        )
        // A step longer than the whole would never run out; only what was written here can be meant.
        let steps = [
            ("connect", timeouts.connect), ("head", timeouts.head), ("first-token", timeouts.firstToken),
            ("between-tokens", timeouts.betweenTokens),
        ]
        for (key, span) in steps where block.has(key) && span > timeouts.total {
            block.report("is longer than the \(timeouts.total) that the whole exchange may take", key: key)
        }
        return timeouts
    }
}
