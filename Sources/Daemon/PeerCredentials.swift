/// Who is at the other end of a unix socket (unix(7): `SO_PEERCRED`, `SO_PEERGROUPS`).
import Foundation

struct PeerCredentials: Sendable {
    let process: pid_t
    let user: uid_t
    /// The primary group and, where the kernel tells, the supplementary ones.
    let groups: [gid_t]

    init?(of descriptor: Int32) {
        var credentials = ucred()
        var length = socklen_t(MemoryLayout<ucred>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        process = credentials.pid
        user = credentials.uid
        groups = [credentials.gid] + Self.supplementaryGroups(of: descriptor)
    }

    /// More than a thousand groups are not looked at.
    private static let mostGroups = 1024
    /// `SO_PEERGROUPS`, which Glibc's headers do not export to Swift (asm-generic/socket.h).
    private static let peerGroupsOption: Int32 = 59

    private static func supplementaryGroups(of descriptor: Int32) -> [gid_t] {
        var groups = [gid_t](repeating: 0, count: mostGroups)
        var length = socklen_t(mostGroups * MemoryLayout<gid_t>.size)
        guard getsockopt(descriptor, SOL_SOCKET, peerGroupsOption, &groups, &length) == 0 else { return [] }
        return Array(groups.prefix(Int(length) / MemoryLayout<gid_t>.size))
    }
}
