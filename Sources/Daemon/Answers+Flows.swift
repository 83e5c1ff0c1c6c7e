/// How many flows are on a member now: what an operator waits for who drains it.
import Control
import Forwarding
import Kernel
import Liveness
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// Asks the kernel. Throws `ErrorReply` when there is no such member, or when nobody counts what is on it.
    func flows(_ wish: FlowsWish) throws(ErrorReply) -> FlowsReply {
        let (plane, member) = try find(wish.member)
        guard plane == .network, let network = router.network else {
            throw ErrorReply(errors: ["of model members nobody counts what is under way"])
        }
        guard network.configuration.isTracking else {
            throw ErrorReply(errors: ["with 'connections: untracked' nobody knows what is on a member"])
        }
        guard let mark = network.numbers.path(member.fullName)?.mark else {
            throw ErrorReply(errors: ["\(member.fullName) has no mark to know its flows by"])
        }
        let own = OwnTraffic(network.probed(member.fullName))
        let mask = network.configuration.ownership.markMask.path
        do throws(NetlinkFailure) {
            return FlowsReply(
                member: member.fullName,
                ipv4: try Conntrack.count(mark: mark, under: mask, family: .v4) { !$0.isOver && !own.holds($0) },
                ipv6: try Conntrack.count(mark: mark, under: mask, family: .v6) { !$0.isOver && !own.holds($0) }
            )
        } catch {
            throw ErrorReply(errors: ["the kernel cannot be asked for its connections: \(error)"])
        }
    }
}

/// What goes over a member for our own sake, and never ends: probes, and BFD in both directions. And pings, whoever sends them.
private struct OwnTraffic {
    private let targets: Set<ProbeTarget>

    init(_ probed: ProbedMember?) { targets = Set((probed?.scopes ?? []).flatMap(\.plan.targets)) }

    /// `IPPROTO_ICMP` and `IPPROTO_ICMPV6`.
    private static let pings: Set<UInt8> = [1, 58]
    private static let udp: UInt8 = 17
    /// Control and echo (RFC 5881 §4).
    private static let bfd: Set<UInt16> = [3784, 3785]

    func holds(_ flow: TrackedFlow) -> Bool {
        Self.pings.contains(flow.transport) || flow.transport == Self.udp && Self.bfd.contains(flow.destinationPort)
            || targets.contains(ProbeTarget(flow.destination, port: flow.destinationPort))
    }
}
