/// How the daemon learns what the kernel has and what anybody changes in it: one thread, one socket per family, dumped when that is
/// asked for, and again whenever something was lost.
///
///     kernel ──notifications, dumps──> FamilySession ×5 ──┐
///            ──announcements────────>  NftWatch ──────────┼─> observe(KernelObservation)
///     requestDump, stop ──────────────> wake pipe ────────┘
package import Forwarding
import Glibc
package import NetTypes
import Synchronization

package final class KernelWatcher: Sendable {
    package typealias Observer = @Sendable (KernelObservation) -> Void

    package struct Limits: Sendable {
        /// Bytes of notifications that may wait in each socket, as the kernel counts them: some 10,000 route changes.
        package var receiveBuffer: Int32 = 8 << 20
        /// Between two dumps of one family: an overrun during every dump must not keep the kernel busy with dumps alone.
        package var dumpEvery = Span.seconds(1)
        /// How long an answer about nftables may take.
        package var answerWithin = Span.seconds(5)

        package init() {}
    }

    /// Our nftables table, and by whom we change it ourselves.
    package struct Table: Sendable {
        package let name: String
        /// Of the lanes: changes announced with them are no news.
        package let ownPorts: [UInt32]

        package init(name: String, ownPorts: [UInt32]) {
            self.name = name
            self.ownPorts = ownPorts
        }
    }

    private let commands: WatcherCommands
    private let watched: WatchedRoutes?
    private let thread: KernelThread

    /// Subscribes in the network namespace of the calling thread and starts the watcher's thread. Nothing is read yet: whoever asks for a
    /// dump (`requestDump`) is told everything from the state of that moment on.
    ///
    /// - Parameter table: our nftables table; nil leaves nftables out, which alone needs CAP_NET_ADMIN.
    /// - Parameter window: what is ours: routes that can be in nobody's way are not told of, and ours come in segments. Nil tells of
    ///   every route one by one.
    /// - Parameter watch: which routes of strangers are told of besides.
    /// - Parameter silent: the port of the socket (`FeedLane.port`) whose changes of routes are not told of.
    /// - Parameter observe: called on the watcher's thread, one call at a time. While it works, notifications wait.
    ///
    /// Throws `NetlinkFailure.system` when a socket or the thread cannot be had.
    package init(
        table: Table?,
        window: OwnershipWindow? = nil,
        watch: RouteWatch = RouteWatch(),
        silent: UInt32? = nil,
        limits: Limits = Limits(),
        observe: @escaping Observer
    ) throws(NetlinkFailure) {
        commands = try WatcherCommands()
        watched = window.map { WatchedRoutes($0, watch) }
        let loop = try WatcherLoop(
            table: table,
            window: window,
            watched: watched,
            silent: silent,
            limits,
            commands,
            observe
        )
        let owned = LoopOfOneThread(loop: loop)
        thread = try .start("martlet-watch") { owned.loop.run() }
    }

    /// Tells of these routes of strangers too from now on; those that are there already, only after the next dump.
    package func look(at watch: RouteWatch) { watched?.look(at: watch) }

    /// Has a family read as soon as the rate limit allows: first of all, and after an outcome `unknown`.
    package func requestDump(of family: KernelFamily) { commands.post { $0.families.append(family) } }

    /// Ends the thread and waits for that. Not to be called from `observe`.
    package func stop() {
        commands.post { $0.stops = true }
        thread.join()
    }
}

/// Safe to send: the loop is made before the thread starts and used by that thread alone.
private struct LoopOfOneThread: @unchecked Sendable {
    let loop: WatcherLoop
}
