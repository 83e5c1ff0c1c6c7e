/// By which prices does a gateway count, and what of a model whose price nobody knows? Never nothing: its requests are refused, counted
/// at a ceiling, or, where `models.prices` is not configured, shown as of unknown cost.
import ConfigSyntax
package import PolicyEngine

package struct Pricing: Hashable, Sendable, Codable {
    /// What becomes of a request to a member without a price.
    package enum Unknown: Hashable, Sendable, Codable {
        /// Served; its cost is said to be unknown. Without `models.prices`.
        case uncounted
        /// Not served by that member.
        case refuse
        /// Served and counted at these rates.
        case ceiling(PriceRates)
    }

    /// Names the set of all prices in records: the same prices have the same name, also after a restart.
    package var generation: String
    package var unknown: Unknown

    /// Prices under a name.
    package init(generation: String, unknown: Unknown) { (self.generation, self.unknown) = (generation, unknown) }
}

extension GatewaySnapshot {
    /// What the usage costs at a member; nil when that is not known.
    /// - Parameters:
    ///   - usage: nil in it counts as none.
    ///   - second: since 1970, UTC.
    ///   - images: of the prompt.
    package func cost(of usage: Usage, at member: MemberID, second: UInt64, images: UInt64 = 0) -> Cost? {
        if let price = deployments[member.index].price,
            let money = Cost.of(usage, price, at: second, images: images)
        {
            return Cost(money)
        }
        guard case .ceiling(let rates)? = pricing?.unknown else { return nil }
        return Cost(Money(picoDollars: rates.cost(of: usage, images: images)), .ceilingPrice)
    }

    /// What a request may cost at a member before anything is known of its answer; nil when that is not known.
    ///
    /// Nothing is taken to come from a cache, and the whole answer is taken to be said: an estimate to reserve a budget by, or to hold
    /// against a limit, and to compare members by.
    /// - Parameters:
    ///   - prompt: tokens, estimated.
    ///   - answer: tokens at most, or as many as are expected.
    ///   - units: what it will use besides tokens.
    ///   - second: since 1970, UTC.
    package func estimate(
        prompt: UInt64,
        answer: UInt64,
        units: MediaUnits? = nil,
        at member: MemberID,
        second: UInt64
    ) -> Cost? {
        var usage = Usage(input: prompt, output: answer)
        usage.units = units
        return cost(of: usage, at: member, second: second).map { Cost($0.money, $0.grounds.union(.estimatedUsage)) }
    }

    /// Whether a request may be sent to the member as far as its price goes.
    package func isPriced(_ member: MemberID, second: UInt64) -> Bool {
        guard case .refuse? = pricing?.unknown else { return true }
        return deployments[member.index].price?.rates(input: 0, at: second) != nil
    }
}
