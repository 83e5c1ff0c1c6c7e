/// What is asked for flows of a member that failed or is no longer needed, and what came of it.
package import NetTypes

package struct FlowMove: Hashable, Sendable, Codable {
    /// `group.member` on which the flows are.
    package let member: String
    package let family: AddressFamily
    /// Connections that carry this mark under the mask are forgotten.
    package let mark: Mark
    /// What our own sockets on the member carry. Connections on members that share a way out all carry the first one's.
    package let socketMark: Mark
    package let mask: MarkMask
    /// Only those without a packet for this long; nil: all, and our own sockets with the mark are ended.
    package let idleFor: Span?

    package init(
        member: String,
        family: AddressFamily,
        mark: Mark,
        socketMark: Mark,
        mask: MarkMask,
        idleFor: Span?
    ) {
        self.member = member
        self.family = family
        (self.mark, self.socketMark) = (mark, socketMark)
        self.mask = mask
        self.idleFor = idleFor
    }
}

package struct FlowMoveOutcome: Hashable, Sendable, Codable {
    package let member: String
    package let family: AddressFamily
    /// Connections forgotten.
    package let forgotten: Int
    /// Connections that carry the mark still, read afterwards: such as began while the others were being forgotten.
    package let left: Int
    /// Our own sockets ended.
    package let sockets: Int
    /// What kept it from being done.
    package let failure: String?

    package init(member: String, family: AddressFamily, forgotten: Int, left: Int, sockets: Int, failure: String?) {
        self.member = member
        self.family = family
        self.forgotten = forgotten
        self.left = left
        self.sockets = sockets
        self.failure = failure
    }
}
