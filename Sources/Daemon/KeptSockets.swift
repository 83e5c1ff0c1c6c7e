/// Which listening sockets did the daemon before us leave with systemd (its descriptor store, or a socket unit)?
///
/// While no daemon runs they stay open: clients that connect wait in their queues and are served by the next one.
import Foundation
import NetTypes

enum KeptSockets {
    /// The first descriptor that is handed over (sd_listen_fds(3)).
    private static let first: Int32 = 3
    private static let most: Int32 = 64

    /// Takes them over. Called once, before any thread: it changes the environment, so that no child takes them for its own.
    static func take() -> [ListeningSocket] {
        let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
        let (pid, count) = (number(variables[0]), number(variables[1]))
        for name in variables { unsetenv(name) }
        guard pid == getpid(), let count, count > 0 else { return [] }
        return (first..<first + min(count, most)).compactMap { descriptor in
            if let socket = ListeningSocket(listening: descriptor) { return socket }
            close(descriptor)
            return nil
        }
    }

    private static func number(_ name: String) -> Int32? {
        getenv(name).flatMap { Int32(String(cString: $0)) }
    }
}
