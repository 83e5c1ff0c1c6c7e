/// The sockets of an exchange as a model: it does what the machine says and throws when that is impossible.
import NetTypes
import PolicyEngine

@testable import Inference

final class ExchangeWorld {
    /// What a machine must never ask for.
    enum Impossible: Error {
        case connectWhileConnected, wrongAttempt, sendWithoutConnection, sendTwice, closeOfNothing
        case headTwice, bodyBeforeHead, afterEnd, finishedTwice, bodyIsNotItsLength, endWithoutHead, notOver
    }

    enum Upstream: Equatable { case none, connecting, open, sent }

    var exchange: Exchange
    var now = Stage.start
    private(set) var attempt = AttemptID(-1)
    private(set) var upstream = Upstream.none
    private(set) var orders: [ConnectOrder] = []
    private(set) var sent: [UpstreamRequest] = []
    private(set) var isReading = true
    private(set) var wantsBody = false
    private(set) var isBodyGone = false
    private(set) var head: ClientHead?
    private(set) var body: [UInt8] = []
    private(set) var end: ClientEnd?
    private(set) var record: DecisionRecord?
    private(set) var signals: [String] = []
    private(set) var alarms: [GatewayAlarm.Code] = []

    init(_ snapshot: GatewaySnapshot = Stage.snapshot()) throws {
        exchange = Exchange(on: try RoutingView(snapshot))
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var order: ConnectOrder? { orders.last }

    func feed(_ event: ExchangeEvent, after span: Span = .zero) throws {
        now = now + span
        for action in exchange.handle(event, at: now) { try perform(action) }
        if exchange.isOver, record == nil { throw Impossible.notOver }
    }

    /// Moves the clock to the next deadline and lets it pass.
    func waitForDeadline() throws {
        guard let deadline = exchange.nextDeadline else { return }
        now = max(now, deadline)
        try feed(.tick)
    }

    /// Events of the upstream that is connected now.
    func connect(isReused: Bool = false) throws {
        upstream = .open
        try feed(.connected(attempt, isReused: isReused))
    }

    func answer(_ head: UpstreamHead) throws { try feed(.upstreamHead(attempt, head)) }
    func send(_ bytes: [UInt8]) throws { try feed(.upstreamBytes(attempt, bytes)) }

    func endUpstream() throws {
        upstream = .none
        try feed(.upstreamEnded(attempt))
    }

    func breakUpstream(_ kind: FailureClass) throws {
        upstream = .none
        try feed(.upstreamBroke(attempt, kind, detail: "broke"))
    }

    func refuseRequest() throws {
        upstream = .none
        try feed(.upstreamRefused(attempt, detail: "not begun"))
    }

    func denyConnection(_ denial: Denial) throws {
        upstream = .none
        try feed(.denied(attempt, denial))
    }

    func refuseConnection(_ kind: FailureClass) throws {
        upstream = .none
        try feed(.connectFailed(attempt, kind, detail: "refused"))
    }

    private func perform(_ action: ExchangeAction) throws {
        guard record == nil else { throw Impossible.finishedTwice }
        switch action {
        case .connect(let order): try connect(order)
        case .send(let id, let request):
            guard id == attempt else { throw Impossible.wrongAttempt }
            guard upstream == .open else {
                throw upstream == .sent ? Impossible.sendTwice : .sendWithoutConnection
            }
            upstream = .sent
            sent.append(request)
        case .closeUpstream(let id), .releaseUpstream(let id):
            guard id == attempt else { throw Impossible.wrongAttempt }
            guard upstream != .none else { throw Impossible.closeOfNothing }
            upstream = .none
        case .readBody(let isOn): wantsBody = isOn
        case .bodyGone: isBodyGone = true
        case .readUpstream(let id, let isOn):
            guard id == attempt else { throw Impossible.wrongAttempt }
            isReading = isOn
        case .writeHead(let head):
            guard self.head == nil else { throw Impossible.headTwice }
            self.head = head
        case .writeBody(let bytes):
            guard head != nil else { throw Impossible.bodyBeforeHead }
            guard end == nil else { throw Impossible.afterEnd }
            body += bytes
        case .endAnswer(let end): try finish(end)
        case .signal(let member, let path, let signal):
            signals.append("\(member) \(path ?? "-") \(signal == .success ? "success" : "failure")")
        case .pause(let member, _, let span): signals.append("\(member) pause \(span)")
        case .alarm(let alarm): alarms.append(alarm.code)
        case .finished(let record): self.record = record
        }
    }

    private func connect(_ order: ConnectOrder) throws {
        guard upstream == .none else { throw Impossible.connectWhileConnected }
        guard end == nil else { throw Impossible.afterEnd }
        attempt = order.attempt
        upstream = .connecting
        isReading = true
        orders.append(order)
    }

    private func finish(_ end: ClientEnd) throws {
        guard self.end == nil else { throw Impossible.afterEnd }
        if end == .complete {
            guard let head else { throw Impossible.endWithoutHead }
            guard head.length.map({ $0 == body.count }) ?? true else { throw Impossible.bodyIsNotItsLength }
        }
        self.end = end
    }
}
