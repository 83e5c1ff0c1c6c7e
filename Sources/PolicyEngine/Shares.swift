/// How a group's load is divided among its members right now, with a reason for every one of them.
///
/// Computed here, used by the planes: one programs the integers into the kernel, the other samples them (`Sampling.swift`).
package struct Shares: Hashable, Sendable {
    /// Every member of the group, in file order.
    package let all: [Share]
    /// The tier that carries the load; nil when nothing does.
    package let activeTier: Int?

    package init(all: [Share], activeTier: Int?) {
        self.all = all
        self.activeTier = activeTier
    }

    /// Only the members that carry load, in file order.
    package var carrying: [Share] { all.filter { $0.weight > 0 } }

    /// Whether the load stays on members that are not healthy, for want of any that is.
    package var isKeptLast: Bool { all.contains { $0.reason == .keptLast } }
}

/// One member's part of the load.
package struct Share: Hashable, Sendable {
    package let member: MemberID
    /// 0: carries nothing. Otherwise its part of the sum of all weights.
    package let weight: UInt32
    package let reason: Reason

    package init(member: MemberID, weight: UInt32, reason: Reason) {
        self.member = member
        self.weight = weight
        self.reason = reason
    }

    /// Why a member carries what it carries.
    package enum Reason: Hashable, Sendable {
        case eligible
        /// Eligible and second in line: `static` gives everything to an earlier one.
        case behind(MemberID)
        /// Eligible, but a lower tier carries the load.
        case standby(activeTier: Int)
        /// Degraded, and a healthy member carries the load instead.
        case degraded
        /// Not eligible, and carrying the load all the same because nothing else can (`when-all-down: keep-last`).
        case keptLast
        case down
        case absent(Cause)
        case drained
        case adminDown
        /// The member does not exist in this scope (a next hop without an address of the family).
        case outOfScope
        /// The caller ruled it out for this one choice: tried already, or against a constraint.
        case excluded(Cause)
    }
}
