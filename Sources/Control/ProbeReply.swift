/// What `martlet probe` asks, and what it is told: every request of one run of a member's probe.
package import NetTypes

package struct ProbeWish: Codable, Sendable, Equatable {
    /// `group.member` of the network plane.
    package var member: String

    package init(member: String) { self.member = member }
}

package struct ProbeReply: Codable, Sendable, Equatable {
    /// One request and what became of it.
    package struct Request: Codable, Sendable, Equatable {
        package var scope: String
        /// `icmp`, `tcp`, `http`, `https`, `dns`, `neighbour`.
        package var kind: String
        package var target: String
        /// The address it left from; nil when the kernel had none to offer.
        package var source: String?
        /// The device it was bound to; nil: its routes decide.
        package var device: String?
        /// The mark by which its member's table is looked up.
        package var mark: String?
        /// Whether the answer was good, or good enough.
        package var isAnswered = true
        /// `success`, or the code of what is wrong.
        package var result = "success"
        /// What the code does not say.
        package var detail: String?
        package var roundTrip: Span?
        /// Who measured the round trip: `kernel`, or `process`.
        package var clock: String?

        package init(
            scope: String,
            kind: String,
            target: String,
            source: String?,
            device: String?,
            mark: String?
        ) {
            (self.scope, self.kind, self.target) = (scope, kind, target)
            (self.source, self.device, self.mark) = (source, device, mark)
        }
    }

    package var member: String
    /// In the order in which they were settled.
    package var requests: [Request]

    package init(member: String, requests: [Request]) { (self.member, self.requests) = (member, requests) }
}
