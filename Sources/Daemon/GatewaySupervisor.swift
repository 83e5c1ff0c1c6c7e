/// Starts the gateway process, keeps it alive, and speaks with it: snapshots out, reports in (docs/decisions/0003).
///
/// The gateway gets its listening sockets and one end of a socket pair, and of our privileges CAP_NET_RAW alone. When it ends it
/// is started again at once, with a growing pause when it keeps ending. When the set of listening sockets changes, a new gateway
/// takes them over and the old one finishes its streams.
import CShim
import Foundation
import Inference
import Ledger
import Logging
import NIOCore
import NetTypes
import Probing
import Runtime
import Synchronization

final class GatewaySupervisor: Sendable {
    /// Pauses before a gateway that ended soon after its start is started again, in milliseconds.
    private static let pauses = [0, 100, 500, 1000, 5000]
    /// One for each core: those that the daemon, and so the gateway, may run on (`CPUAffinity=`), and no more than its cgroup has.
    private static let loops = {
        let usable = Int(martlet_usable_cores())
        return usable > 0 ? min(usable, System.coreCount) : System.coreCount
    }()
    /// Beats after which nobody need be told any more that one hung: ten minutes.
    private static let beatsToMend = 600 / Heartbeat.every
    /// A gateway that ran this long is taken for healthy again.
    private static let healthyAfter = Span.seconds(10)

    private struct State {
        var wanted: ModelsConfiguration?
        var sockets: [ListeningSocket] = []
        /// Opened for a configuration that is about to be applied.
        var prepared: [ListeningSocket]?
        /// Of the daemon before us, until the first configuration has taken from them what it listens on.
        var inherited: [ListeningSocket] = []
        /// The names of the sockets that systemd keeps for the daemon after us.
        var kept: Set<String> = []
        var current: GatewayProcess?
        var snapshot: GatewaySnapshot?
        var failures = 0
        /// Beats of those that served since one was found to hang; nil: none was, or it is long ago.
        var beatsSinceHang: Int?
        /// Between an end and the next start: nobody else starts one meanwhile.
        var isPausing = false
        var isStopping = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "martlet.gateway")
    private let runtime: RuntimeThread
    private let logger: Logger
    private let executable: String
    private let ledger: LedgerDesk
    private let notifier: ServiceNotifier

    /// - Parameter inherited: listening sockets of the daemon before us.
    init(
        runtime: RuntimeThread,
        executable: String,
        ledger: LedgerDesk,
        inherited: [ListeningSocket],
        notifier: ServiceNotifier,
        logger: Logger
    ) {
        self.ledger = ledger
        self.runtime = runtime
        self.executable = executable
        self.notifier = notifier
        self.logger = logger
        state.withLock {
            $0.inherited = inherited
            $0.kept = Set(inherited.map(\.name))
        }
        ledger.tell { [weak self] in self?.tellSpending() }
    }

    var isRunning: Bool { state.withLock { $0.current != nil } }
    var processID: pid_t? { state.withLock { $0.current?.pid } }

    /// Opens what the configuration listens on, before it is applied, so that an address that cannot be had refuses the apply.
    /// Sockets already open are kept. Throws `DaemonError`, having changed nothing.
    func prepare(_ models: ModelsConfiguration?) throws {
        let open = state.withLock { $0.sockets + $0.inherited }
        let sockets = try (models?.listen ?? []).map { wanted in
            try open.first { $0.endpoint == wanted.endpoint } ?? ListeningSocket(wanted.endpoint)
        }
        state.withLock { $0.prepared = sockets }
    }

    /// Takes over what was prepared; the gateway follows on the supervisor's queue.
    func configure(_ models: ModelsConfiguration?) {
        if let kept = models?.ledger { ledger.follow(LedgerTerms(kept)) }
        let old = state.withLock { state -> GatewayProcess? in
            let sockets = state.prepared ?? state.sockets
            state.prepared = nil
            state.inherited = []
            state.wanted = models
            guard sockets.map(ObjectIdentifier.init) != state.sockets.map(ObjectIdentifier.init) else { return nil }
            state.sockets = sockets
            // Made for the sockets before: the next one says which of them is which.
            state.snapshot = nil
            defer { state.current = nil }
            return state.current
        }
        old?.drain()
        keepSockets()
    }

    /// Leaves copies of the listening sockets with systemd, so that a restart refuses nobody.
    private func keepSockets() {
        let (sockets, kept) = state.withLock { state in
            defer { state.kept = Set(state.sockets.map(\.name)) }
            return (state.sockets, state.kept)
        }
        let names = Set(sockets.map(\.name))
        for name in kept.subtracting(names).sorted() { notifier.forget(name) }
        for socket in sockets where !kept.contains(socket.name) {
            let code = notifier.keep(socket.descriptor, named: socket.name)
            if code == 0 { continue }
            logger.error(
                "gateway: a restart will refuse clients of \(socket.endpoint): \(String(cString: strerror(code)))"
            )
        }
    }

    /// The gateway is to serve by this snapshot from now on, and learns which paths were lost with it; nil: there is to be none.
    func serve(_ snapshot: GatewaySnapshot?) {
        let (process, old) = state.withLock { state -> (GatewayProcess?, GatewaySnapshot?) in
            let old = state.snapshot
            state.snapshot = snapshot
            guard snapshot == nil else { return (state.current, old) }
            defer { state.current = nil }
            return (state.current, old)
        }
        guard let snapshot else {
            process?.drain()
            return
        }
        guard let process else { return queue.async { self.start() } }
        process.send(snapshot)
        tellSpending()
        // After the snapshot: what has to be tried elsewhere must not find the lost path again.
        for mark in old.map(snapshot.pathsLost) ?? [] { process.lost(mark) }
    }

