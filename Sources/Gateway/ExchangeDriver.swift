/// Where an action meets a socket: the loop around one exchange. Everything that happens comes in as an event, everything that
/// the machine answers is done here, and nothing is decided.
import Inference
import NIOCore
import NetTypes
import Wire

/// Touched on its own loop only.
final class ExchangeDriver {
    private let loop: GatewayLoop
    private let state: GatewayState
    /// It holds us while it serves, and we hold it: it lets go with the answer's end, or with its own.
    private let client: any ClientSide
    private var exchange: Exchange
    /// What is driven instead, when the request is passed on as it is.
    private var passage: Passage?
    private var upstream: (any UpstreamSide)?
    private var race: ConnectRace?
    /// The trial that this request is, if it is one.
    private var trial: Brakes.Trial?
    /// What the request's body keeps of the room, as long as it is kept.
    private var hold: BodyHold?
    /// Events that came while another was handled: an action may cause the next one at once.
    private var events: [ExchangeEvent] = []
    private var isHandling = false
    private var isGathering = false
    /// The connection serves the next request.
    private var hasHandedBack = false
    /// The answer broke off.
    private var isCut = false

    init(on state: GatewayState, loop: GatewayLoop, client: any ClientSide, hold: consuming BodyHold? = nil) {
        self.hold = hold
        exchange = Exchange(on: state.view)
        self.state = state
        self.loop = loop
        self.client = client
        loop.reports.began()
    }

    var nextDeadline: Instant? { passage == nil ? exchange.nextDeadline : passage?.nextDeadline }

    var isPassage: Bool { passage != nil }

    /// Whether all fields of a provider's head are of use.
    var wantsFields: Bool { isPassage || exchange.wantsFields }

    /// Passes a request on as it is.
    func begin(_ request: PassageRequest) {
        isHandling = true
        withExtendedLifetime(self) {
            let now = GatewayClock.now()
            passage = Passage(request, on: state.view, at: now)
            for action in passage?.begin(at: now) ?? [] { perform(action, at: now) }
            while !events.isEmpty { act(on: events.removeFirst()) }
            isHandling = false
            flush()
        }
    }

    /// The connection has no more to do with this exchange: it is gone, or the pool's again.
    func letGo(_ connection: any UpstreamSide) {
        if upstream === connection { upstream = nil }
    }

    /// What happens inside is answered in one go, by one write: the events of one read.
    func together(_ body: () -> Void) {
        guard !isHandling, !isGathering else { return body() }
        isGathering = true
        withExtendedLifetime(self) {
            body()
            isGathering = false
            flush()
        }
    }

    func handle(_ event: ExchangeEvent) {
        guard !isHandling else { return events.append(event) }
        isHandling = true
        // Actions may drop the last reference to this.
        withExtendedLifetime(self) {
            act(on: event)
            while !events.isEmpty { act(on: events.removeFirst()) }
            isHandling = false
            if !isGathering { flush() }
        }
    }

    private func act(on event: ExchangeEvent) {
        let now = GatewayClock.now()
        let actions = isPassage ? passage?.handle(event, at: now) ?? [] : exchange.handle(event, at: now)
        for action in actions { perform(action, at: now) }
    }

    private func perform(_ action: ExchangeAction, at now: Instant) {
        switch action {
        case .connect(let order): connect(order, at: now)
        case .send(let attempt, let request): send(request, of: attempt)
        case .closeUpstream: closeUpstream()
        case .releaseUpstream:
            upstream?.release()
            upstream = nil
        case .readUpstream(_, let isWanted): upstream?.read(isWanted)
        case .readBody(let isWanted): client.readBody(isWanted)
        case .bodyGone: hold = nil
        case .writeHead(let head): client.write(head)
        case .writeBody(let bytes): client.write(bytes)
        case .endAnswer(let end): endAnswer(end)
        case .signal(let member, let path, let signal):
            endTrial()
            loop.reports.signal(member: member, path: path, signal, at: now)
        case .pause(let member, let cause, let span):
            endTrial()
            loop.reports.send(.pause(member: member, cause, until: now + span))
        case .alarm(let alarm): loop.alarm(alarm)
        case .finished(let record):
            endTrial()
            upstream = nil
            loop.reports.ended()
            loop.settle(record)
            loop.reports.decided(record)
        }
    }

    /// It has shown what it was to show, or never will.
    private func endTrial() {
        trial?.end()
        trial = nil
    }

    private func connect(_ order: ConnectOrder, at now: Instant) {
        if let permission = order.permission {
            endTrial()
            switch state.brakes.grant(permission, at: now) {
            case .success(let granted): trial = granted
            case .failure(let refused): return handle(.denied(order.attempt, refused.denial))
            }
        }
        guard state.credentials[order.provider] != nil else {
            return handle(.connectFailed(order.attempt, .secretUnavailable, detail: "see the alarm on its provider"))
        }
        let trust = state.trusts[order.provider]
        // Without it a connection of earlier days, in plain text, would be as good as any.
        guard !order.isTLS || trust != nil else {
            return handle(.connectFailed(order.attempt, .tls, detail: "see the alarm on its provider"))
        }
        if let connection = loop.pool.takeIdle(order, trusting: trust) {
            return connected(.success(connection), order.attempt)
        }
        // Only a connection that has to be made may outlive us; a weak reference makes every later one dearer.
        race = loop.pool.connect(order, trusting: trust) { [weak self] result in
            self?.connected(result, order.attempt)
        }
    }

    private func connected(_ result: Result<any UpstreamSide, ConnectFailure>, _ attempt: AttemptID) {
        race = nil
        switch result {
        case .success(let connection):
            connection.begin(self, attempt)
            upstream = connection
            handle(.connected(attempt, isReused: connection.hasServed))
        case .failure(let failure): handle(.connectFailed(attempt, failure.kind, detail: failure.detail))
        }
    }

    private func send(_ request: UpstreamRequest, of attempt: AttemptID) {
        guard upstream?.send(request, state.credentials[request.provider] ?? []) == false else { return }
        handle(.upstreamBroke(attempt, .malformed, detail: "the provider's path is none"))
    }

    /// Sends on what has come of the body, which is kept nowhere.
    func upload(_ bytes: [UInt8]) {
        guard !exchange.isOver, let upstream else { return }
        upstream.sendMore(bytes)
        handle(.uploaded(bytes.count))
    }

    /// All of the body has come.
    func endUpload() {
        guard !exchange.isOver, let upstream else { return }
        upstream.sendEnd()
        handle(.uploadEnded)
    }

    private func closeUpstream() {
        race?.cancel()
        race = nil
        upstream?.close()
        upstream = nil
    }

    private func endAnswer(_ end: ClientEnd) {
        guard end == .complete else {
            isCut = true
            return
        }
        client.writeEnd()
    }

    /// Hands over what was gathered, and the client itself when the answer is over.
    private func flush() {
        client.flush()
        guard passage?.isOver ?? exchange.isOver else { return client.rearm() }
        guard !hasHandedBack else { return }
        hasHandedBack = true
        // An answer that has no end must not be followed by another.
        if isCut { client.cut() } else { client.answered() }
    }
}
