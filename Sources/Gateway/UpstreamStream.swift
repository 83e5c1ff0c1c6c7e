/// What does one stream to a provider do? It carries one request and its answer, as frames (RFC 9113 §8), and tells the driver what comes.
import Inference
import NIOCore
import NIOHPACK
import NIOHTTP2
import NetTypes
import Wire

/// Touched on its own loop only.
final class UpstreamStream: ChannelInboundHandler, UpstreamSide {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private enum Phase {
        /// For this driver and attempt.
        case serving(ExchangeDriver, AttemptID)
        /// The exchange has all it wants; the stream's end is still to come.
        case ending
        case closed
    }

    /// Heads below 200 before the one that counts (`HTTPLimits.interim`).
    private static let interims = HTTPLimits().interim
    /// How long a connection may be silent after a request before it is not trusted any more, once that request was given up.
    private static let patience = Span.seconds(1)

    private let connection: UpstreamHTTP2
    let hasServed: Bool
    private var phase = Phase.closed
    private var context: ChannelHandlerContext?
    private var number: HTTP2StreamID?
    /// What is sent as soon as the stream is there.
    private var request: (head: HPACKHeaders, body: ByteBuffer)?
    /// More of the request follows.
    private var isSending = false
    private var sentAt = Instant(nanoseconds: 0)
    private var wantsBytes = true
    /// Frames of the read that goes on, and whether they are being looked at.
    private var frames: [HTTP2Frame.FramePayload] = []
    private var isTaking = false
    private var hasHead = false
    private var interimCount = 0
    /// The connection has been told that this is over.
    private var isOver = false
    private var error: (any Error)?

    init(on connection: UpstreamHTTP2) {
        self.connection = connection
        hasServed = connection.hasServed
    }

    // MARK: What the driver asks

    func begin(_ driver: ExchangeDriver, _ attempt: AttemptID) { phase = .serving(driver, attempt) }

    func send(_ request: UpstreamRequest, _ more: [HTTPField]) -> Bool {
        guard HTTP2Head.isPath(request.path) else { return false }
        let indexing = connection.indexing
        var head = HPACKHeaders()
        head.add(name: ":method", value: "\(request.methodWord)", indexing: indexing)
        head.add(name: ":scheme", value: "https", indexing: indexing)
        head.add(name: ":authority", value: request.authority, indexing: indexing)
        head.add(name: ":path", value: request.path, indexing: indexing)
        for header in request.headers { head.put(header.name, header.value, indexing: indexing) }
        // A secret is in no table that other fields could be compared with (RFC 7541 §7.1).
        for field in more where !request.says(field) { head.put(field.name, field.value, indexing: .neverIndexed) }
        if request.saysLength, let length = request.length {
            head.put("content-length", "\(length)", indexing: .nonIndexable)
        }
        isSending = request.rest != nil
        self.request = (head, ByteBuffer(bytes: request.body))
        if let context { sendRequest(context) }
        return true
    }

    var served: (driver: ExchangeDriver, attempt: AttemptID)? {
        if case .serving(let driver, let attempt) = phase { (driver, attempt) } else { nil }
    }

