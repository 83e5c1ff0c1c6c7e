/// What can happen to a router: everything the runtime reacts to, with the time and the chance already inside.
///
/// All but the configuration is flat and codable, so that a recording of events, replayed, gives the same effects again
/// (`Recording.swift`).
package import ConfigModel
package import Forwarding
package import Inference
package import Liveness
package import NetTypes
package import PolicyEngine

package struct Event: Sendable {
    package enum Kind: Sendable {
        /// A configuration that was checked, and that this version serves whole, takes effect.
        case configured(Configuration)
        case fact(Fact)
    }

    package let at: Instant
    /// A fresh uniform random number; whatever needs chance in this turn takes it from here.
    package let draw: UInt64
    package let kind: Kind

    package init(at: Instant, draw: UInt64, _ kind: Kind) {
        self.at = at
        self.draw = draw
        self.kind = kind
    }
}

/// An event as flat data.
package enum Fact: Hashable, Sendable, Codable {
    // The kernel.
    case kernel([KernelReport])
    case dumpBegan(KernelFamily)
    case dumpEnded(KernelFamily)
    /// The kernel had more to say of a family than its buffer holds, and lost some of it: a dump follows.
    case overrun(KernelFamily)
    /// Our nftables table as it was read; nil when it is not there.
    case ruleset(RulesetState?)
    /// All our routes in the main table but the defaults, as the dump that is about to end found them.
    case segments([RouteSegment])
    /// A feed's file was read again.
    case list(ListReading)
    /// A set's file was read again.
    case set(SetReading)
    /// The answer to `Effect.planFeeds`.
    case feedsPlanned(generation: UInt64, FeedPlan)
    /// Of the routes of `Effect.programFeeds` so many have been answered.
    case feedsProgress(token: UInt64, done: Int)
    case feedsProgrammed(token: UInt64, FeedOutcome)
    /// The answers to the changes of one `Effect.program`, in their order.
    case programmed(token: UInt64, [ChangeOutcome])

    // Health and traffic.
    /// The counters of the devices named in `Effect.count`.
    case bytesCounted(DeviceCounts)
    case probed([ProbeResult])
    /// Targets of probes that turned out dead themselves, or alive again.
    case targets([TargetReport])
    case bfd([BFDReport])
    case gateway(GatewayReport)
    case gatewayStarted
    /// The gateway process ended: its exit status, or 128 + signal.
    case gatewayEnded(status: Int32)

    // The operator.
    /// What was changed at run time before the last stop; comes once, before the first configuration.
    case overrides([Override])
    case admin(Override, by: String)
    /// All keys that were made at run time: those of the last stop, then at every change.
    case storedKeys([StoredKey])
    /// What was used of allowances before the last stop; comes once, before the first configuration.
    case usage([AllowanceUse])

    /// What members had of a day's canaries before the last stop; comes once, before the first configuration.
    case canaries([CanaryUse])

    /// Seconds since midnight where the router stands.
    case localTime(Int64)
    case flowsMoved(FlowMoveOutcome)

    /// A moment that was asked for by `Effect.wake` has come.
    case woke
}

/// What the operator changed at run time, kept apart from the file and outliving restarts.
package struct Override: Hashable, Sendable, Codable {
    package let plane: Plane
    /// `group.member`.
    package let member: String
    package let admin: Admin

    package init(plane: Plane, member: String, admin: Admin) {
        self.plane = plane
        self.member = member
        self.admin = admin
    }
}

package enum Plane: String, Hashable, Sendable, CaseIterable, Codable, Comparable {
    case network
    case models

    package static func < (a: Self, b: Self) -> Bool { a == .network && b == .models }
}
