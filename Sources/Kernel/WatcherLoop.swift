/// What the watcher's thread does: waits for any socket, hands on what it says, and has dumps begun when they are due.
import Forwarding
import Glibc
import NetTypes

/// Not thread-safe: owned by the watcher's thread after it is made.
final class WatcherLoop {
    private let sessions: [FamilySession]
    private let nftables: NftWatch?
    private let commands: WatcherCommands
    private let observe: KernelWatcher.Observer
    private let limits: KernelWatcher.Limits
    /// Families to be dumped, and the earliest time for it.
    private var due: [KernelFamily: Deadline] = [:]
    /// When each family may be dumped again.
    private var allowed: [KernelFamily: Deadline] = [:]
    private var reports: [KernelReport] = []

    init(
        table: KernelWatcher.Table?,
        window: OwnershipWindow?,
        watched: WatchedRoutes?,
        silent: UInt32?,
        _ limits: KernelWatcher.Limits,
        _ commands: WatcherCommands,
        _ observe: @escaping KernelWatcher.Observer
    ) throws(NetlinkFailure) {
        var sessions: [FamilySession] = []
        for family in KernelFamily.allCases where family != .nftables {
            sessions.append(
                try FamilySession(
                    family,
                    follows: true,
                    receiveBuffer: limits.receiveBuffer,
                    window: window,
                    watched: watched,
                    silent: silent
                )
            )
        }
        self.sessions = sessions
        nftables =
            if let table {
                try NftWatch(
                    table: table.name,
                    ignoring: table.ownPorts,
                    receiveBuffer: limits.receiveBuffer,
                    answerWithin: limits.answerWithin
                )
            } else { nil }
        self.commands = commands
        self.observe = observe
        self.limits = limits
    }

    /// Runs until it is told to stop.
    func run() {
        while true {
            beginDueDumps()
            let ready = wait()
            if ready.contains(commands.descriptor) {
                let pending = commands.take()
                if pending.stops { return }
                for family in pending.families { demandDump(of: family) }
            }
            for session in sessions where ready.contains(session.descriptor) { read(session) }
            if let nftables, ready.contains(nftables.descriptor) { read(nftables) }
        }
    }

    // MARK: - Waiting

    /// The descriptors that have something to read; none when a dump has become due.
    private func wait() -> [Int32] {
        var entries = ([commands.descriptor] + sessions.map(\.descriptor)).map(Self.entry)
        if let nftables { entries.append(Self.entry(nftables.descriptor)) }
        let timeout = due.filter { !isDumping($0.key) }.map(\.value.millisecondsLeft).min() ?? -1
        guard poll(&entries, nfds_t(entries.count), timeout) > 0 else { return [] }
        return entries.filter { $0.revents != 0 }.map(\.fd)
    }

    private static func entry(_ descriptor: Int32) -> pollfd {
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    }

    // MARK: - Dumps

    private func demandDump(of family: KernelFamily) {
        due[family] = allowed[family] ?? .passed
    }

    private func isDumping(_ family: KernelFamily) -> Bool {
        sessions.contains { $0.family == family && $0.isDumping }
    }

    /// Families in their fixed order, so that links are known before what stands on them.
    private func beginDueDumps() {
        for family in KernelFamily.allCases {
            guard let time = due[family], time.millisecondsLeft == 0, !isDumping(family) else { continue }
            due[family] = nil
            allowed[family] = .after(limits.dumpEvery)
            if family == .nftables { dumpNftables() }
            for session in sessions where session.family == family { beginDump(session) }
        }
    }

    private func beginDump(_ session: FamilySession) {
        observe(.dumpBegan(session.family))
        do throws(NetlinkFailure) {
            try session.beginDump()
        } catch {
            fail(session.family, error)
        }
    }

    private func dumpNftables() {
        guard let nftables else { return }
        observe(.dumpBegan(.nftables))
        do throws(NetlinkFailure) {
            observe(.ruleset(try nftables.read()))
            observe(.dumpEnded(.nftables))
        } catch {
            fail(.nftables, error)
        }
    }

    // MARK: - Reading

    /// One batch of one family; what is left is read in the next round, after the other families had their turn.
    private func read(_ session: FamilySession) {
        do throws(NetlinkFailure) {
            let progress = try session.read(into: &reports, until: .passed)
            handOn()
            switch progress {
            case .upToDate, .more: break
            case .dumpEnded(let segments):
                if let segments { observe(.segments(segments)) }
                observe(.dumpEnded(session.family))
                tellHeld(of: session)
            case .dumpInterrupted:
                tellHeld(of: session)
                demandDump(of: session.family)
            }
        } catch {
            handOn()
            tellHeld(of: session)
            fail(session.family, error)
        }
    }

    /// What was announced while a dump was packed, after it.
    private func tellHeld(of session: FamilySession) {
        reports = session.takeHeld()
        handOn()
    }

    private func read(_ nftables: NftWatch) {
        do throws(NetlinkFailure) {
            if try nftables.drain() { observe(.ruleset(try nftables.read())) }
        } catch {
            fail(.nftables, error)
        }
    }

    private func handOn() {
        guard !reports.isEmpty else { return }
        observe(.reports(reports))
        reports.removeAll(keepingCapacity: true)
    }

    private func fail(_ family: KernelFamily, _ failure: NetlinkFailure) {
        observe(failure == .overrun ? .overrun(family) : .failed(family, failure))
        demandDump(of: family)
    }
}
