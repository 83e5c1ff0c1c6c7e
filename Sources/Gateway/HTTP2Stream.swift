/// What does one stream of a client's connection do? It carries one request and its answer, as frames (RFC 9113 §8): for the exchange it is what
/// `Ingress` is for a connection of HTTP/1.1.
import Inference
import NIOCore
import NIOHPACK
import NIOHTTP2
import NetTypes
import Wire

/// Touched on its own loop only.
final class HTTP2Stream: ChannelInboundHandler, ClientSide, LoopClient, AnswerReader {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// → beginning → receiving → waiting → serving → answered → closed, or from any of them to the last two.
    enum Phase {
        case beginning
        case receiving(IncomingRequest)
        /// The request is whole, and the client has yet to read other answers.
        case waiting(IncomingRequest)
        case serving(ExchangeDriver)
        /// What was written may still be on its way.
        case answered
        case closed
    }

    let loop: GatewayLoop
    let source: IPAddress?
    private let number: HTTP2StreamID
    private let connection: HTTP2Connection
    var phase = Phase.beginning
    private(set) var context: ChannelHandlerContext?
    /// The request whose body still comes while it is served, and whether more of it is wanted now.
    var upload: IncomingRequest?
    var wantsBody = false
    /// What of it came and was not wanted yet.
    var waiting: [HTTP2Frame.FramePayload.Data] = []
    /// The client has said all it had to say.
    var hasAll = false

    /// The answer, as far as it was not sent yet.
    private var head: HPACKHeaders?
    private var body = ByteBuffer()
    private var hasEnd = false
    private var hasSentEnd = false
    /// To HEAD.
    private var isHeadOnly = false
    /// With what a stream is ended whose request is not whole when its answer is.
    private var verdict = HTTP2ErrorCode.noError

    private var phaseDeadline: Instant?
    private var timer = DeadlineTimer()

    init(_ number: HTTP2StreamID, of connection: HTTP2Connection) {
        self.number = number
        self.connection = connection
        loop = connection.loop
        source = connection.source
    }

