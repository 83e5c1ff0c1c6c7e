/// Which of a host's addresses answers first? One race per attempt: the next address joins when the last one failed or has not
/// answered for a quarter of a second; the first that stands wins, and the others are closed.
import Inference
import NIOCore
import NetTypes

/// Touched on its own loop only.
final class ConnectRace {
    private let order: ConnectOrder
    private let eventLoop: any EventLoop
    private let connect: (IPAddress, Dial) -> EventLoopFuture<any Channel>
    private var dials: [Dial] = []
    /// nil once it was given.
    private var answer: UpstreamPool.Answer?
    private var waiting: [IPAddress] = []
    private var running = 0
    private var lastFailure = ConnectFailure(kind: .unreachable, detail: "the path carries none of the host's families")
    /// The winner, while its TLS handshake runs.
    private var winner: UpstreamConnection?

    init(
        _ order: ConnectOrder,
        on eventLoop: any EventLoop,
        _ answer: @escaping UpstreamPool.Answer,
        connect: @escaping (IPAddress, Dial) -> EventLoopFuture<any Channel>
    ) {
        self.order = order
        self.eventLoop = eventLoop
        self.answer = answer
        self.connect = connect
    }

    func start(_ addresses: [IPAddress]) {
        waiting = addresses
        next()
    }

    func fail(_ failure: ConnectFailure) { finish(.failure(failure)) }

    /// Nobody waits any more.
    func cancel() {
        answer = nil
        waiting = []
        winner?.close()
        winner = nil
        endDials()
    }

    /// Their failures are told at once, to who holds none of them any more.
    private func endDials() {
        let all = dials
        dials = []
        for dial in all { dial.end() }
    }

    private func next() {
        guard answer != nil, winner == nil else { return }
        guard !waiting.isEmpty else {
            if running == 0 { finish(.failure(lastFailure)) }
            return
        }
        let address = waiting.removeFirst()
        running += 1
        let dial = Dial()
        dials.append(dial)
        connect(address, dial).assumeIsolated().whenComplete { result in
            dial.forget()
            self.dials.removeAll { $0 === dial }
            self.ended(result)
        }
        guard !waiting.isEmpty else { return }
        eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.nextAddress.timeAmount) { self.next() }
    }

    private func ended(_ result: Result<any Channel, any Error>) {
        running -= 1
        switch result {
        case .failure(let error):
            let (kind, detail) = UpstreamFault.classify(error)
            lastFailure = ConnectFailure(kind: kind, detail: detail)
            next()
        case .success(let channel):
            guard answer != nil, winner == nil,
                let connection = try? channel.pipeline.syncOperations.handler(type: UpstreamConnection.self)
            else {
                channel.close(promise: nil)
                return
            }
            won(connection)
        }
    }

    private func won(_ connection: UpstreamConnection) {
        winner = connection
        endDials()
        connection.whenSecured { outcome in
            switch outcome {
            case .ready: self.finish(.success(connection))
            case .http2(let connection): self.finish(connection)
            case .failed(let kind, let detail): self.finish(.failure(ConnectFailure(kind: kind, detail: detail)))
            }
        }
    }

    /// A stream is opened for somebody who waits for it; without one the connection is idle.
    private func finish(_ connection: UpstreamHTTP2) {
        if answer != nil { finish(.success(connection.open())) }
    }

    private func finish(_ result: Result<any UpstreamSide, ConnectFailure>) {
        guard let answer else { return }
        self.answer = nil
        answer(result)
    }
}