    func sendMore(_ bytes: [UInt8]) {
        guard isSending, !bytes.isEmpty else { return }
        // The stream may not be there yet.
        guard request == nil, let context else {
            _ = request?.body.writeBytes(bytes)
            return
        }
        let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer(bytes: bytes)))
        context.writeAndFlush(wrapOutboundOut(.data(data)), promise: nil)
    }

    func sendEnd() {
        guard isSending else { return }
        isSending = false
        guard request == nil, let context else { return }
        let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer()), endStream: true)
        context.writeAndFlush(wrapOutboundOut(.data(data)), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard isSending, case .serving(let driver, let attempt) = phase else { return }
        driver.handle(.upstreamWritable(attempt, context.channel.isWritable))
    }

    func read(_ isWanted: Bool) {
        wantsBytes = isWanted
        if isWanted { context?.read() }
    }

    func release() {
        guard case .serving = phase else { return }
        phase = .ending
        read(true)
        context?.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.upstreamTail.timeAmount) {
            if case .ending = self.phase { self.close() }
        }
    }

    /// The provider is told that nobody wants the answer.
    func close() {
        if case .closed = phase { return }
        phase = .closed
        let now = GatewayClock.now()
        // Nothing at all has come since: the next request had better not wait for the same.
        if !hasHead, connection.lastHeard < sentAt, now - sentAt > Self.patience { connection.leave() }
        context?.close(promise: nil)
    }

    // MARK: What the connection tells

    /// There will be no stream.
    func notOpened() {
        let last = phase
        phase = .closed
        end()
        tell(last) { .upstreamRefused($0, detail: "the connection has ended") }
    }

    // MARK: What NIO tells

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if case .closed = phase { return context.close(promise: nil) }
        sendRequest(context)
        if wantsBytes { context.read() }
    }

    private func sendRequest(_ context: ChannelHandlerContext) {
        guard context.channel.isActive, let (head, body) = request else { return }
        request = nil
        sentAt = GatewayClock.now()
        let isAll = body.readableBytes == 0 && !isSending
        context.write(wrapOutboundOut(.headers(.init(headers: head, endStream: isAll))), promise: nil)
        if isSending {
            body.inPieces {
                context.write(wrapOutboundOut(.data(.init(data: .byteBuffer($0)))), promise: took(context.eventLoop))
            }
        } else if !isAll {
            context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(body), endStream: true))), promise: nil)
        }
        context.flush()
        number = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { frames.append(unwrapInboundIn(data)) }

    /// What came in one read goes to the client in one write.
    func channelReadComplete(context: ChannelHandlerContext) {
        connection.lastHeard = GatewayClock.now()
        // What it leads to may read on: those frames have their turn behind these.
        guard !isTaking else { return }
        isTaking = true
        if case .serving(let driver, _) = phase { driver.together { takeFrames() } } else { takeFrames() }
        isTaking = false
        frames.removeAll(keepingCapacity: true)
        if case .closed = phase { return }
        if wantsBytes { context.read() }
    }

    private func takeFrames() {
        var next = 0
        while next < frames.count {
            let frame = frames[next]
            next += 1
            switch frame {
            case .headers(let headers): take(headers)
            case .data(let data): take(data)
            default: break
            }
            if case .closed = phase { return }
        }
    }

    private func take(_ headers: HTTP2Frame.FramePayload.Headers) {
        // Fields behind the body are for nobody here.
        guard !hasHead else {
            if headers.endStream { ended() }
            return
        }
        do throws(HTTPError) {
            let head = try HTTP2Terms.head(headers.headers, from: .answers, hasBody: !headers.endStream)
            guard head.status >= 200 else { return try interim(head, isLast: headers.endStream) }
            hasHead = true
            if case .serving(let driver, let attempt) = phase { driver.take(head, of: attempt) }
            if headers.endStream { ended() }
        } catch {
            broke(.malformed, error.rawValue)
            context?.close(promise: nil)
        }
    }

    /// Another head follows (RFC 9113 §8.1), and no other protocol, which HTTP/2 has no way to change to (§8.6).
    private func interim(_ head: HTTPMessage, isLast: Bool) throws(HTTPError) {
        guard head.status != 101 else { throw .unaskedUpgrade }
        guard !isLast else { throw .truncated }
        interimCount += 1
        guard interimCount <= Self.interims else { throw .tooManyInterim }
    }

    private func take(_ data: HTTP2Frame.FramePayload.Data) {
        guard case .byteBuffer(let bytes) = data.data else { return }
        if bytes.readableBytes > 0, case .serving(let driver, let attempt) = phase {
            driver.handle(.upstreamBytes(attempt, Array(bytes.readableBytesView)))
        }
        if data.endStream { ended() }
    }

    private func ended() {
        let last = phase
        if case .closed = last { return }
        phase = .closed
        // The connection may serve the next one, which the driver may want at once.
        end()
        tell(last) { .upstreamEnded($0) }
        stopSending()
    }

    /// An answer that did not wait for the end of the request: the rest is not sent.
    private func stopSending() {
        guard let context else { return }
        context.eventLoop.assumeIsolated().execute {
            if context.channel.isActive { context.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.error = error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        guard case .serving = phase else {
            phase = .closed
            return
        }
        if connection.hasRefused(number) { return refused("the provider has ended the connection (GOAWAY)") }
        guard let reset = error as? NIOHTTP2Errors.StreamClosed else { return connectionEnded() }
        switch reset.errorCode {
        case .refusedStream:
            // It would refuse the next ones too.
            connection.leave()
            refused("the provider refused the stream")
        // Said by the library of an answer that breaks the rules, or by a provider of our request, which does not.
        case .protocolError: broke(.malformed, "stream reset: \(reset.errorCode)")
        default: broke(.reset, "stream reset: \(reset.errorCode)")
        }
    }

    private func connectionEnded() {
        let fault = connection.fault
        let detail = fault?.detail ?? "the connection ended"
        if case .malformed? = fault?.kind { return broke(.malformed, detail) }
        broke(hasHead ? .truncated : .reset, detail)
    }

    private func refused(_ detail: String) {
        let last = phase
        phase = .closed
        tell(last) { .upstreamRefused($0, detail: detail) }
    }

    private func broke(_ kind: FailureClass, _ detail: String) {
        let last = phase
        phase = .closed
        tell(last) { .upstreamBroke($0, kind, detail: detail) }
    }

    private func tell(_ last: Phase, _ event: (AttemptID) -> ExchangeEvent) {
        guard case .serving(let driver, let attempt) = last else { return }
        driver.letGo(self)
        driver.handle(event(attempt))
    }

    /// Tells the connection, once.
    private func end() {
        guard !isOver else { return }
        isOver = true
        connection.ended()
    }
}
