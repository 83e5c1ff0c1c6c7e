/// Which routes the watcher tells of: what is ours or could be in our way, and what the running configuration looks at besides.
import Forwarding
import Synchronization

/// Read on the watcher's thread, set by others.
final class WatchedRoutes: Sendable {
    private let window: OwnershipWindow
    private let watch: Mutex<RouteWatch>

    init(_ window: OwnershipWindow, _ watch: RouteWatch) {
        self.window = window
        self.watch = Mutex(watch)
    }

    func look(at new: RouteWatch) { watch.withLock { $0 = new } }

    func concern(_ route: Route) -> Bool { window.concerns(route) || watch.withLock { $0.concerns(route) } }
}
