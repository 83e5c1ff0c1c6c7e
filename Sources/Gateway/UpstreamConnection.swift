/// What does one connection to a provider do? It carries one request after another, and tells the driver of the request that
/// it carries now. Bytes are read as HTTP/1.1 here and nowhere above; where the provider has agreed on HTTP/2, `UpstreamHTTP2` takes over.
import Inference
import NIOCore
import NIOSSL
import NIOTLS
import NetTypes
import Wire

/// What connections are kept apart by. A connection leaves by the path of its mark for as long as it lives.
struct UpstreamKey: Hashable {
    let host: String
    let port: UInt16
    let mark: Mark?
    /// By what its certificate was checked; nil: it is not TLS.
    let trust: UpstreamTrust?

    init(_ order: ConnectOrder, _ trust: UpstreamTrust?) {
        host = order.host
        port = order.port
        mark = order.mark
        self.trust = order.isTLS ? trust : nil
    }

    var isTLS: Bool { trust != nil }

    static func == (a: UpstreamKey, b: UpstreamKey) -> Bool {
        a.trust === b.trust && a.port == b.port && a.mark == b.mark && a.host == b.host
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(port)
        hasher.combine(mark)
    }
}

/// Touched on its own loop only.
final class UpstreamConnection: ChannelInboundHandler, RemovableChannelHandler, UpstreamSide {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

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

    /// What has become of a connection that was made.
    enum Secured {
        /// Requests may be sent on it.
        case ready
        /// They may be sent on this.
        case http2(UpstreamHTTP2)
        case failed(FailureClass, String)
    }

    let key: UpstreamKey
    let family: AddressFamily
    private let pool: UpstreamPool
    /// Where it stands while it is idle.
    let shelf: UpstreamPool.Shelf
    private var phase: Phase
    private var context: ChannelHandlerContext?
    private var onSecured: ((Secured) -> Void)?
    private var reader = HTTPReader(.answers)
    /// What came and was not taken: the beginning of a head or of a chunk's line.
    private var incoming = ByteBuffer()
    private var wantsBytes = true
    /// More of the request follows, and whether in chunks.
    private var isSending = false
    private var isChunked = false
    /// The answer allows another request after it.
    private var keepsAlive = false
    private(set) var hasServed = false
    /// When it became idle.
    private(set) var idleSince = Instant(nanoseconds: 0)

    init(_ key: UpstreamKey, family: AddressFamily, pool: UpstreamPool) {
        self.key = key
        self.family = family
        self.pool = pool
        shelf = pool.shelf(of: key)
        phase = key.isTLS ? .securing : .idle
    }

    var isIdle: Bool { if case .idle = phase { true } else { false } }

    // MARK: What the pool and the driver ask

    /// Calls back when requests may be sent: at once without TLS.
    func whenSecured(_ body: @escaping (Secured) -> Void) {
        switch phase {
        case .securing: onSecured = body
        case .closed: body(.failed(.tls, "closed during the handshake"))
        case .idle, .serving, .ending: body(.ready)
        }
    }

    /// Takes the connection for an attempt.
    func begin(_ driver: ExchangeDriver, _ attempt: AttemptID) {
        phase = .serving(driver, attempt)
        wantsBytes = true
        keepsAlive = false
    }

    /// Bytes of a head, roughly.
    private static let headBytes = 512

    /// Head and body leave in one piece.
    func send(_ request: UpstreamRequest, _ more: [HTTPField]) -> Bool {
        var head = HTTPWriter(capacity: Self.headBytes)
        guard head.requestLine(request.methodWord, request.path) else { return false }
        head.field("host", request.authority)
        for header in request.headers { head.field(header.name, header.value) }
        for field in more where !request.says(field) { head.field(field) }
        (isSending, isChunked) = (request.rest != nil, request.rest == .chunks)
        if isChunked { head.chunkedCoding() } else if request.saysLength { head.contentLength(request.length ?? 0) }
        head.endOfHead()
        guard let context else { return true }
        var buffer = context.channel.allocator.buffer(capacity: head.bytes.count + request.body.count)
        buffer.writeBytes(head.bytes)
        if isChunked { Self.write(chunk: request.body, to: &buffer) } else { buffer.writeBytes(request.body) }
        if isSending {
            buffer.inPieces { context.write(wrapOutboundOut($0), promise: took(context.eventLoop)) }
            context.flush()
        } else {
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }
        // Without TLS a read is always pending; beneath TLS one may have been spent on what TLS says for itself.
        if key.isTLS { context.read() }
        return true
    }

    var served: (driver: ExchangeDriver, attempt: AttemptID)? {
        if case .serving(let driver, let attempt) = phase { (driver, attempt) } else { nil }
    }

