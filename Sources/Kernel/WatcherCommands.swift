/// How other threads reach the watcher's while it waits in poll(2): a note under a lock, and a descriptor that wakes it.
import CShim
import Forwarding
import Glibc
import Synchronization

final class WatcherCommands: Sendable {
    struct Pending {
        var families: [KernelFamily] = []
        var stops = false
    }

    private let pending = Mutex(Pending())
    /// Readable when something is pending.
    let descriptor: Int32

    init() throws(NetlinkFailure) {
        descriptor = martlet_wake_open()
        guard descriptor >= 0 else { throw .system(call: "eventfd", errno: 0 &- descriptor) }
    }

    deinit { close(descriptor) }

    func post(_ change: (inout Pending) -> Void) {
        pending.withLock { change(&$0) }
        martlet_wake_signal(descriptor)
    }

    func take() -> Pending {
        martlet_wake_clear(descriptor)
        return pending.withLock { pending in
            defer { pending = Pending() }
            return pending
        }
    }
}
