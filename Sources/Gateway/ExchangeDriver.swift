/// Where an action meets a socket: the loop around one exchange. Everything that happens comes in as an event, everything that
/// the machine answers is done here, and nothing is decided.
import Inference
import NIOCore
import NIOHTTP1
import NetTypes
import Wire

/// Touched on its own loop only.
final class ExchangeDriver {
    private let loop: GatewayLoop
    private let state: GatewayState
    private unowned let ingress: Ingress
    private var exchange: Exchange
    private var framing: AnswerFraming
    /// Bytes for the client from the events handled in one go: one write, one flush.
    private var outgoing: ByteBuffer
    private var upstream: UpstreamConnection?
    private var race: ConnectRace?
    /// Events that came while another was handled: an action may cause the next one at once.
    private var events: [ExchangeEvent] = []
    private var isHandling = false
    /// The connection serves the next request.
    private var hasHandedBack = false

    init(on state: GatewayState, framing: AnswerFraming, loop: GatewayLoop, ingress: Ingress) {
        exchange = Exchange(on: state.view)
        self.state = state
        self.framing = framing
        self.loop = loop
        self.ingress = ingress
        outgoing = loop.allocator.buffer(capacity: 1024)
    }

    var nextDeadline: Instant? { exchange.nextDeadline }

    /// The connection has no more to do with this exchange: it is gone, or the pool's again.
    func letGo(_ connection: UpstreamConnection) {
        if upstream === connection { upstream = nil }
    }

    func handle(_ event: ExchangeEvent) {
        events.append(event)
        guard !isHandling else { return }
        isHandling = true
        // Actions may drop the last reference to this.
        withExtendedLifetime(self) {
            while !events.isEmpty {
                let next = events.removeFirst()
                let now = GatewayClock.now()
                for action in exchange.handle(next, at: now) { perform(action, at: now) }
            }
            isHandling = false
            flush()
        }
    }

    private func perform(_ action: ExchangeAction, at now: Instant) {
        switch action {
        case .connect(let order): connect(order)
        case .send(_, let request): send(request)
        case .closeUpstream: closeUpstream()
        case .releaseUpstream:
            upstream?.release()
            upstream = nil
        case .readUpstream(_, let isWanted): upstream?.read(isWanted)
        case .writeHead(let head): framing.write(head, date: loop.date(), to: &outgoing)
        case .writeBody(let bytes): framing.write(bytes, to: &outgoing)
        case .endAnswer(let end): endAnswer(end)
        case .signal(let member, let path, let signal): loop.reports.signal(member: member, path: path, signal, at: now)
        case .alarm(let alarm): loop.alarm(alarm)
        case .finished(let record):
            upstream = nil
            loop.reports.send(.decision(record))
        }
    }

    private func connect(_ order: ConnectOrder) {
        guard state.credentials[order.provider] != nil else {
            return handle(.connectFailed(order.attempt, .secretUnavailable, detail: "see the alarm on its provider"))
        }
        race = loop.pool.connect(order) { [weak self] result in self?.connected(result, order.attempt) }
    }

    private func connected(_ result: Result<UpstreamConnection, ConnectFailure>, _ attempt: AttemptID) {
        race = nil
        switch result {
        case .success(let connection):
            connection.begin(self, attempt)
            upstream = connection
            handle(.connected(attempt, isReused: connection.hasServed))
        case .failure(let failure): handle(.connectFailed(attempt, failure.kind, detail: failure.detail))
        }
    }

    private func send(_ request: UpstreamRequest) {
        var headers = HTTPHeaders()
        headers.add(name: "host", value: request.authority)
        for header in request.headers { headers.add(name: header.name, value: header.value) }
        for field in state.credentials[request.provider] ?? [] { headers.add(name: field.name, value: field.value) }
        headers.add(name: "content-length", value: "\(request.body.count)")
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: request.path, headers: headers)
        upstream?.send(head, body: request.body)
    }

    private func closeUpstream() {
        race?.cancel()
        race = nil
        upstream?.close()
        upstream = nil
    }

    private func endAnswer(_ end: ClientEnd) {
        guard end == .complete else { return }
        framing.writeEnd(to: &outgoing)
    }

    /// Hands over what was gathered, and the connection itself when the answer is over.
    private func flush() {
        if outgoing.readableBytes > 0 {
            // Taken out first: writing may tell at once that the client reads no more, which leads here again.
            let bytes = outgoing
            outgoing = loop.allocator.buffer(capacity: 1024)
            ingress.write(bytes)
        }
        guard exchange.isOver else { return ingress.rearm() }
        guard !hasHandedBack else { return }
        hasHandedBack = true
        ingress.answered(keepsAlive: framing.keepsAlive)
    }
}
