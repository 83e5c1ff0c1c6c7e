/// How a group's load is divided among its members right now, with a reason for every one of them.
///
/// Computed here, used by the planes: one programs the integers into the kernel, the other samples them (`Sampling.swift`).
package import NetTypes

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
    /// By the strategy that was asked for; nil where it does not judge, or knows too little.
    package let score: Score?
    /// Whether something has been heard of the member that says it works: not `unknown`, not `down`, not gone.
    package let isProven: Bool

    package init(member: MemberID, weight: UInt32, reason: Reason, score: Score? = nil, isProven: Bool = false) {
        self.member = member
        self.weight = weight
        self.reason = reason
        self.score = score
        self.isProven = isProven
    }

    /// Why a member carries what it carries.
    package enum Reason: Hashable, Sendable {
        case eligible
        /// Eligible and second in line: `static` gives everything to an earlier one, the judging strategies to a better one.
        case behind(MemberID)
        /// Eligible, and not measured often enough to be judged: carries a small part, so that it will be.
        case exploring
        /// Eligible, but a lower tier carries the load.
        case standby(activeTier: Int)
        /// Not eligible, and carrying the load all the same because nothing else can (`when-all-down: keep-last`).
        case keptLast
        /// Better left out (see the cases below), and carrying the load all the same because nobody better can.
        case lastResort
        /// Degraded, and a healthy member carries the load instead.
        case degraded
        /// Beyond a limit of the group or the policy.
        case overLimit(Limits.Bound)
        /// It failed a short while ago (`hold-down`).
        case heldDown(until: Instant)
        /// It failed too often (`damping`).
        case damped(until: Instant)
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
