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
        if let key = measuringKey(strategy, terms) {
            for member in members where member.probe == nil {
                block.report("needs a probe on every member, and '\(member.name.value)' has none", key: key)
            }
        }
        if let key = ratingKey(strategy, terms) {
            for member in members where member.quality == nil {
                block.report("needs a quality for every member, and '\(member.name.value)' has none", key: key)
            }
        }
    }

    /// The key that asks for measurements; nil: none does.
    private static func measuringKey(_ strategy: Strategy, _ terms: GroupTerms) -> String? {
        if strategy == .latency || (terms.aims?.latency ?? .zero) > .zero { return "strategy" }
        if terms.limits.maxLatency != nil { return "max-latency" }
        return terms.limits.maxLoss == nil ? nil : "max-loss"
    }

    /// The key that asks for configured quality; nil: none does.
    private static func ratingKey(_ strategy: Strategy, _ terms: GroupTerms) -> String? {
        if strategy == .quality || (terms.aims?.quality ?? .zero) > .zero { return "strategy" }
        return terms.limits.minQuality == nil ? nil : "min-quality"
    }
}

extension DataCost {
    /// The same price for 10^9 bytes, the unit that members are compared in; cut to whole pico-dollars.
    package var perGigabyte: Money {
        let (scaled, overflow) = amount.picoDollars.multipliedReportingOverflow(by: Int128(ByteUnit.GB.bytes))
        return Money(picoDollars: overflow ? .max : scaled / Int128(unit.bytes))
    }
}
