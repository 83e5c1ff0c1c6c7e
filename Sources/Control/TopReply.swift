/// What `martlet top` asks again and again: how every member stands, and what it has carried so far.
package import NetTypes

package struct TopReply: Codable, Sendable, Equatable {
    /// Microseconds since 1970.
    package var at: UInt64
    package var rows: [TopRow]

    package init(at: UInt64, rows: [TopRow]) { (self.at, self.rows) = (at, rows) }
}

/// One member in one scope. Counts only grow, but for those of a group that was made anew.
package struct TopRow: Codable, Sendable, Equatable {
    package var plane: String
    /// `group.member`.
    package var name: String
    package var scope: String
    package var admin: String
    /// `unknown`, `up`, `degraded`, `down` or `absent`.
    package var health: String
    /// Part of the group's load now, in thousandths.
    package var sharePermille: Int
    /// Of the fastest answer of the probe's last round.
    package var roundTrip: Span?
    /// Lost requests of those in the probe's window, in thousandths.
    package var lossPermille: Int?
    /// Packets that the group has sent by the member; nil where the kernel does not count.
    package var packets: UInt64?
    /// The device that it leaves by now, with all bytes in and out of it: those of other members on it, too.
    package var device: String?
    package var bytesIn: UInt64?
    package var bytesOut: UInt64?
    /// Of a model member: requests that it had the last word on.
    package var requests: UInt64?

    package init(
        plane: String,
        name: String,
        scope: String,
        admin: String,
        health: String,
        sharePermille: Int
    ) {
        (self.plane, self.name, self.scope) = (plane, name, scope)
        (self.admin, self.health, self.sharePermille) = (admin, health, sharePermille)
    }
}
