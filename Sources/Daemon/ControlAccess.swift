/// Who may look and who may change: by the groups of the process at the other end of the control socket.
import ConfigModel
import ConfigSyntax
import Foundation

struct ControlAccess: Sendable {
    enum Right: Int, Sendable, Comparable {
        case none
        case look
        case change

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    private let admins: gid_t?
    private let readers: gid_t?
    private let adminName: String?
    private let readerName: String?
    private let ownUser = geteuid()

    /// Throws when a configured group does not exist on this system: nobody could use it, and a typing error is likelier.
    init(_ configuration: ControlConfiguration) throws {
        adminName = configuration.admin?.value
        readerName = configuration.readOnly?.value
        admins = try adminName.map(Self.group)
        readers = try readerName.map(Self.group)
    }

    /// Root and the daemon's own user may do everything; a peer nobody can name may do nothing.
    func right(of peer: PeerCredentials?) -> Right {
        guard let peer else { return .none }
        if peer.user == 0 || peer.user == ownUser { return .change }
        if let admins, peer.groups.contains(admins) { return .change }
        if let readers, peer.groups.contains(readers) { return .look }
        return .none
    }

    func hint(for right: Right) -> String {
        let groups = (right == .change ? [adminName] : [adminName, readerName]).compactMap { $0 }
        if groups.isEmpty { return "only root may; name a group in 'control.admin' to allow others" }
        return "be root or a member of group " + groups.joined(separator: " or ")
    }

    private static func group(_ name: String) throws -> gid_t {
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 65536)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw DaemonError.plain(
                "control: there is no group '\(name)' on this system; create it, or remove it from 'control'"
            )
        }
        return entry.gr_gid
    }
}
