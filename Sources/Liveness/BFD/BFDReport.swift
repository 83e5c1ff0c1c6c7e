/// What a BFD session tells the rest of the house.
package import NetTypes
package import PolicyEngine

package struct BFDReport: Hashable, Sendable, Codable {
    /// `group.member` of each that uses the session.
    package let members: [String]
    package let scope: HealthScope
    /// What that means for their health; nil when that is no news.
    package let signal: Signal?
    package let at: Instant
    package let session: Facts

    /// The session as it is.
    package struct Facts: Hashable, Sendable, Codable {
        package var device: String?
        package var peer: IPAddress
        package var state: BFDState
        /// When the state last changed.
        package var since: Instant
        package var diagnostic: BFDDiagnostic
        package var localDiscriminator: UInt32
        package var remoteState: BFDState
        package var remoteDiagnostic: BFDDiagnostic
        /// 0: not known.
        package var remoteDiscriminator: UInt32
        /// The intervals that both ends have agreed upon, before jitter.
        package var transmit: Span
        package var receive: Span
        package var multiplier: UInt8
        /// nil while the other end is silent.
        package var detection: Span?
        package var authentication: BFDAuthenticationType?
        /// Since the session began: times it left Up.
        package var falls: UInt64 = 0
        package var sent: UInt64 = 0
        package var received: UInt64 = 0
        /// Packets of the other end that failed a check, its key's most of all.
        package var refused: UInt64 = 0
        /// Mean deviation of the time between two packets from the one before (as RFC 3550 §6.4.1 has it); the jitter that senders
        /// must add is in it.
        package var jitter: Span = .zero
        /// The longest time between two packets since the last report while up: near the Detection Time means near to a fall.
        package var longestGap: Span = .zero
        /// Whether the thread that keeps the session has real-time priority; without it a busy host may miss packets.
        package var isRealTime = false
    }

    package init(members: [String], scope: HealthScope, signal: Signal?, at: Instant, session: Facts) {
        (self.members, self.scope, self.signal, self.at, self.session) = (members, scope, signal, at, session)
    }
}
