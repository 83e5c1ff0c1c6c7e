/// Whose part of the load is made smaller because its provider will not take much more? Below a quarter of a provider's limit a member's
/// weight shrinks in proportion, to next to nothing: others take the load before anybody is refused, and nobody is left out for it.
import NetTypes
import PolicyEngine

extension RoutingView {
    /// The same candidates, weighed by what their providers still take.
    func eased(_ set: CandidateSet, at now: Instant) -> CandidateSet {
        guard shortage.isOn(at: now), !load.members.isEmpty else { return set }
        return set.eased { self.load.members[$0.index].headroom(at: now)?.percent }
    }
}

extension CandidateSet {
    /// - Parameter percent: what is left of a member's limit; nil where that is not known.
    func eased(_ percent: (MemberID) -> UInt32?) -> CandidateSet {
        let left = eligible.map { percent($0.member) }
        guard left.contains(where: { $0.map { $0 < Headroom.little } ?? false }) else { return self }
        var set = self
        let parts = left.map { UInt64(max(1, min($0 ?? Headroom.little, Headroom.little))) }
        let weights = Self.fitting(zip(eligible, parts).map { UInt64($0.weight) * $1 })
        for (position, weight) in weights.enumerated() { set.eligible[position].weight = weight }
        // Rows with weight are those that can be chosen, in their order.
        let carrying = set.rows.indices.filter { set.rows[$0].weight > 0 }
        for (position, row) in zip(weights.indices, carrying) {
            set.rows[row].weight = weights[position]
            set.rows[row].headroom = left[position]
        }
        return set
    }

    /// The same proportions in 32 bits, as small as they can be; nobody loses all.
    private static func fitting(_ weights: [UInt64]) -> [UInt32] {
        let divisor = max(1, weights.reduce(0, commonDivisor))
        let most = (weights.max() ?? 0) / divisor
        let shift = UInt64(max(0, 32 - most.leadingZeroBitCount))
        return weights.map { $0 == 0 ? 0 : UInt32(clamping: max(1, ($0 / divisor) >> shift)) }
    }

    private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
