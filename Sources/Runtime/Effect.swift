/// What a turn asks the outside to do. The daemon carries effects out in order; nothing in here acts.
package import Forwarding
package import Inference
package import Liveness
package import NetTypes
import PolicyEngine

package enum Effect: Sendable, Codable {
    /// Send the changes on the lane, in this order; the outcomes come back as `Fact.programmed` with the token.
    case program(Lane, token: UInt64, [KernelChange])
    /// Compare the lists, away from the turn; the answer comes back as `Fact.feedsPlanned` with the generation.
    case planFeeds(generation: UInt64, FeedQuestion)
    /// Send the steps; the outcome comes back as `Fact.feedsProgrammed` with the token.
    case programFeeds(token: UInt64, FeedJob)
    /// Send no more of it; the outcome comes back all the same.
    case cancelFeeds(token: UInt64)
    /// Dump the family again.
    case reread(KernelFamily)
    /// These members are to be probed, and no others.
    case probe([ProbedMember])
    /// These BFD sessions are to be kept, and no others.
    case bfd([BFDSubject])
    /// The gateway is to serve by this snapshot; nil: there is to be no gateway.
    case serve(GatewaySnapshot?)
    /// The gateway is to ask this model member whether it works.
    case canary(member: String)
    /// Keep these overrides for the next start.
    case keep([Override])
    /// The counters of these devices are wanted now and then, and no others'.
    case count([String])
    /// Keep this for the next start.
    case keepUsage([AllowanceUse])
    /// Keep this for the next start.
    case keepCanaries([CanaryUse])
    /// Tell whoever watches what became of these requests.
    case decided([DecisionRecord])
    /// Say the local time of day, as `Fact.localTime`.
    case tellLocalTime
    /// Have flows begin anew by another way; the outcome comes back as `Fact.flowsMoved`.
    case moveFlows(FlowMove)
    /// Come back at this time with `Fact.woke`.
    case wake(at: Instant)
    /// Tell the journal, the metrics and whoever watches.
    case note(Note)
}

/// The two ways to the kernel, each with a socket and thread of its own.
package enum Lane: String, Hashable, Sendable, Codable {
    /// Few messages that must not wait: group replaces, small plans.
    case fast
    /// Many routes, in steps that let the fast lane through.
    case bulk
}
