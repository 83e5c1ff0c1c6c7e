/// One gateway process: its socket pair, the thread that reads its reports, the queue that writes to it.
import CShim
import Foundation
import Inference
import NetTypes
import Probing
import Synchronization

final class GatewayProcess: Sendable {
    let pid: pid_t
    let startedAt = BootClock.now()
    private let link: Int32
    private let writing = DispatchQueue(label: "martlet.gateway.link")
    /// Only the newest snapshot matters: one that was not written yet is replaced. After a drain there is nothing more to say.
    private struct Outbox {
        var next: GatewayCommand?
        /// Told before the snapshot, which may be the first to ask for it.
        var spending: [SpendingUse] = []
        /// What it was told last.
        var told: [SpendingBook.Payer: SpendingUse] = [:]
        /// Told after the snapshot that no longer has them.
        var lost: [Mark] = []
        /// Members that are to be asked, by the snapshot.
        var canaries: [String] = []
        var isPinged = false
        var isDraining = false

        mutating func takeAll() -> [GatewayCommand] {
            defer { (next, lost, spending, canaries, isPinged) = (nil, [], [], [], false) }
            let first = spending.isEmpty ? [] : [GatewayCommand.spending(spending)]
            return first + [next].compactMap(\.self) + lost.map(GatewayCommand.pathDown)
                + canaries.map { .canary(member: $0) } + (isPinged ? [.ping] : [])
        }

        /// Only what is news.
        mutating func add(_ uses: [SpendingUse]) {
            for use in uses where told[use.payer] ?? SpendingUse(nothingIn: use) != use {
                told[use.payer] = use
                spending.append(use)
            }
        }
    }

    private let outbox = Mutex(Outbox())
    private let heart = Mutex(Heartbeat())
    /// Whether its reader waits for reports, and not for the daemon to take them.
    private let isListening = Atomic(true)
    private let isReaped = Mutex(false)

    /// Spawns it. Throws `DaemonError` with the step that failed.
    ///
    /// - Parameters:
    ///   - loops: event loops that it is to have.
    ///   - ledger: a segment for each of them, or none.
    init(executable: String, listeners: [ListeningSocket], loops: Int, ledger: [Int32]) throws {
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else {
            throw DaemonError.system("cannot make the gateway's socket pair", errno: errno)
        }
        defer { close(pair[1]) }
        let counts = [("--listeners", listeners.count), ("--loops", loops), ("--ledger", ledger.count)]
        let arguments = [executable, "gateway"] + counts.flatMap { [$0.0, "\($0.1)"] }
        let descriptors = [pair[1]] + listeners.map(\.descriptor) + ledger
        let answer = Self.spawn(executable, arguments, descriptors)
        guard answer > 0 else {
            close(pair[0])
            throw DaemonError.system("cannot start \(executable) gateway", errno: -answer)
        }
        pid = answer
        link = pair[0]
    }

    deinit { close(link) }

    private static func spawn(_ executable: String, _ arguments: [String], _ descriptors: [Int32]) -> pid_t {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        return descriptors.withUnsafeBufferPointer {
            martlet_spawn_gateway(executable, &argv, environ, $0.baseAddress, UInt32($0.count))
        }
    }

    func send(_ snapshot: GatewaySnapshot) {
        outbox.withLock { if !$0.isDraining { $0.next = .snapshot(snapshot) } }
        write()
    }

    /// What others have settled for budgets.
    func tell(_ uses: [SpendingUse]) {
        let isNews = outbox.withLock { outbox in
            outbox.add(uses)
            return !outbox.spending.isEmpty
        }
        if isNews { write() }
    }

    /// The path of this mark carries nothing any more.
    func lost(_ path: Mark) {
        outbox.withLock { $0.lost.append(path) }
        write()
    }

    func ask(_ member: String) {
        outbox.withLock { if !$0.isDraining { $0.canaries.append(member) } }
        write()
    }

    /// Takes no new connection, finishes what runs, then leaves.
    func drain() {
        outbox.withLock { if !$0.isDraining { ($0.next, $0.isDraining) = (.drain, true) } }
        write()
    }

    private func write() {
        writing.async { [self] in
            for command in outbox.withLock({ $0.takeAll() }) {
                // A gateway that is gone is noticed by its reader.
                if let frame = try? LinkFrame.encode(command) { _ = LinkFrame.write(frame, to: link) }
            }
        }
    }

    /// Reads reports on a thread of its own until the process is gone, then says with which status it ended. `heard` gets those that
    /// came together.
    func listen(
        _ heard: @escaping @Sendable ([GatewayReport]) -> Void,
        ended: @escaping @Sendable (Int32) -> Void
    ) {
        let thread = Thread { [self] in
            var reader = LinkReader(descriptor: link)
            let decoder = JSONDecoder()
            while let messages = reader.next() {
                isListening.store(false, ordering: .relaxed)
                let reports = messages.compactMap { Self.report($0, decoder) }
                if reports.contains(.alive) { heart.withLock { $0.answered() } }
                heard(reports.filter { $0 != .alive })
                isListening.store(true, ordering: .relaxed)
            }
            ended(reap())
        }
        thread.name = "martlet-gwlink"
        thread.start()
    }

    /// A beat: asks whether it still works.
    /// - Returns: whether it hangs. It was ended then, and its end is told as every end is.
    func beat() -> Bool {
        switch heart.withLock({ $0.beat(isHeard: isListening.load(ordering: .relaxed)) }) {
        case .ask:
            outbox.withLock { $0.isPinged = true }
            write()
            return false
        case .wait: return false
        case .giveUp:
            // Once it is reaped the number may be somebody else's.
            return isReaped.withLock { isReaped in
                if !isReaped { kill(pid, SIGKILL) }
                return !isReaped
            }
        }
    }

    private static func report(_ frame: [UInt8], _ decoder: JSONDecoder) -> GatewayReport? {
        DecisionBatch.records(in: frame[...]).map(GatewayReport.decisions)
            ?? (try? decoder.decode(GatewayReport.self, from: Data(frame)))
    }

    /// Its exit status, or 128 + the signal that ended it. A gateway that closed its link but goes on is ended.
    private func reap() -> Int32 {
        for _ in 0..<Self.patience {
            if let status = reap(WNOHANG) { return status }
            usleep(Self.patienceStep)
        }
        kill(pid, SIGKILL)
        return reap(0) ?? 0
    }

    private func reap(_ options: Int32) -> Int32? {
        isReaped.withLock { isReaped in
            var status: Int32 = 0
            isReaped = waitpid(pid, &status, options) == pid
            return isReaped ? Self.exitStatus(status) : nil
        }
    }

    /// 2 s in steps of 5 ms.
    private static let patience = 400
    private static let patienceStep: UInt32 = 5000

    /// wait(2): the low seven bits are the signal, the next byte the status.
    private static func exitStatus(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}

extension SpendingUse {
    /// What is known of whom nothing was told.
    fileprivate init(nothingIn use: SpendingUse) {
        self.init(kind: use.kind, name: use.name, day: use.day, ofDay: 0, ofMonth: 0)
    }
}
