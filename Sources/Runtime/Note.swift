/// What an operator should learn of a turn, as plain rows: words are made only where it is shown.
package import Forwarding
package import Inference
package import Liveness
package import NetTypes
package import PolicyEngine

package enum Note: Hashable, Sendable, Codable {
    case health(Plane, member: String, HealthScope, from: Verdict, to: Verdict, Cause?)
    /// A probe's target seems dead itself, or has come back; it is no member's fault.
    case target(TargetReport)
    case presence(member: String, HealthScope, absent: Cause?)
    /// A group's load is divided anew.
    case shares(Plane, group: String, HealthScope, [NotedShare])
    case applied(plan: Int, conflicts: Int)
    /// Flows were moved off a member.
    case flowsMoved(FlowMoveOutcome)
    /// The kernel refused a change; it is tried again at the given time.
    case refused(KernelChange, KernelRefusal, retryAt: Instant)
    /// The kernel's answer to a change never came; what it holds is read again.
    case unanswered(changes: Int)
    case conflict(ForeignConflict)
    /// Somebody changed or removed an object of ours; it is put back.
    case drift(KernelReport)
    /// Somebody changed or removed our nftables table; it is put back.
    case tableDrift(isGone: Bool)
    /// Strangers' changes came faster than they could be read: the family is read again.
    case overrun(KernelFamily)
    /// Strangers' objects that lean on next hops of ours which are being deleted: the kernel removes them along.
    case losses([Loss])
    /// Forwarding hardware did not take a route.
    case offloadFailed(Forwarding.Route.Key)
    /// The file of a feed was read again, and its routes are brought in line.
    case list(feed: String, prefixes: Int, duplicates: Int)
    /// The file of a feed cannot be used as it is now; what was read before stays in force.
    case listRefused(feed: String, problem: String)
    case feedsBegan(routes: Int)
    case feedsProgress(done: Int, of: Int)
    case feedsEnded(FeedOutcome.Ending, accepted: Int, refused: Int, first: [FeedRefusal])
    case admin(Override, by: String)
    /// What a member's local server has for it, as its probe read it.
    case found(member: String, model: String, context: UInt64?)
    case gatewayStarted
    case gatewayEnded(status: Int32)
    case alarm(GatewayAlarm)
    /// The ownership window is too small for everything the file names.
    case unnumbered([String])
}

/// One member's part in a `Note.shares`.
package struct NotedShare: Hashable, Sendable, Codable {
    package let member: String
    package let weight: UInt32

    package init(member: String, weight: UInt32) {
        self.member = member
        self.weight = weight
    }
}
