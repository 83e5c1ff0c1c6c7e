/// What `martlet drain --wait` asks: how much is still on a member?

package struct FlowsWish: Codable, Sendable, Equatable {
    /// `group.member` of the network plane.
    package var member: String

    package init(member: String) { self.member = member }
}

/// The connections that the kernel tracks on a member. What has ended, pings, and the member's own probes are left out: nobody
/// would wait for them.
package struct FlowsReply: Codable, Sendable, Equatable {
    package var member: String
    package var ipv4: Int
    package var ipv6: Int

    package init(member: String, ipv4: Int, ipv6: Int) {
        (self.member, self.ipv4, self.ipv6) = (member, ipv4, ipv6)
    }

    package var total: Int { ipv4 + ipv6 }
}
