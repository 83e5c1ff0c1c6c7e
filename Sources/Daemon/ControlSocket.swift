/// Opens the control socket: a stale one is replaced, a living one is not.
import Foundation

enum ControlSocket {
    private static let backlog: Int32 = 64

    /// A listening descriptor at the path. Everybody may connect; who may do what is decided by `ControlAccess`.
    /// Throws `DaemonError` when another process listens there, or the path cannot be made.
    static func open(_ path: String) throws -> Int32 {
        let address = UnixSocketAddress(path)
        guard address.isWhole else {
            throw DaemonError.plain("the control socket's path is longer than 107 bytes: \(path)")
        }
        try makeDirectory(of: path)
        guard !isAlive(address) else {
            throw DaemonError.plain("another process listens on \(path): stop it, or choose another path with --socket")
        }
        try removeStale(path)
        let descriptor = make()
        guard descriptor >= 0 else { throw DaemonError.system("cannot open the control socket", errno: errno) }
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0, chmod(path, 0o666) == 0,
            listen(descriptor, backlog) == 0
        else {
            let reason = errno
            close(descriptor)
            throw DaemonError.system("cannot listen on \(path)", errno: reason)
        }
        return descriptor
    }

    /// Takes away what a daemon that ended left; what is no socket is somebody's file.
    private static func removeStale(_ path: String) throws {
        var found = stat()
        guard lstat(path, &found) == 0 else { return }
        guard found.st_mode & S_IFMT == S_IFSOCK else {
            throw DaemonError.plain(
                "\(path) is there and is no socket: remove it, or choose another path with --socket"
            )
        }
        unlink(path)
    }

    private static func make() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    }

    private static func isAlive(_ address: UnixSocketAddress) -> Bool {
        let probe = make()
        defer { close(probe) }
        return address.withPointer { connect(probe, $0, $1) } == 0
    }

    private static func makeDirectory(of path: String) throws {
        let directory = (path as NSString).deletingLastPathComponent
        guard !directory.isEmpty, !FileManager.default.fileExists(atPath: directory) else { return }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw DaemonError.plain("cannot make \(directory) for the control socket: \(error)")
        }
    }
}
