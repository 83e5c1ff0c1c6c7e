/// How are the keys of a model group read that say what becomes of failures?
import ConfigSyntax
import NetTypes
import PolicyEngine

extension PassiveHealth {
    private static let waits = Span.milliseconds(100)...(.seconds(86_400))

    static func read(in group: BlockReader) -> PassiveHealth {
        let standard = PassiveHealth.standard
        let downAfter = group.integer("down-after", default: standard.downAfter, within: 1...1000)
        let often = group.block("down-at").map(readShare)
        let recoverAfter = group.span("recover-after", default: standard.recoverAfter, within: waits)
        let recoverAtMost = group.span("recover-at-most", default: standard.recoverAtMost, within: waits)
        if group.has("recover-at-most"), recoverAtMost < recoverAfter {
            group.report("is shorter than the \(recoverAfter) of the first wait", key: "recover-at-most")
        }
        return PassiveHealth(
            downAfter: downAfter,
            downAtShare: often?.share ?? standard.downAtShare,
            downAtAttempts: often?.attempts ?? standard.downAtAttempts,
            recoverAfter: recoverAfter,
            recoverAtMost: recoverAtMost,
            pauseAtMost: group.span("pause-at-most", default: standard.pauseAtMost, within: waits),
            mostEjected: group.optional("max-ejected", as: Fraction.self)?.value ?? standard.mostEjected
        )
    }

    private static func readShare(_ block: BlockReader) -> (share: Fraction, attempts: Int) {
        defer { block.finish() }
        let standard = PassiveHealth.standard
        let share = block.optional("failures", as: Fraction.self)?.value ?? standard.downAtShare
        if share == .zero {
            block.report("would put every member out at once", key: "failures", hint: "write 1 for never")
        }
        return (share, block.integer("of", default: standard.downAtAttempts, within: 2...100_000))
    }
}

extension RetryBudget {
    static func read(_ block: BlockReader) -> RetryBudget {
        defer { block.finish() }
        return RetryBudget(
            share: block.optional("share", as: Fraction.self)?.value ?? standard.share,
            atLeast: block.integer("at-least", default: standard.atLeast, within: 0...1_000_000)
        )
    }
}

extension ProviderProbe {
    /// - Parameter url: the provider's, if that could be read.
    static func read(_ block: BlockReader, of url: ProviderURL?) -> ProviderProbe {
        defer { block.finish() }
        let kind = block.optional("kind", as: Kind.self)?.value
        if (kind ?? standard.kind).asks, url?.pathPrefix.contains(ProviderURL.modelPlace) == true {
            block.report(
                "has no list of models to ask for below an address with a model in it",
                key: "kind",
                hint: "write kind: tls"
            )
        }
        if kind == .tls, url?.scheme == .http {
            block.report("wants a provider with https", key: "kind", hint: "write kind: tcp")
        }
        let usual = kind?.server == nil ? standard.every : everyOfServers
        let every = block.span("every", default: usual, within: .milliseconds(100)...(.seconds(86_400)))
        let timeout = block.span(
            "timeout",
            default: min(standard.timeout, every),
            within: .milliseconds(1)...(.seconds(60))
        )
        if timeout > every { block.report("is longer than the \(every) to the next probe", key: "timeout") }
        return ProviderProbe(
            kind: kind ?? standard.kind,
            every: every,
            timeout: timeout,
            downAfter: block.integer("down-after", default: standard.downAfter, within: 1...1000)
        )
    }
}
