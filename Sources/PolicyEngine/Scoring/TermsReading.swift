/// How a strategy and what stands beside it are read, in the blocks of both planes.
package import ConfigSyntax
import NetTypes

extension BlockReader {
    /// `strategy`: a word, or `{ hybrid: { cost: 0.4, latency: 0.3, quality: 0.3 } }`; nil when it is not written.
    package func strategy() -> (strategy: Strategy, aims: Aims?)? {
        guard let node = node("strategy") else { return nil }
        guard case .map = node.kind else {
            guard let word = Strategy.read(node, what: "\(path).strategy", into: diagnostics)?.value else { return nil }
            if word == .hybrid { report("does not say how much of each", key: "strategy", hint: Aims.hint) }
            return (word, nil)
        }
        let outer = BlockReader(node, path: "\(path).strategy", into: diagnostics)
        defer { outer.finish() }
        let aims = outer.block("hybrid").flatMap(Aims.read)
        if !outer.has("hybrid") { report("is a map, but not {hybrid: …}", key: "strategy") }
        return (.hybrid, aims)
    }

    /// `max-latency`, `max-loss` and `min-quality`; what `max-cost` is counted in is the plane's own.
    package func limits(maxCost: Money?) -> Limits {
        let longest = Span.seconds(60)
        let hasLatency = has("max-latency")
        let latency = span("max-latency", default: longest, within: .milliseconds(1)...longest)
        return Limits(
            maxLatency: hasLatency ? latency : nil,
            maxLoss: optional("max-loss", as: Fraction.self)?.value,
            maxCost: maxCost,
            minQuality: optional("min-quality", as: Fraction.self)?.value
        )
    }

    /// Everything of a group's block that says how its members are judged, but the strategy itself.
    package func groupTerms(aims: Aims?, maxCost: Money?, scale: ScoreScale = .standard) -> GroupTerms {
        let (margin, settle) = hysteresis()
        return GroupTerms(
            aims: aims,
            limits: limits(maxCost: maxCost),
            damping: damping(),
            holdDown: span("hold-down", default: .zero, within: .zero...GroupTerms.longestHoldDown),
            margin: margin,
            settle: settle,
            exploration: exploration(),
            scale: scale
        )
    }

    private func hysteresis() -> (Fraction, Span) {
        guard let block = block("hysteresis") else { return (GroupTerms.standardMargin, GroupTerms.standardSettle) }
        defer { block.finish() }
        return (
            block.optional("margin", as: Fraction.self)?.value ?? GroupTerms.standardMargin,
            block.span("for", default: GroupTerms.standardSettle, within: .zero...GroupTerms.longestSettle)
        )
    }

    private func exploration() -> Fraction {
        guard let found = optional("explore", as: Fraction.self) else { return GroupTerms.standardExploration }
        if found.value > GroupTerms.mostExploration {
            diagnostics.report("'\(path).explore' must be at most 0.5", at: found.place)
        }
        return found.value
    }

    /// `true`, or a map of what differs from the usual.
    private func damping() -> DampingRule? {
        guard let node = node("damping") else { return nil }
        guard case .map = node.kind else {
            return Bool.read(node, what: "\(path).damping", into: diagnostics)?.value == true ? .standard : nil
        }
        let block = BlockReader(node, path: "\(path).damping", into: diagnostics)
        defer { block.finish() }
        let standard = DampingRule.standard
        let rule = DampingRule(
            halfLife: block.span("half-life", default: standard.halfLife, within: .seconds(1)...(.seconds(86_400))),
            suppress: block.integer("suppress", default: standard.suppress, within: 1...DampingRule.largestThreshold),
            reuse: block.integer("reuse", default: standard.reuse, within: 1...DampingRule.largestThreshold)
        )
        if rule.reuse >= rule.suppress {
            block.reportLack("'\(block.path)' must have 'reuse' below 'suppress'", hint: "each failure adds 1000")
        }
        return rule
    }
}

extension Aims {
    fileprivate static let hint = "write { hybrid: { cost: 0.4, latency: 0.3, quality: 0.3 } }"

    /// The parts of a hybrid score, which add up to one; what is not written counts nothing.
    fileprivate static func read(_ block: BlockReader) -> Aims? {
        defer { block.finish() }
        let keys = ["cost", "latency", "quality"]
        let parts = keys.map { block.optional($0, as: Fraction.self)?.value }
        let isRead = zip(keys, parts).allSatisfy { $1 != nil || !block.has($0) }
        let sum = parts.reduce(0) { $0 + Int($1?.millionths ?? 0) }
        if isRead, sum != Int(Fraction.one.millionths) {
            block.diagnostics.report("the weights in '\(block.path)' do not add up to 1", at: block.place)
        }
        return Aims(cost: parts[0] ?? .zero, latency: parts[1] ?? .zero, quality: parts[2] ?? .zero)
    }
}

extension GroupTerms {
    /// Longer is no pause after a failure but the operator's own business: `martlet down`.
    static let longestHoldDown = Span.seconds(86_400)
    /// What takes longer to be believed is not live.
    static let longestSettle = Span.seconds(3600)
    static let mostExploration = Fraction(millionths: 500_000)
}

extension DampingRule {
    /// A hundred failures in a row.
    static let largestThreshold = 100_000
}
