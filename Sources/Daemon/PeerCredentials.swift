/// Who is at the other end of a unix socket (unix(7): `SO_PEERCRED`, `SO_PEERGROUPS`).
import CShim
import Foundation

struct PeerCredentials: Sendable {
    let process: pid_t
    let user: uid_t
    /// The primary group and, where the kernel tells, the supplementary ones.
    let groups: [gid_t]

    /// More than a thousand groups are not looked at.
    private static let mostGroups = 1024

    init?(of descriptor: Int32) {
        var peer = martlet_peer()
        guard martlet_peer_of(descriptor, &peer) == 0 else { return nil }
        process = peer.pid
        user = peer.uid
        var others = [gid_t](repeating: 0, count: Self.mostGroups)
        let count = martlet_peer_groups(descriptor, &others, UInt32(others.count))
        groups = [peer.gid] + others.prefix(Int(max(0, count)))
    }
}