    /// More of the body.
    func sendMore(_ bytes: [UInt8]) {
        guard isSending, !bytes.isEmpty, let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count + Self.chunkFrame)
        if isChunked { Self.write(chunk: bytes, to: &buffer) } else { buffer.writeBytes(bytes) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    func sendEnd() {
        guard isSending, let context else { return }
        isSending = false
        guard isChunked else { return }
        var writer = HTTPWriter(capacity: 8)
        writer.endOfChunks()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: writer.bytes)), promise: nil)
    }

    /// Bytes around a chunk: the digits of its size and two line ends.
    private static let chunkFrame = 20

    private static func write(chunk bytes: [UInt8], to buffer: inout ByteBuffer) {
        guard !bytes.isEmpty else { return }
        var writer = HTTPWriter(capacity: bytes.count + chunkFrame)
        writer.beginChunk(bytes.count)
        writer.body(bytes)
        writer.endChunk()
        buffer.writeBytes(writer.bytes)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard isSending, case .serving(let driver, let attempt) = phase else { return }
        driver.handle(.upstreamWritable(attempt, context.channel.isWritable))
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
        context.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.upstreamTail.timeAmount) {
            if case .ending = self.phase { self.close() }
        }
    }

    func close() {
        if case .closed = phase { return }
        phase = .closed
        // Whoever waits has let go, and would be held by this.
        onSecured = nil
        pool.forget(self)
        context?.close(promise: nil)
    }

    // MARK: What NIO tells

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case .handshakeCompleted(let name)? = event as? TLSUserEvent, case .securing = phase else { return }
        if name == "h2" { return handOver(context) }
        phase = .idle
        secured(.ready)
    }

    /// Nothing was read of it yet.
    private func handOver(_ context: ChannelHandlerContext) {
        do {
            let connection = try UpstreamHTTP2.begin(on: context.channel, instead: self)
            phase = .closed
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            secured(.http2(connection))
        } catch {
            broke(error)
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if incoming.readableBytes == 0 { incoming = bytes } else { incoming.writeBuffer(&bytes) }
        switch phase {
        case .serving(let driver, _): driver.together { readOn(context) }
        case .ending: readOn(context)
        case .closed: break
        // Nobody asked: whatever this is, it is no answer to the next request.
        case .idle, .securing: close()
        }
    }

    private func readOn(_ context: ChannelHandlerContext) {
        do {
            while try readEvent() {}
            if incoming.readableBytes == 0 { incoming = ByteBuffer() }
        } catch {
            broke(error)
            context.close(promise: nil)
        }
    }

    /// False when more bytes are needed, or nobody wants any.
    private func readEvent() throws(HTTPError) -> Bool {
        var taken = 0
        let event = try reader.next(in: incoming, taken: &taken)
        var piece: [UInt8] = []
        if case .body(let place)? = event { incoming.copy(place, to: &piece) }
        incoming.moveReaderIndex(forwardBy: taken)
        switch (event, phase) {
        case (nil, _): return false
        case (.head(let head)?, .serving(let driver, let attempt)):
            keepsAlive = head.keepsAlive
            driver.take(head, of: attempt)
        case (.body?, .serving(let driver, let attempt)): driver.handle(.upstreamBytes(attempt, piece))
        case (.end?, _): ended()
        case (.head?, _), (.body?, _), (.interim?, _): break
        }
        if case .closed = phase { return false }
        return true
    }

    /// First free, then told: what the driver does next may want a connection.
    private func ended() {
        let last = phase
        // What stands behind the answer was not asked for.
        if incoming.readableBytes > 0 { keepsAlive = false }
        // Nor will what is left of the request be sent.
        if isSending { keepsAlive = false }
        becomeIdle()
        guard case .serving(let driver, let attempt) = last else { return }
        driver.letGo(self)
        driver.handle(.upstreamEnded(attempt))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if wantsBytes { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        do {
            // The end of the connection may be the end of the answer.
            if case .end? = try reader.finish() { return ended() }
            broke(.reset, "closed by the provider")
        } catch {
            broke(error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        broke(error)
        context.close(promise: nil)
    }

    /// Reading goes on: whatever comes now was not asked for.
    private func becomeIdle() {
        hasServed = true
        guard keepsAlive else { return close() }
        phase = .idle
        wantsBytes = true
        idleSince = GatewayClock.now()
        pool.put(self)
    }

    private func broke(_ error: any Error) {
        let (kind, detail) = UpstreamFault.classify(error)
        broke(kind, detail)
    }

    private func broke(_ kind: FailureClass, _ detail: String) {
        let last = phase
        phase = .closed
        pool.forget(self)
        switch last {
        case .securing: secured(.failed(.tls, detail))
        case .serving(let driver, let attempt):
            driver.letGo(self)
            driver.handle(.upstreamBroke(attempt, kind, detail: detail))
        case .idle, .ending, .closed: break
        }
    }

    private func secured(_ outcome: Secured) {
        let told = onSecured
        onSecured = nil
        told?(outcome)
    }
}

extension UpstreamHead {
    init(_ head: HTTPMessage) {
        let isIdentity = head.spells("content-encoding", "identity") ?? true
        self.init(
            status: head.status,
            contentType: Self.mediaType(head),
            retryAfter: head.first("retry-after"),
            contentEncoding: isIdentity ? nil : head.first("content-encoding"),
            limits: ProviderLimits(head.first)
        )
    }

    /// For an answer that is passed on as it is.
    mutating func keepAll(of head: HTTPMessage) {
        fields = PassageRequest.returned(head.allFields)
        switch head.framing {
        case .none: length = 0
        case .length(let count): length = count
        case .chunked, .untilClose: break
        }
    }

    /// Without parameters, in lower case.
    private static func mediaType(_ head: HTTPMessage) -> String {
        // What most answers say, as most say it.
        if head.spells("content-type", "application/json") == true { return "application/json" }
        guard let field = head.first("content-type") else { return "" }
        return String(field.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") })?.lowercased() ?? ""
    }
}
