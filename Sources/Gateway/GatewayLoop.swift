/// What belongs to one event loop? Its pool, its clients, its reports, and the state that it serves from.
import Glibc
import Inference
import NIOCore
import NIOPosix
import NetTypes
import Wire

/// Who has something of a client's on a loop: a connection, or a stream of one.
protocol LoopClient: AnyObject {
    /// Whatever goes over this path will not come back.
    func pathDown(_ mark: Mark)
    /// The process is about to end: nothing new after a last moment.
    func drain()
    /// Now.
    func close()
}

/// Everything mutable in it is touched on `eventLoop` only; other threads reach it through `execute`.
final class GatewayLoop: @unchecked Sendable {
    let eventLoop: any EventLoop
    let pool: UpstreamPool
    let reports: ReportSink
    let room: BodyRoom
    let connector: UpstreamConnector
    private let ledger: LoopLedger
    /// On the one loop that probes.
    private var prober: ProviderProber?
    /// Canaries whose answers are on their way.
    private var canaries: [ObjectIdentifier: CanaryClient] = [:]
    private(set) var state: GatewayState?
    private(set) var isDraining = false
    private var isWaitingForRoom = false
    private var clients: [ObjectIdentifier: any LoopClient] = [:]
    private var httpDate = HTTPDate()
    private var keys = KeyCache()
    private var localTime = LocalTime()
    /// The system's chance once, then a keyed hash of a count: as hard to guess, without a call into the kernel each time.
    private let dice = KeyedHash(key0: .random(in: 0 ... .max), key1: .random(in: 0 ... .max))
    private var draws: UInt64 = 0
    /// When an alarm of the same code and object was last told: a provider that refuses our key does so for every request.
    private var lastAlarms: [String: Instant] = [:]
    private static let alarmEvery = Span.seconds(30)
    /// Told once when draining and the last client has gone.
    private var onEmpty: (@Sendable () -> Void)?

    /// - Parameters:
    ///   - number: which of the loops it is, counted from 0.
    ///   - ledger: where what it settles is written down.
    ///   - sum: of the long bodies that all loops keep at once.
    init(
        on eventLoop: any EventLoop,
        number: Int,
        link: SnapshotLink,
        resolver: NIOThreadPool,
        ledger: LoopLedger,
        sum: BodySum
    ) {
        self.ledger = ledger
        self.eventLoop = eventLoop
        let addresses = AddressBook(on: eventLoop, threads: resolver)
        connector = UpstreamConnector(on: eventLoop, addresses: addresses)
        pool = UpstreamPool(connector, on: eventLoop)
        let reports = ReportSink(to: link, on: eventLoop, number: number)
        self.reports = reports
        room = BodyRoom(of: sum, loop: number, on: eventLoop)
        reports.underWay = { [weak self] in self?.state?.view.underWay ?? [] }
    }

    /// - Parameter bytes: that are kept at once.
    func tell(ofRoom bytes: Int, isFull: Bool) {
        guard isFull else { return reports.send(.mended(.memoryShort, object: "memory")) }
        let detail =
            "long requests and unread answers have their part of \(bytes) bytes: further ones are refused or cut"
        reports.send(.alarm(GatewayAlarm(.memoryShort, object: "memory", detail: detail)))
    }

    func execute(_ body: @escaping @Sendable (GatewayLoop) -> Void) { eventLoop.execute { body(self) } }

    func use(_ state: GatewayState) { self.state = state }

    /// Probes the providers of this state, and goes on with what it probes already.
    func probe(_ state: GatewayState) {
        let prober = prober ?? ProviderProber(on: self)
        self.prober = prober
        if !isDraining { prober.use(state) }
    }

    /// Asks a member whether it works.
    func ask(_ member: String) {
        guard let state, !isDraining else { return }
        let canary = CanaryClient(for: member, on: self)
        canaries[ObjectIdentifier(canary)] = canary
        if !canary.ask(by: state) { ended(canary) }
    }

    func ended(_ canary: CanaryClient) { canaries[ObjectIdentifier(canary)] = nil }

    /// Exchanges over this path learn at once; so do idle connections.
    func pathDown(_ mark: Mark) {
        pool.closeIdle(over: mark)
        for client in Array(clients.values) { client.pathDown(mark) }
    }

    // MARK: Clients

    func add(_ client: any LoopClient) { clients[ObjectIdentifier(client)] = client }

    func remove(_ client: any LoopClient) {
        clients[ObjectIdentifier(client)] = nil
        tellIfEmpty()
    }

    /// Clients go with the end of their answer, idle ones soon; `body` is called when the last has gone.
    func drain(_ body: @escaping @Sendable () -> Void) {
        isDraining = true
        prober?.stop()
        onEmpty = body
        for client in Array(clients.values) { client.drain() }
        tellIfEmpty()
    }

    /// The end: whatever still runs is cut.
    func closeAll() {
        for client in Array(clients.values) { client.close() }
        pool.closeIdle()
        prober?.stop()
        for canary in Array(canaries.values) { canary.cancel() }
        ledger.writeSums()
        reports.flush()
    }

    // MARK: What was used

    /// Settles what a request costs: once it is written down, neither process can lose it.
    func settle(_ record: DecisionRecord) {
        guard let row = LedgerRow(record), !ledger.settle(row), !isWaitingForRoom else { return }
        let detail = "no room for single requests: they are added up by key, model and hour"
        alarm(GatewayAlarm(.ledgerFull, object: "ledger", detail: detail))
        waitForRoom()
    }

    private func waitForRoom() {
        isWaitingForRoom = true
        eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.ledgerRetry.timeAmount) {
            self.isWaitingForRoom = false
            guard !self.ledger.writeSums() else { return self.reports.send(.mended(.ledgerFull, object: "ledger")) }
            self.waitForRoom()
        }
    }

    private func tellIfEmpty() {
        guard isDraining, clients.isEmpty, let onEmpty else { return }
        self.onEmpty = nil
        pool.closeIdle()
        reports.flush()
        onEmpty()
    }

    // MARK: Small things that exchanges need

    func date() -> String { httpDate.text(atSecond: GatewayClock.unixMicroseconds() / 1_000_000) }

    /// Local time of day.
    func secondOfDay(at unixMicroseconds: UInt64) -> Int64 {
        localTime.secondOfDay(atSecond: unixMicroseconds / 1_000_000)
    }

    func draw() -> UInt64 {
        draws &+= 1
        return dice.hash(draws, 0)
    }

    /// The key that a client showed, if it is one of ours; whether it is still good is another question.
    func key(shownIn head: HTTPMessage) -> ServedKey? {
        guard let ring = state?.view.keys, let shown = ClientCredential.shown(in: head) else { return nil }
        return keys.key(shown, in: ring)
    }

    func alarm(_ alarm: GatewayAlarm) {
        let now = GatewayClock.now()
        let name = alarm.code.rawValue + " " + alarm.object
        if let last = lastAlarms[name], now - last < Self.alarmEvery { return }
        lastAlarms = lastAlarms.filter { now - $0.value < Self.alarmEvery }
        lastAlarms[name] = now
        reports.send(.alarm(alarm))
    }
}
