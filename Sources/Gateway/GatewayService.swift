/// How does the gateway process begin, run and end? `martletd gateway` calls `run`.
///
///     daemon ═ socket pair ═ link loop ─ GatewayState ─▶ loop 1 … N ◀─ clients
///                                      ◀─── reports ───
import CShim
import Glibc
import Inference
import NIOCore
import NIOPosix
package import NIOSSL
import NetTypes

/// What runs; immutable but for what the link's loop alone touches.
package final class GatewayService: @unchecked Sendable {
    /// Threads that may block in the system's resolver.
    private static let resolverThreads = 4

    private let group: MultiThreadedEventLoopGroup
    private let linkGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let resolver = NIOThreadPool(numberOfThreads: resolverThreads)
    private let secrets: SecretStore
    /// How many clients are connected to a socket at once; nil: as the descriptors allow.
    private let clients: Int?
    private let counters = LoadCounters()
    private let loops: [GatewayLoop]
    private let link: SnapshotLink
    private let ended: EventLoopPromise<Void>

    // On the link's loop only.
    private var listeners: [any Channel] = []
    private var state: GatewayState?
    private var trust: TrustStore
    private var desk = ListenerDesk(count: 0)
    private var snapshot: GatewaySnapshot?
    /// What others have settled for budgets, as the daemon told it last.
    private var spending: [SpendingBook.Payer: SpendingUse] = [:]
    /// What is wrong with the secrets of the snapshot's providers.
    private var providerAlarms: [GatewayAlarm] = []
    private var loopsLeft: Int
    private var isDraining = false
    /// Whether the next reading of the certificates is due by itself.
    private var rereads = false
    private var hasEnded = false

    /// - Parameters:
    ///   - loops: event loops that serve; at least 1.
    ///   - ledger: a segment for each loop; closed here. Empty: nothing is kept of what is settled.
    ///   - secrets: where references lead.
    ///   - tls: how providers' certificates are checked.
    ///   - clients: how many are connected to a listening socket at once; nil: as many as the process's descriptors allow.
    ///   - roomBytes: of long bodies that are kept at once; nil: an eighth of the memory.
    package init(
        loops count: Int = System.coreCount,
        ledger segments: [Int32] = [],
        secrets: SecretStore = SecretStore(),
        tls: TLSConfiguration = .makeClientConfiguration(),
        clients: Int? = nil,
        roomBytes: Int? = nil
    ) {
        self.clients = clients
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, count))
        self.secrets = secrets
        trust = TrustStore(tls)
        let linkLoop = linkGroup.next()
        ended = linkLoop.makePromise()
        let relay = Relay()
        let link = SnapshotLink(on: linkLoop) { incoming in relay.service?.received(incoming) }
        self.link = link
        let resolver = resolver
        let room = roomBytes ?? GatewayLimits.roomBytes()
        let sum = BodySum(limit: room) { cut in
            relay.service?.loops[cut.loop].execute { $0.room.cut(cut.number) }
        } tell: { isFull in
            // One and the same for all, or they might overtake one another.
            relay.service?.loops[0].execute { $0.tell(ofRoom: room, isFull: isFull) }
        }
        let ledgers = segments.map { LoopLedger(SegmentWriter(descriptor: $0)) }
        let serving = group.makeIterator().enumerated().map { number, eventLoop in
            let ledger = number < ledgers.count ? ledgers[number] : LoopLedger(nil)
            return GatewayLoop(
                on: eventLoop,
                number: number,
                link: link,
                resolver: resolver,
                ledger: ledger,
                sum: sum
            )
        }
        loops = serving
        loopsLeft = serving.count
        relay.service = self
    }

    /// The link needs the service and the service the link. Set once, before the link is opened.
    private final class Relay: @unchecked Sendable {
        weak var service: GatewayService?
    }

    /// Serves until the daemon says `drain` or goes away, and what runs has ended. Takes the descriptors over.
    /// - Returns: the exit status: 0 after a clean end, 1 when the sockets could not be taken over.
    package static func run(linkDescriptor: Int32, listeners: [Int32], loops: Int, ledger: [Int32]) -> Int32 {
        martlet_keep_freed_memory(GatewayLimits.keptBytes, GatewayLimits.mappedBytes)
        let service = GatewayService(loops: loops, ledger: ledger)
        do {
            try service.start(linkDescriptor: linkDescriptor, listeners: listeners)
            try service.waitForEnd()
            return 0
        } catch {
            return 1
        }
    }

    /// Opens the link; the listeners are opened with the first snapshot: a client that comes before waits in their queue.
    package func start(linkDescriptor: Int32, listeners descriptors: [Int32]) throws {
        resolver.start()
        let linkLoop = link.eventLoop
        try linkLoop.submit {
            self.waitingListeners = descriptors
            self.desk = ListenerDesk(count: descriptors.count)
        }.wait()
        try link.open(descriptor: linkDescriptor).wait()
    }

    private var waitingListeners: [Int32] = []

    /// Blocks until everything has ended and every descriptor is closed.
    package func waitForEnd() throws {
        try ended.futureResult.wait()
        try group.syncShutdownGracefully()
        try linkGroup.syncShutdownGracefully()
        try resolver.syncShutdownGracefully()
    }
}

