/// One BFD session of one member in one scope, for `show bfd`.
package import NetTypes

package struct BFDRow: Codable, Sendable, Equatable {
    package var member: String
    package var scope: String
    /// nil: the routes decide.
    package var device: String?
    package var peer: String
    /// `up`, `init`, `down`, `admin-down`.
    package var state: String
    /// Seconds in this state.
    package var seconds: UInt64
    /// Why it last went down, in the words of RFC 5880; nil when it is up.
    package var diagnostic: String?
    package var peerState: String
    /// The same of the other end.
    package var peerDiagnostic: String?
    package var discriminator: UInt32
    /// 0: not known.
    package var peerDiscriminator: UInt32
    /// Agreed upon by both ends, before jitter.
    package var transmit: Span
    package var receive: Span
    package var multiplier: UInt8
    /// nil while the other end is silent.
    package var detection: Span?
    /// `keyed-sha1`, …; nil: none.
    package var authentication: String?
    /// Mean deviation between the times of two packets; what senders add on purpose is in it.
    package var jitter: Span
    /// The longest time between two packets of late.
    package var longestGap: Span
    /// Times it left `up`.
    package var falls: UInt64
    package var sent: UInt64
    package var received: UInt64
    /// Packets that failed a check, the key's most of all.
    package var refused: UInt64
    /// Whether its thread runs with real-time priority; without, a busy host may miss packets.
    package var realTime: Bool

    package init(member: String, scope: String, peer: String, state: String, seconds: UInt64, peerState: String) {
        (self.member, self.scope, self.peer) = (member, scope, peer)
        (self.state, self.seconds, self.peerState) = (state, seconds, peerState)
        (discriminator, peerDiscriminator) = (0, 0)
        (transmit, receive, multiplier) = (.zero, .zero, 0)
        (jitter, longestGap) = (.zero, .zero)
        (falls, sent, received, refused, realTime) = (0, 0, 0, 0, false)
    }
}
