/// How is one provider probed over one way? Connect, shake hands, ask for the list of models: as far as the kind goes, until the first
/// failure or the timeout. What is to be read of a local server is asked one by one, each over a connection of its own.
import Inference
import NIOCore
import NIOSSL
import NIOTLS
import NetTypes
import Wire

/// Touched on its own loop only; holds itself by its timer until it is over.
final class ProbeRun {
    private let provider: GatewayProvider
    private let way: ProbeWay
    private let probe: ProviderProbe
    private let credentials: [HTTPField]?
    /// A probe asks in HTTP/1.1, and one thing only.
    private let context: NIOSSLContext?
    private let address: ProviderAddress
    private let loop: GatewayLoop
    private let startedAt = GatewayClock.now()
    /// nil once it was given.
    private var answer: ((ProbeOutcome) -> Void)?
    private var left: [IPAddress] = []
    private var running = 0
    private var dials: [Dial] = []
    private var lastFailure = ConnectFailure(kind: .unreachable, detail: "the path carries none of the host's families")
    /// The first that was opened, and what hears of it; of others nothing is heard.
    private var channel: (any Channel)?
    private var handler: ProbeHandler?
    /// It was asked for something, over the connection that stands.
    private var hasAsked = false
    /// What its server is asked; nil: nothing is read.
    private(set) var inspection: ServerInspection?
    /// Where it is, the likeliest first.
    private var addresses: [IPAddress] = []

    /// - Parameter inspection: what is to be read; nil: nothing, an answer is enough.
    init(
        of index: Int,
        over way: ProbeWay,
        _ probe: ProviderProbe,
        reading inspection: ServerInspection? = nil,
        on state: GatewayState,
        _ loop: GatewayLoop
    ) {
        self.inspection = inspection
        provider = state.view.snapshot.providers[index]
        address = state.view.addresses[index]
        credentials = state.credentials[index]
        context = state.trusts[index]?.contextOfHTTP1
        (self.way, self.probe, self.loop) = (way, probe, loop)
    }

    func start(_ answer: @escaping (ProbeOutcome) -> Void) {
        self.answer = answer
        after(probe.timeout) {
            // Who has told his models has answered, whatever else he was asked.
            if self.inspection?.isNeeded == false { return self.end(nil, nil) }
            self.end(self.hasAsked ? .headTimeout : .connectTimeout, "no answer within \(self.probe.timeout)")
        }
        guard !isSecured || context != nil else { return end(.tls, "see the alarm on its provider") }
        loop.connector.resolve(provider.host) { result in
            switch result {
            case .success(let all):
                self.addresses = UpstreamConnector.sorted(all, self.way.families)
                self.left = self.addresses
                self.next()
            case .failure(let error): self.end(.nameResolution, error.reason)
            }
        }
    }

    private var isSecured: Bool { provider.isTLS && probe.kind != .tcp }

    private func after(_ span: Span, _ body: @escaping () -> Void) {
        loop.eventLoop.assumeIsolated().scheduleTask(in: span.timeAmount, body)
    }

    /// Tries the next address when the last one failed or has not answered for a quarter of a second, as requests do: an address that
    /// leads nowhere is no reason to call a provider dead that they reach.
    private func next() {
        guard answer != nil, channel == nil else { return }
        guard !left.isEmpty else {
            if running == 0 { failed(lastFailure.kind, lastFailure.detail) }
            return
        }
        running += 1
        dial(left.removeFirst())
        if !left.isEmpty { after(GatewayLimits.nextAddress) { self.next() } }
    }

    /// Their failures are told at once, to who holds none of them any more.
    private func endDials() {
        let all = dials
        dials = []
        for dial in all { dial.end() }
    }

    private func dial(_ address: IPAddress) {
        let handshake = isSecured ? context.map { UpstreamConnector.Handshake(host: provider.host, context: $0) } : nil
        let handler = ProbeHandler(self, waitsForTLS: handshake != nil, takesBody: inspection != nil)
        let dial = Dial()
        dials.append(dial)
        loop.connector.make(dial, address, provider.port, way.mark, handshake, handler)
            .assumeIsolated()
            .whenComplete { result in
                dial.forget()
                self.dials.removeAll { $0 === dial }
                self.running -= 1
                switch result {
                case .success(let channel): self.opened(channel, handler)
                case .failure(let error):
                    let (kind, detail) = UpstreamFault.classify(error)
                    self.lastFailure = ConnectFailure(kind: kind, detail: detail)
                    self.next()
                }
            }
    }

    private func opened(_ channel: any Channel, _ handler: ProbeHandler) {
        guard answer != nil, self.channel == nil else { return channel.close(promise: nil) }
        (self.channel, self.handler) = (channel, handler)
        endDials()
        if !isSecured { ready() }
    }

