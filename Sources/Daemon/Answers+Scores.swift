/// What a score rests on, in words: the evidence beside a share.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension Answers {
    /// `, score 0.83: 18ms ± 2ms, 0.0 % lost, 64 samples; 4.00 USD; quality 0.9`; empty where nothing is judged.
    func judgement(_ share: Share, in scope: HealthScope, _ table: GroupTable) -> String {
        let member = table[share.member]
        let terms = table[member.group].definition.ownTerms
        guard terms.strategy.judges || terms.limits != .none else { return "" }
        let evidence = table.evidence(of: share.member, in: scope)
        let parts = [
            evidence.measured.map { "\(words($0)), \(samples(of: member, in: scope))" } ?? "not measured",
            evidence.price.map { price($0, member) },
            evidence.quality.map { "quality \(Self.decimal($0.millionths))" },
        ].compactMap { $0 }
        let score = share.score.map { ", score \(Self.decimal($0.total)): " } ?? ", "
        return score + parts.joined(separator: "; ")
    }

    func samples(of member: GroupTable.Member, in scope: HealthScope) -> String {
        let count = member.standing(in: scope)?.samples(at: now) ?? 0
        return count == 1 ? "1 sample" : "\(count) samples"
    }

    func penalty(of member: GroupTable.Member, in scope: HealthScope, _ table: GroupTable) -> Int {
        guard let rule = table[member.group].definition.terms.damping, let damping = member.standing(in: scope)?.damping
        else { return 0 }
        return damping.penalty(at: now, under: rule)
    }

    private func words(_ measured: Measured) -> String {
        let permille = (measured.loss.millionths + 500) / 1000
        return
            "\(Self.short(measured.latency)) ± \(Self.short(measured.jitter)), \(permille / 10).\(permille % 10) % lost"
    }

    private func price(_ price: Money, _ member: GroupTable.Member) -> String {
        guard let allowance = member.allowance else { return "costs \(price)" }
        if allowance.isSpent { return "costs \(price), the allowance is used up" }
        return allowance.isEnding ? "free, the allowance is nearly used up" : "free within the allowance"
    }

    /// Microseconds below a millisecond, whole milliseconds above ten.
    private static func short(_ span: Span) -> String {
        let micro = span.nanoseconds / 1000
        return Span(nanoseconds: (micro < 10_000 ? micro : micro / 1000 * 1000) * 1000).description
    }

    static func decimal(_ millionths: UInt32) -> String {
        let hundredths = (millionths + 5000) / 10_000
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
