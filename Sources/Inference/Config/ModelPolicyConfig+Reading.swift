/// How `models.policies` is read.
import ConfigSyntax
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
                unserved: RequestFact.unserved,
                into: block.diagnostics
            )
        }
        let action = action(block)
        let otherwise = block.optional("otherwise", as: Otherwise.self)?.value ?? .reject
        if otherwise == .next { block.noteUnserved("otherwise") }
        let constraints = constraints(block)
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
        block.noteUnserved("split")
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
        return parts.isEmpty ? nil : .split(parts, by: by?.value ?? .request)
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

    private static func constraints(_ block: BlockReader) -> Constraints {
        let only = region("only", block)
        let except = region("except", block)
        let maxCost = block.optional("max-cost", as: RequestCost.self)
        for key in ["only", "except", "max-cost"] { block.noteUnserved(key) }
        return Constraints(onlyRegion: only, exceptRegion: except, maxCost: maxCost)
    }

    private static func region(_ key: String, _ block: BlockReader) -> Located<String>? {
        guard let inner = block.block(key) else { return nil }
        defer { inner.finish() }
        return inner.required("region", as: String.self)
    }
}