    fileprivate func heard(_ news: ProbeNews, by handler: ProbeHandler) {
        guard handler === self.handler else { return }
        switch news {
        case .secured: ready()
        case .answered(let status): end(FailureClass(ofModelList: status), "status \(status)")
        case .told(let status, let body): take(status, body)
        case .broke(let failure, let detail): failed(failure, detail)
        }
    }

    /// One answer of a server that is read.
    private func take(_ status: Int, _ body: [UInt8]?) {
        if let failure = inspection?.take(status: status, body) { return end(failure, "status \(status)") }
        askOn()
    }

    /// The next question, if there is one, over a connection of its own: not every server keeps one.
    private func askOn() {
        let last = channel
        // Its end is no news.
        (channel, handler, hasAsked) = (nil, nil, false)
        last?.close(promise: nil)
        guard inspection?.ask != nil else { return end(nil, nil) }
        left = addresses
        next()
    }

    /// No answer came. A question that need not be answered is passed over.
    private func failed(_ failure: FailureClass, _ detail: String?) {
        guard answer != nil, let inspection, !inspection.isNeeded else { return end(failure, detail) }
        take(0, nil)
    }

    /// Connected, and secured where that is wanted.
    private func ready() {
        guard probe.kind.asks else { return end(nil, nil) }
        guard let credentials else { return end(.secretUnavailable, nil) }
        let ask = inspection?.ask
        var head = HTTPWriter(capacity: 512)
        guard head.requestLine(ask?.body == nil ? "GET" : "POST", provider.path(of: ask)) else {
            return end(.malformed, "the provider's path is none")
        }
        head.field("host", address.authority)
        head.field("accept", "application/json")
        for field in credentials { head.field(field) }
        head.field("connection", "close")
        if let body = ask?.body {
            head.field("content-type", "application/json")
            head.contentLength(body.count)
        }
        head.endOfHead()
        if let body = ask?.body { head.body(body) }
        hasAsked = true
        channel?.writeAndFlush(ByteBuffer(bytes: head.bytes), promise: nil)
    }

    private func end(_ failure: FailureClass?, _ detail: String?) {
        guard let answer else { return }
        self.answer = nil
        channel?.close(promise: nil)
        endDials()
        // It holds us, and would for ever.
        (channel, handler) = (nil, nil)
        let after = GatewayClock.now() - startedAt
        let words = failure == nil ? nil : detail.map { String($0.prefix(200)) }
        let reading = failure == nil ? inspection?.reading : nil
        answer(ProbeOutcome(path: way.path, failure: failure, detail: words, after: after, reading: reading))
    }
}

/// What a probe's connection tells.
private enum ProbeNews {
    case secured
    case answered(Int)
    /// The same with its body, of a server that is read; nil: larger than is read.
    case told(Int, [UInt8]?)
    case broke(FailureClass, String)
}

/// Listens on a probe's connection.
private final class ProbeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let run: ProbeRun
    private var waitsForTLS: Bool
    private var reader = HTTPReader(.answers)
    private var incoming = ByteBuffer()
    private let takesBody: Bool
    /// Of the answer that is being read.
    private var status: Int?
    private var body: [UInt8] = []

    init(_ run: ProbeRun, waitsForTLS: Bool, takesBody: Bool) {
        (self.run, self.waitsForTLS, self.takesBody) = (run, waitsForTLS, takesBody)
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelReadComplete(context: ChannelHandlerContext) { context.read() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent, waitsForTLS else { return }
        waitsForTLS = false
        run.heard(.secured, by: self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        incoming.writeBuffer(&bytes)
        do {
            while true {
                var taken = 0
                let event = try reader.next(in: incoming, taken: &taken)
                if case .body(let place)? = event { incoming.copy(place, to: &body) }
                incoming.moveReaderIndex(forwardBy: taken)
                guard let event else { return }
                if isLast(event) { return }
            }
        } catch {
            broke(error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { broke(error) }

    func channelInactive(context: ChannelHandlerContext) {
        // A body without a length ends so.
        if takesBody, case .end? = try? reader.finish() { return tell(body) }
        run.heard(.broke(waitsForTLS ? .tls : .reset, "closed by the provider"), by: self)
    }

    /// Whether nothing more is to be read.
    private func isLast(_ event: HTTPReader.Event) -> Bool {
        switch event {
        case .interim: return false
        case .head(let head):
            status = head.status
            if !takesBody { run.heard(.answered(head.status), by: self) }
            return !takesBody
        case .body:
            guard body.count > ServerInspection.longestAnswer else { return false }
            tell(nil)
            return true
        case .end:
            tell(body)
            return true
        }
    }

    private func tell(_ body: [UInt8]?) {
        if let status { run.heard(.told(status, body), by: self) }
    }

    private func broke(_ error: any Error) {
        let (kind, detail) = UpstreamFault.classify(error)
        run.heard(.broke(waitsForTLS ? .tls : kind, detail), by: self)
    }
}
