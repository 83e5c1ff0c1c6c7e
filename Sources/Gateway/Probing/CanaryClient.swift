/// Who asks when nobody does? A request of the gateway's own to one member, served by the exchange that serves clients: its record, its
/// cost and what it shows of the member come about as theirs do. Its answer is thrown away.
import Inference
import NIOCore
import NetTypes
import PolicyEngine

/// Touched on its own loop only; holds itself by its driver until the answer is over.
final class CanaryClient: ClientSide {
    let loop: GatewayLoop
    let source: IPAddress? = nil
    private let member: String
    private var driver: ExchangeDriver?
    private var timer: Scheduled<Void>?

    init(for member: String, on loop: GatewayLoop) { (self.member, self.loop) = (member, loop) }

    /// False when there is no such member.
    func ask(by state: GatewayState) -> Bool {
        guard let found = state.view.snapshot.models.member(named: member) else { return false }
        var request = ClientRequest(
            dialect: state.view.provider(of: found.id).dialect.client,
            body: MemberCanary.body(model: member),
            key: MemberCanary.key,
            team: nil,
            source: nil,
            unixMicroseconds: GatewayClock.unixMicroseconds(),
            draw: loop.draw()
        )
        request.member = found.id
        let driver = ExchangeDriver(on: state, loop: loop, client: self)
        self.driver = driver
        driver.handle(.request(request))
        return true
    }

    /// The gateway ends.
    func cancel() { driver?.handle(.clientGone) }

    // MARK: What the exchange asks of whoever asked

    func beginAnswer(to request: IncomingRequest, by driver: ExchangeDriver?, isLast: Bool) {}
    func write(_ head: ClientHead) {}
    func write(_ bytes: [UInt8]) {}
    func writeEnd() {}
    func flush() {}
    func answered() { end() }
    func cut() { end() }

    func rearm() {
        timer?.cancel()
        guard let driver, let deadline = driver.nextDeadline else { return }
        let wait = max(.zero, deadline - GatewayClock.now())
        timer = loop.eventLoop.assumeIsolated().scheduleTask(in: wait.timeAmount) { driver.handle(.tick) }
    }

    private func end() {
        timer?.cancel()
        driver = nil
        loop.ended(self)
    }
}

extension Dialect {
    /// The clients whose requests such a provider takes, as they are where that is possible: a canary names its member in its body.
    fileprivate var client: ClientDialect {
        switch self {
        case .openai, .gemini, .ollama, .responses: .openai
        case .anthropic: .anthropic
        }
    }
}
