/// What does one connection to a provider do? It carries one request after another, and tells the driver of the request that
/// it carries now. NIO's HTTP/1 codec stands beneath it; nothing above knows of that.
import Inference
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import NetTypes

/// What connections are kept apart by. A connection leaves by the path of its mark for as long as it lives.
struct UpstreamKey: Hashable {
    let host: String
    let port: UInt16
    let isTLS: Bool
    let mark: Mark?

    init(_ order: ConnectOrder) {
        host = order.host
        port = order.port
        isTLS = order.isTLS
        mark = order.mark
    }
}

/// Touched on its own loop only.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum Phase {
        /// TCP stands, TLS does not yet.
        case securing
        case idle
        /// A request runs, for this driver and attempt.
        case serving(ExchangeDriver, AttemptID)
        /// The exchange has all it wants; the HTTP end is still to come.
        case ending
        case closed
    }

    let key: UpstreamKey
    let family: AddressFamily
    private let pool: UpstreamPool
    private var phase: Phase
    private var context: ChannelHandlerContext?
    private var onSecured: ((FailureClass?, String) -> Void)?
    private var wantsBytes = true
    /// The answer allows another request after it.
    private var keepsAlive = false
    private(set) var hasServed = false
    /// When it became idle.
    private(set) var idleSince = Instant(nanoseconds: 0)

    init(_ key: UpstreamKey, family: AddressFamily, pool: UpstreamPool) {
        self.key = key
        self.family = family
        self.pool = pool
        phase = key.isTLS ? .securing : .idle
    }

    var isIdle: Bool { if case .idle = phase { true } else { false } }

    // MARK: What the pool and the driver ask

    /// Calls back when requests may be sent: at once without TLS.
    func whenSecured(_ body: @escaping (FailureClass?, String) -> Void) {
        switch phase {
        case .securing: onSecured = body
        case .closed: body(.tls, "closed during the handshake")
        case .idle, .serving, .ending: body(nil, "")
        }
    }

    /// Takes the connection for an attempt.
    func begin(_ driver: ExchangeDriver, _ attempt: AttemptID) {
        phase = .serving(driver, attempt)
        wantsBytes = true
        keepsAlive = false
    }

    func send(_ head: HTTPRequestHead, body: [UInt8]) {
        guard let context else { return }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let buffer = context.channel.allocator.buffer(bytes: body)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.read()
    }

    /// Whether bytes are read; those that are on their way in still come.
    func read(_ isWanted: Bool) {
        wantsBytes = isWanted
        if isWanted { context?.read() }
    }

    /// The exchange has all it wants: kept if the answer's HTTP end comes soon.
    func release() {
        guard case .serving = phase else { return }
        phase = .ending
        wantsBytes = true
        guard let context else { return }
        context.read()
        context.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.upstreamTail.timeAmount) { [weak self] in
            if let self, case .ending = self.phase { self.close() }
        }
    }

    func close() {
        if case .closed = phase { return }
        phase = .closed
        pool.forget(self)
        context?.close(promise: nil)
    }

    // MARK: What NIO tells

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, case .securing = phase {
            phase = .idle
            secured(nil, "")
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (phase, unwrapInboundIn(data)) {
        case (.serving(let driver, let attempt), .head(let head)):
            keepsAlive = head.isKeepAlive
            driver.handle(.upstreamHead(attempt, UpstreamHead(head)))
        case (.serving(let driver, let attempt), .body(let bytes)):
            driver.handle(.upstreamBytes(attempt, Array(bytes.readableBytesView)))
        case (.serving(let driver, let attempt), .end):
            // First free, then told: what the driver does next may want a connection.
            becomeIdle()
            driver.letGo(self)
            driver.handle(.upstreamEnded(attempt))
        case (.ending, .end): becomeIdle()
        case (.ending, _), (.closed, _): break
        // Nobody asked: whatever this is, it is no answer to the next request.
        case (.idle, _), (.securing, _): close()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if wantsBytes { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) { broke(.reset, "closed by the provider") }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let (kind, detail) = UpstreamFault.classify(error)
        broke(kind, detail)
        context.close(promise: nil)
    }

    private func becomeIdle() {
        hasServed = true
        guard keepsAlive else { return close() }
        phase = .idle
        wantsBytes = true
        idleSince = GatewayClock.now()
        context?.read()
        pool.put(self)
    }

    private func broke(_ kind: FailureClass, _ detail: String) {
        let last = phase
        phase = .closed
        pool.forget(self)
        switch last {
        case .securing: secured(.tls, detail)
        case .serving(let driver, let attempt):
            driver.letGo(self)
            driver.handle(.upstreamBroke(attempt, kind, detail: detail))
        case .idle, .ending, .closed: break
        }
    }

    private func secured(_ failure: FailureClass?, _ detail: String) {
        onSecured?(failure, detail)
        onSecured = nil
    }
}

extension UpstreamHead {
    /// Without parameters, in lower case.
    private static func mediaType(_ field: String) -> String {
        // What most answers say, as most say it.
        if field == "application/json" { return field }
        return String(field.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") })?.lowercased() ?? ""
    }

    init(_ head: HTTPResponseHead) {
        let coding = head.headers.first(name: "content-encoding")
        let type = head.headers.first(name: "content-type") ?? ""
        self.init(
            status: Int(head.status.code),
            contentType: Self.mediaType(type),
            retryAfter: head.headers.first(name: "retry-after"),
            contentEncoding: coding == "identity" ? nil : coding
        )
    }
}