    /// Tells the gateway what others have settled for the budgets of its snapshot.
    private func tellSpending() {
        queue.async { [self] in
            let (process, snapshot) = state.withLock { ($0.current, $0.snapshot) }
            guard let process, let budgets = snapshot?.budgets, !budgets.isEmpty else { return }
            process.tell(ledger.open().elsewhere(budgets))
        }
    }

    /// The gateway is to send this model member a canary. One that is not there has nothing to ask.
    func ask(_ member: String) { state.withLock { $0.current }?.ask(member) }

    /// Lets the gateway finish its streams; it may outlive us.
    func stop() {
        let process = state.withLock { state -> GatewayProcess? in
            state.isStopping = true
            return state.current
        }
        queue.sync {}
        process?.drain()
    }
}

// MARK: - Starting, and starting again

extension GatewaySupervisor {
    /// On the supervisor's queue. Spawning takes milliseconds, in which all may change that it was begun for.
    private func start() {
        let due = state.withLock { state -> (sockets: [ListeningSocket], snapshot: GatewaySnapshot)? in
            let isDue = state.current == nil && !state.isStopping && !state.isPausing
            guard isDue, state.wanted != nil, let snapshot = state.snapshot else { return nil }
            return (state.sockets, snapshot)
        }
        guard let (sockets, first) = due else { return }
        do {
            let segments = segments()
            defer { for descriptor in segments { close(descriptor) } }
            let process = try GatewayProcess(
                executable: executable,
                listeners: sockets,
                loops: Self.loops,
                ledger: segments
            )
            // Before anything else: nothing is to be paid for twice because the one before has just ended.
            ledger.open().look()
            process.tell(ledger.open().elsewhere(first.budgets))
            if let snapshot = adopt(process, sockets) {
                process.send(snapshot)
                runtime.post(.gatewayStarted)
            } else {
                process.drain()
                queue.async { self.start() }
            }
            process.listen { [runtime] in
                runtime.waitForRoom()
                runtime.post($0.map { .fact(.gateway($0)) })
            } ended: { [self] in
                ended(process, status: $0)
            }
            beat(process)
        } catch {
            logger.error("gateway: cannot start it: \(error)")
            startAgain(
                after: state.withLock { state in
                    state.failures += 1
                    return Self.pause(state.failures)
                }
            )
        }
    }

    /// Asks it every few seconds whether it works, for as long as it is there; one that finishes its streams too.
    private func beat(_ process: GatewayProcess) {
        queue.asyncAfter(deadline: .now() + .seconds(Heartbeat.every)) { [self, weak process] in
            guard let process else { return }
            let hangs = process.beat()
            if hangs {
                let silence = Heartbeat.every * Heartbeat.most
                let detail = "process \(process.pid) did not answer for \(silence) s and was ended"
                runtime.post(.gateway(.alarm(GatewayAlarm(.gatewayHung, object: Self.alarmed, detail: detail))))
            }
            noteBeat(of: process, hangs)
            beat(process)
        }
    }

    private func noteBeat(of process: GatewayProcess, _ hangs: Bool) {
        let isMended = state.withLock { state in
            if hangs { state.beatsSinceHang = 0 }
            guard !hangs, state.current === process, let beats = state.beatsSinceHang else { return false }
            state.beatsSinceHang = beats + 1 < Self.beatsToMend ? beats + 1 : nil
            return state.beatsSinceHang == nil
        }
        if isMended { runtime.post(.gateway(.mended(.gatewayHung, object: Self.alarmed))) }
    }

    /// What the alarm is about.
    private static let alarmed = "gateway"

    /// One for each loop of the gateway. Without a ledger it serves all the same: an answer is worth more than its account.
    private func segments() -> [Int32] {
        do throws(LedgerError) {
            return try ledger.open().segments(Self.loops)
        } catch {
            logger.error("ledger: nothing will be kept of what this gateway settles: \(error)")
            return []
        }
    }

    /// Makes it the current one and gives the snapshot to serve by; nil when it is not wanted any more, or not with these sockets.
    private func adopt(_ process: GatewayProcess, _ sockets: [ListeningSocket]) -> GatewaySnapshot? {
        state.withLock { state in
            guard !state.isStopping, let snapshot = state.snapshot, state.wanted != nil,
                sockets.map(ObjectIdentifier.init) == state.sockets.map(ObjectIdentifier.init)
            else { return nil }
            state.current = process
            return snapshot
        }
    }

    private func ended(_ process: GatewayProcess, status: Int32) {
        let pause = state.withLock { state -> Int? in
            guard state.current === process else { return nil }
            state.current = nil
            state.failures = BootClock.now() - process.startedAt > Self.healthyAfter ? 0 : state.failures + 1
            return state.isStopping ? nil : Self.pause(state.failures)
        }
        guard let pause else { return }
        runtime.post(.gatewayEnded(status: status))
        startAgain(after: pause)
    }

    private static func pause(_ failures: Int) -> Int { pauses[min(max(failures - 1, 0), pauses.count - 1)] }

    private func startAgain(after milliseconds: Int) {
        state.withLock { $0.isPausing = true }
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
            self.state.withLock { $0.isPausing = false }
            self.start()
        }
    }
}
