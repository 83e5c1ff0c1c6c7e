/// What should an operator do whose connection to the control socket was refused?
import Glibc

enum SocketAdvice {
    static func hint(path: String, code: Int32) -> String? {
        switch code {
        case ENOENT: "is martletd running? is this its socket? (--socket, MARTLET_SOCKET)"
        case ECONNREFUSED: "is martletd running? the socket is there, but nobody listens: systemctl start martletd"
        case EACCES, EPERM: permission(path)
        case ENOTSOCK, EPROTOTYPE: "this is not martletd's socket (--socket, MARTLET_SOCKET)"
        case EAGAIN: "martletd takes no connections; look at its journal: journalctl -u martletd"
        default: nil
        }
    }

    private static func permission(_ path: String) -> String {
        guard let group = owningGroup(path) else { return "use sudo, or ask for membership of the socket's group" }
        return "use sudo, or be a member of the group '\(group)'"
    }

    /// The group of the socket or, when even that may not be seen, of the directory that it stands in.
    private static func owningGroup(_ path: String) -> String? {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        for place in [path, directory] {
            var status = stat()
            guard stat(place, &status) == 0 else { continue }
            return groupName(status.st_gid)
        }
        return nil
    }

    private static func groupName(_ id: gid_t) -> String {
        // Single-threaded use in a program that is about to end; the static buffer of getgrgid is safe here.
        guard let entry = getgrgid(id), let name = entry.pointee.gr_name else { return String(id) }
        return String(cString: name)
    }
}