// MARK: - What the daemon says, on the link's loop

extension GatewayService {
    fileprivate func received(_ incoming: SnapshotLink.Incoming) {
        switch incoming {
        case .command(.snapshot(let snapshot)): use(snapshot)
        case .command(.spending(let uses)): recall(uses)
        case .command(.pathDown(let mark)): for loop in loops { loop.execute { $0.pathDown(mark) } }
        case .command(.canary(let member)): loops.first?.execute { $0.ask(member) }
        case .command(.ping): answerPing()
        case .command(.drain), .closed: drain()
        }
    }

    /// By way of all loops: the link's own says nothing of those that serve.
    private func answerPing() {
        let asked = loops.map { loop in loop.eventLoop.submit {} }
        EventLoopFuture.andAllSucceed(asked, on: link.eventLoop).whenSuccess { self.link.sendAlive() }
    }

    private func recall(_ uses: [SpendingUse]) {
        for use in uses { spending[use.payer] = use }
        state?.view.keys.recall(spending)
    }

    private func use(_ snapshot: GatewaySnapshot) {
        do {
            let (state, alarms) = try GatewayState.make(
                snapshot,
                secrets: secrets,
                trust: &trust,
                counters: counters,
                keeping: state
            )
            state.view.keys.recall(spending)
            self.state = state
            self.snapshot = snapshot
            providerAlarms = alarms
            readCertificates()
            let pushed = loops.map { loop in loop.eventLoop.submit { loop.use(state) } }
            EventLoopFuture.andAllSucceed(pushed, on: link.eventLoop).whenSuccess {
                self.loops.first?.execute { $0.probe(state) }
                self.openListeners()
                self.link.send([.ready(generation: snapshot.generation)])
            }
        } catch {
            link.refuse("\(error)")
        }
    }

    /// Now, and from then on often enough that a renewed certificate is shown without anybody's saying so.
    private func readCertificates() {
        guard let snapshot else { return }
        let now = GatewayClock.unixMicroseconds() / 1_000_000
        link.send([.standing(providerAlarms + desk.use(snapshot.listeners, secrets, at: now))])
        guard !rereads, snapshot.listeners.contains(where: { $0.tls != nil }) else { return }
        rereads = true
        link.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.certificateReading.timeAmount) {
            self.rereads = false
            if !self.isDraining { self.readCertificates() }
        }
    }

    private func openListeners() {
        let opening = Array(zip(waitingListeners, desk.terms))
        waitingListeners = []
        let limit = clients ?? AcceptGate.limit(sockets: opening.count)
        for (place, (descriptor, terms)) in opening.enumerated() {
            let name =
                "listener \(snapshot.flatMap { place < $0.listeners.count ? $0.listeners[place].address : nil } ?? "\(place)")"
            Listener.open(descriptor: descriptor, named: name, on: terms, limit: limit, loops: loops, group: group)
                .hop(to: link.eventLoop)
                .whenComplete { result in
                    switch result {
                    case .success(let channel):
                        if self.isDraining { channel.close(promise: nil) } else { self.listeners.append(channel) }
                    case .failure(let error): self.link.refuse("listening socket \(descriptor): \(error)")
                    }
                }
        }
    }

    /// No new clients; the end comes with the last answer, or when none can still be going on.
    private func drain() {
        guard !isDraining else { return }
        isDraining = true
        for descriptor in waitingListeners { close(descriptor) }
        waitingListeners = []
        // No answer that may still go on is cut: each ends within its own total.
        let longest = snapshot?.deployments.map(\.timeouts.total).max() ?? .zero
        let patience = max(GatewayLimits.drain, longest + .seconds(60))
        link.eventLoop.assumeIsolated().scheduleTask(in: patience.timeAmount) { self.end() }
        let closed = listeners.map { Listener.close($0, loops: loops) }
        EventLoopFuture.andAllComplete(closed, on: link.eventLoop).whenComplete { _ in self.drainLoops() }
    }

    private func drainLoops() {
        for loop in loops {
            loop.execute { loop in
                loop.drain { self.link.eventLoop.execute { self.loopIsEmpty() } }
            }
        }
    }

    private func loopIsEmpty() {
        loopsLeft -= 1
        if loopsLeft == 0 { end() }
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        let closed = loops.map { loop in loop.eventLoop.submit { loop.closeAll() } }
        EventLoopFuture.andAllComplete(closed, on: link.eventLoop).whenComplete { _ in
            // Behind the last reports, which were queued on this loop before.
            self.link.eventLoop.execute {
                self.link.close()
                self.ended.succeed()
            }
        }
    }
}
