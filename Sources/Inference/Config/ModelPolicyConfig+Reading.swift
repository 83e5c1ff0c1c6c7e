/// How `models.policies` is read.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension ModelPolicy {
    static func readAll(in models: BlockReader, sets: SetTable) -> [ModelPolicy] {
        models.policies().compactMap { block in
            defer { block.finish() }
            return read(block, sets)
        }
    }

    private static func read(_ block: BlockReader, _ sets: SetTable) -> ModelPolicy? {
        let name = block.policyName()
        let condition = block.requiredNode("match")
        let match = condition.flatMap {
            Match.read(
                $0,
                what: "\(block.path).match",
                schema: RequestFact.schema,
                sets: sets,
                into: block.diagnostics
            )
        }
        let action = action(block)
        let otherwise = block.optional("otherwise", as: Otherwise.self)?.value ?? .reject
        let constraints = Constraints.read(block)
        if block.has("reject") { Constraints.reportBesideReject(block) }
        guard let name, let action else { return nil }
        return ModelPolicy(
            name: name,
            match: match ?? .never,
            matchText: condition?.text ?? "",
            action: action,
            otherwise: otherwise,
            constraints: constraints,
            place: block.place
        )
    }

    private static func action(_ block: BlockReader) -> Action? {
        let use = block.optional("use", as: String.self)
        let reason = block.optional("reject", as: String.self)
        let parts = split(block)
        let by = block.optional("by", as: SplitKey.self)
        if block.has("by"), !block.has("split") { block.report("belongs to 'split'", key: "by") }
        let written = ["use", "reject", "split"].filter { block.has($0) }
        guard written.count == 1 else {
            block.reportLack(
                written.isEmpty
                    ? "'\(block.path)' says not what to do"
                    : "'\(block.path)' says more than one thing to do: \(written.joined(separator: ", "))",
                hint: "write one of use:, split: and reject:"
            )
            return nil
        }
        if let use { return .use(use) }
        if let reason { return .reject(reason: reason.value) }
        return parts.isEmpty ? nil : .split(parts, by: by?.value ?? .key)
    }

    private static func split(_ block: BlockReader) -> [Part] {
        block.named("split").compactMap { entry in
            let what = "\(block.path).split.\(entry.key.value)"
            guard let weight = Int.read(entry.value, what: what, into: block.diagnostics) else { return nil }
            guard (0...ModelGroup.largestWeight).contains(weight.value) else {
                let message = "'\(what)' must lie between 0 and \(ModelGroup.largestWeight)"
                block.diagnostics.report(message, at: weight.place)
                return nil
            }
            return Part(group: entry.key, weight: weight.value)
        }
    }
}

extension ModelPolicy.Constraints {
    static func read(_ block: BlockReader) -> Self {
        let found = block.strategy()
        let strategy = found.map { Located($0.strategy, at: block.keyPlace("strategy")) }
        return Self(
            strategy: strategy,
            aims: found?.aims,
            only: .read("only", block),
            except: .read("except", block),
            maxCost: block.optional("max-cost", as: RequestCost.self),
            maxLatency: latency(block),
            minQuality: block.optional("min-quality", as: Fraction.self)?.value
        )
    }

    private static func latency(_ block: BlockReader) -> Span? {
        let bounds = Span.milliseconds(1)...Timeouts.longest
        let isWritten = block.has("max-latency")
        let span = block.span("max-latency", default: Timeouts.longest, within: bounds)
        return isWritten ? span : nil
    }

    /// Who is refused is sent to nobody.
    static func reportBesideReject(_ block: BlockReader) {
        for key in ["strategy", "only", "except", "max-cost", "max-latency", "min-quality", "otherwise"]
        where block.has(key) {
            block.report("says whom to choose, and 'reject' chooses nobody", key: key)
        }
    }
}

extension ModelPolicy.Scope {
    fileprivate static func read(_ key: String, _ policy: BlockReader) -> Self {
        guard let block = policy.block(key) else { return .empty }
        defer { block.finish() }
        let scope = Self(
            regions: block.values("region", as: String.self),
            providers: block.values("provider", as: String.self),
            paths: block.values("path", as: String.self),
            capabilities: block.values("capability", as: Capability.self)
        )
        if !["region", "provider", "path", "capability"].contains(where: block.has) {
            block.reportLack("'\(block.path)' names nothing", hint: "write region:, provider:, path: or capability:")
        }
        return scope
    }
}
