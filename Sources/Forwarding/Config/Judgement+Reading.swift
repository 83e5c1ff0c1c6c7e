/// What a group's strategy and limits ask of its members, checked while both are read.
package import ConfigSyntax
import PolicyEngine

extension NetworkGroup {
    /// Reports members that cannot be judged by what the group judges by: they would wait for ever to be measured or rated.
    static func checkJudgement(
        by strategy: Strategy,
        _ terms: GroupTerms,
        _ members: [NetworkMember],
        _ block: BlockReader
    ) {
        if let key = measuringKey(strategy, terms.aims, terms.limits) {
            for lack in lacking(probe: members) { block.report(lack, key: key) }
        }
        if let key = ratingKey(strategy, terms.aims, terms.limits) {
            for lack in lacking(quality: members) { block.report(lack, key: key) }
        }
    }

    /// What the group's members lack to be judged by the strategy of a policy.
    package func lacks(for own: PolicyStrategy) -> [String] {
        (Self.measuringKey(own.strategy, own.aims, .none) == nil ? [] : Self.lacking(probe: members))
            + (Self.ratingKey(own.strategy, own.aims, .none) == nil ? [] : Self.lacking(quality: members))
    }

    private static func lacking(probe members: [NetworkMember]) -> [String] {
        members.filter { $0.probe == nil }.map { "needs a probe on every member, and '\($0.name.value)' has none" }
    }

    private static func lacking(quality members: [NetworkMember]) -> [String] {
        members.filter { $0.quality == nil }.map { "needs a quality for every member, and '\($0.name.value)' has none" }
    }

    /// The key that asks for measurements; nil: none does.
    private static func measuringKey(_ strategy: Strategy, _ aims: Aims?, _ limits: Limits) -> String? {
        if strategy.measures(aims) { return "strategy" }
        if limits.maxLatency != nil { return "max-latency" }
        return limits.maxLoss == nil ? nil : "max-loss"
    }

    /// The key that asks for configured quality; nil: none does.
    private static func ratingKey(_ strategy: Strategy, _ aims: Aims?, _ limits: Limits) -> String? {
        if strategy == .quality || (aims?.quality ?? .zero) > .zero { return "strategy" }
        return limits.minQuality == nil ? nil : "min-quality"
    }
}

extension DataCost {
    /// The same price for 10^9 bytes, the unit that members are compared in; cut to whole pico-dollars.
    package var perGigabyte: Money {
        let (scaled, overflow) = amount.picoDollars.multipliedReportingOverflow(by: Int128(ByteUnit.GB.bytes))
        return Money(picoDollars: overflow ? .max : scaled / Int128(unit.bytes))
    }
}