    // MARK: What NIO tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        connection.began(number)
    }

    func channelActive(context: ChannelHandlerContext) {
        setDeadline(GatewayLimits.body)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), phase) {
        case (.headers(let headers), .beginning): begin(headers)
        // What stands behind a body was asked for by nobody (RFC 9110 §6.5.1).
        case (.headers(let trailers), .receiving(let request)): if trailers.endStream { end(request) }
        case (.data(let data), .receiving(let request)): receive(data, of: request)
        case (.data(let data), .serving(let driver)): take(data, by: driver)
        case (.headers(let trailers), .serving(let driver)):
            take(.init(data: .byteBuffer(ByteBuffer()), endStream: trailers.endStream), by: driver)
        case (.headers(let headers), _): hasAll = hasAll || headers.endStream
        case (.data(let data), _): hasAll = hasAll || data.endStream
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch phase {
        case .beginning, .receiving: context.read()
        case .serving: if wantsBody, waiting.isEmpty { context.read() }
        case .waiting, .answered, .closed: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        switch phase {
        case .serving(let driver): driver.handle(.clientWritable(isWritable))
        case .waiting(let request): if isWritable { serve(request) }
        case .beginning, .receiving, .answered, .closed: break
        }
    }

    /// The stream is over, or was reset: the client wants nothing of it any more.
    func channelInactive(context: ChannelHandlerContext) { over() }

    /// As for its connection: not every end is told.
    func handlerRemoved(context: ChannelHandlerContext) { over() }

    private func over() {
        guard context != nil else { return }
        let last = phase
        phase = .closed
        timer.cancel()
        context = nil
        if case .serving(let driver) = last { driver.handle(.clientGone) }
        loop.remove(self)
        connection.ended()
    }

    /// How it was reset is the client's affair.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: The request

    private func begin(_ headers: HTTP2Frame.FramePayload.Headers) {
        hasAll = headers.endStream
        do throws(HTTPError) {
            let head = try HTTP2Terms.head(headers.headers, from: .requests, hasBody: !hasAll)
            let request = IncomingRequest(head, loop: loop)
            phase = .receiving(request)
            guard !request.isTooLarge else { return answer(.tooLarge, for: request) }
            if hasAll { return end(request) }
            if request.expectsContinue, request.refusal == nil { goOn() }
        } catch {
            verdict = .protocolError
            answer(.unreadable(error), for: nil)
        }
    }

    private func goOn() {
        context?.writeAndFlush(wrapOutboundOut(.headers(.init(headers: [":status": "100"]))), promise: nil)
    }

    private func receive(_ data: HTTP2Frame.FramePayload.Data, of request: IncomingRequest) {
        guard case .byteBuffer(let bytes) = data.data else { return }
        if bytes.readableBytes > 0 { request.append(bytes, at: 0..<bytes.readableBytes) }
        guard !request.isTooLarge else { return answer(.tooLarge, for: request) }
        if data.endStream { return end(request) }
        if request.isLarge, request.canBeRouted() { beginUpload(of: request) }
    }

    private func end(_ request: IncomingRequest) {
        hasAll = true
        request.endBody()
        // What was asked for is not begun while nobody reads what was asked for before.
        if isReadByClient { serve(request) } else { phase = .waiting(request) }
    }

    /// A new stream is told of its connection's writability a moment later.
    private var isReadByClient: Bool {
        guard let channel = context?.channel else { return false }
        return channel.isWritable && channel.parent?.isWritable ?? true
    }

    // MARK: The answer

    func beginAnswer(to request: IncomingRequest, by driver: ExchangeDriver?, isLast: Bool) {
        isHeadOnly = request.isHead
        guard let driver else { return }
        phase = .serving(driver)
        phaseDeadline = nil
    }

    func write(_ head: ClientHead) {
        let indexing = connection.indexing
        var fields = HPACKHeaders()
        fields.add(name: ":status", value: "\(head.status)", indexing: indexing)
        fields.put("date", loop.date(), indexing: indexing)
        for field in head.headers {
            // What is another every time would only push others out of HPACK's table.
            fields.put(field.name, field.value, indexing: field.name == Self.decision ? .nonIndexable : indexing)
        }
        // These have no body and say nothing of its length (RFC 9110 §8.6).
        if let length = head.length, head.status != 204, head.status != 304 {
            fields.put("content-length", "\(length)", indexing: .nonIndexable)
        }
        self.head = fields
    }

    private static let decision = "x-martlet-decision"

    func write(_ bytes: [UInt8]) {
        if !isHeadOnly { body.writeBytes(bytes) }
    }

    func writeEnd() { hasEnd = true }

    func flush() {
        // Taken out first: writing may tell at once that the client reads no more, which leads here again.
        let (head, body, isLast) = (head, body, hasEnd && !hasSentEnd)
        self.head = nil
        if body.readableBytes > 0 { self.body = ByteBuffer() }
        guard let context, head != nil || body.readableBytes > 0 || isLast else { return }
        if isLast {
            hasSentEnd = true
            phase = .answered
        }
        if let head {
            let isAll = isLast && body.readableBytes == 0
            put(.headers(.init(headers: head, endStream: isAll)), bytes: 0, isLast: isAll, context)
        }
        if body.readableBytes > 0 || isLast && head == nil {
            let frame = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(body), endStream: isLast))
            put(frame, bytes: body.readableBytes, isLast: isLast, context)
        }
        context.flush()
    }

    /// - Parameter bytes: of the body.
    private func put(
        _ frame: HTTP2Frame.FramePayload,
        bytes: Int,
        isLast: Bool,
        _ context: ChannelHandlerContext
    ) {
        var sent = loop.room.answer(bytes, to: self)
        if isLast, !hasAll {
            // The answer came before the end of the request: once it is out, the rest is not wanted (RFC 9113 §8.1).
            let last = sent ?? context.eventLoop.makePromise(of: Void.self)
            last.futureResult.assumeIsolated().whenSuccess { self.reset(self.verdict) }
            sent = last
        }
        context.write(wrapOutboundOut(frame), promise: sent)
    }

    private func reset(_ code: HTTP2ErrorCode) {
        guard let context, context.channel.isActive else { return }
        context.writeAndFlush(wrapOutboundOut(.rstStream(code)), promise: nil)
        connection.gaveUp()
    }

    func answered() {
        guard context != nil else { return }
        setDeadline(GatewayLimits.slowClient)
    }

    func cut() { reset(.internalError) }

    // MARK: What the loop tells

    func pathDown(_ mark: Mark) {
        if case .serving(let driver) = phase { driver.handle(.pathDown(mark)) }
    }

    /// The connection tells the client.
    func drain() {}

    func giveUp(isPressing: Bool) {
        if isPressing { connection.abort() } else { close() }
    }

    func close() {
        guard let context else { return }
        context.close(promise: nil)
        connection.gaveUp()
    }
}

// MARK: - The one timer of a stream

extension HTTP2Stream: NIOScheduledCallbackHandler {
    private func setDeadline(_ span: Span) {
        phaseDeadline = GatewayClock.now() + span
        rearm()
    }

    private var nextDeadline: Instant? {
        if case .serving(let driver) = phase { driver.nextDeadline } else { phaseDeadline }
    }

    func rearm() {
        guard let context, let deadline = nextDeadline else { return }
        timer.arm(for: deadline, in: context, self)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer.fired()
        guard let deadline = nextDeadline else { return }
        guard deadline <= GatewayClock.now() else { return rearm() }
        switch phase {
        case .receiving(let request): answer(.bodyTimeout, for: request)
        case .serving(let driver): driver.handle(.tick)
        case .beginning, .waiting, .answered: close()
        case .closed: break
        }
    }
}
