/// What does one client's connection do? One request after another: head and body within limits and timeouts, key, then an
/// exchange or an answer of our own. Bytes are read as HTTP/1.1 here and nowhere above; a connection that begins as one of HTTP/2 is
/// handed over to `HTTP2Connection`.
import Inference
import NIOCore
import NetTypes
import Wire

/// Touched on its own loop only.
final class Ingress: ChannelInboundHandler, RemovableChannelHandler, ClientSide, LoopClient, AnswerReader {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// → waiting → receiving → serving → waiting, or at any point → lingering → closed.
    enum Phase {
        case waiting
        case receiving(IncomingRequest)
        case serving(ExchangeDriver)
        /// Answered before all of the request has come: the rest of it is swallowed, then it is the next one's turn.
        case swallowing
        /// Answered for good: what still comes is swallowed until the client closes.
        case lingering
        case closed
    }

    let loop: GatewayLoop
    var phase = Phase.waiting
    private(set) var context: ChannelHandlerContext?
    private(set) var source: IPAddress?
    private var reader = HTTPReader(.requests, limits: GatewayLimits.request)
    /// What came and was not taken: the beginning of a head, or what a client sent behind the request that is served now
    /// (pipelining, RFC 9112 §9.3.2).
    private var incoming = ByteBuffer()
    private(set) var isReading = false
    /// The request whose body still comes while it is served, and whether more of it is wanted now.
    var upload: IncomingRequest?
    var wantsBody = false
    /// Nothing has been read yet that HTTP/2 does not begin with.
    private var mayBeHTTP2 = true
    /// How the answer that is given now is framed, and what of it was not sent yet.
    private var framing = AnswerFraming(isHTTP11: true, isHeadOnly: false, keepsAlive: false)
    private var outgoing = ByteBuffer()
    /// Something of the answer that is given now was sent.
    private var hasBegunAnswer = false
    /// The client has ended its side.
    private(set) var hasEnded = false
    /// Our side has ended too, behind all that was written.
    private var hasSentAll = false
    /// When the last answer was handed over; the client may still be reading it.
    private var answeredAt = Instant(nanoseconds: 0)
    /// By when the present phase must be over; exchanges have deadlines of their own.
    private var phaseDeadline: Instant?
    private var timer = DeadlineTimer()

    init(loop: GatewayLoop) { self.loop = loop }

    // MARK: What NIO tells

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        source = context.channel.remoteAddress.flatMap { $0.ipAddress }.flatMap { IPAddress($0) }
        loop.add(self)
        setDeadline(GatewayLimits.firstHead)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .lingering, .closed: return
        case .waiting, .receiving, .serving, .swallowing: break
        }
        if incoming.readableBytes == 0 { incoming = bytes } else { incoming.writeBuffer(&bytes) }
        if mayBeHTTP2, isHTTP2(context) { return }
        readOn()
    }

    /// Whoever has agreed on HTTP/2 in TLS begins with its preface, and so does who knows without asking (RFC 9113 §3.3): one look at the first
    /// bytes tells for both.
    /// - Returns: whether these bytes are not HTTP/1.1's, or too few to know.
    private func isHTTP2(_ context: ChannelHandlerContext) -> Bool {
        switch HTTP2Terms.isSpoken(incoming) {
        case nil: return true
        case false?:
            mayBeHTTP2 = false
            return false
        case true?:
            handOver(context)
            return true
        }
    }

    private func handOver(_ context: ChannelHandlerContext) {
        let bytes = incoming
        incoming = ByteBuffer()
        phase = .closed
        try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        timer.cancel()
        do {
            try HTTP2Connection.begin(on: context.channel, loop: loop, source: source)
        } catch {
            return context.close(promise: nil)
        }
        loop.remove(self)
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) { readMore(context) }

    /// A client that sends ahead waits in the kernel's buffer, not in ours.
    func readMore(_ context: ChannelHandlerContext) {
        if incoming.readableBytes == 0 || !mustWait { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        switch phase {
        case .serving(let driver): driver.handle(.clientWritable(context.channel.isWritable))
        case .waiting: serveOn(context)
        case .receiving, .swallowing, .lingering, .closed: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return context.fireUserInboundEventTriggered(event) }
        hasEnded = true
        switch phase {
        case .serving: clientEnded(context)
        case .waiting: linger(context)
        // What was written may still be on its way.
        case .lingering: if hasSentAll { context.close(promise: nil) }
        case .receiving, .swallowing, .closed: context.close(promise: nil)
        }
    }

    /// Whether a client that has ended its side while it is served can still be served.
    func clientEnded(_ context: ChannelHandlerContext) {
        // What was read and is not wanted yet may be all that is missing.
        if upload != nil { readOn() }
        guard case .serving = phase else { return }
        if upload != nil {
            if !mustWait { context.close(promise: nil) }
        } else if hasBegunAnswer || !framing.isHTTP11 {
            context.close(promise: nil)
        } else {
            ask(context)
        }
    }

    /// Has a client that ended its side gone, or nothing more to say? Who has gone resets the connection at the next byte, so one is sent that
    /// any client reads over (RFC 9110 §15.2).
    private func ask(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let last = phase
        phase = .closed
        timer.cancel()
        if case .serving(let driver) = last { driver.handle(.clientGone) }
        self.context = nil
        loop.remove(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: One request

    /// Takes what came as far as it can be served now. An answer that is given at once leads here again: it is this loop that
    /// goes on then.
    func readOn() {
        guard !isReading else { return }
        isReading = true
        do {
            while !mustWait, try readEvent() {}
        } catch {
            refuse(error)
        }
        isReading = false
        if incoming.readableBytes == 0 { incoming = ByteBuffer() }
    }

    /// False when more bytes are needed.
    private func readEvent() throws(HTTPError) -> Bool {
        var taken = 0
        let event = try reader.next(in: incoming, taken: &taken)
        var piece: [UInt8] = []
        if case .body(let place)? = event { receive(place, into: &piece) }
        incoming.moveReaderIndex(forwardBy: taken)
        switch event {
        case .head(let head)?: try begin(head)
        case .end?:
            if case .receiving(let request) = phase {
                request.endBody()
                serve(request)
            } else if let request = upload {
                upload = nil
                endUpload(of: request)
            }
        case .body?: try took(piece)
        case .interim?: break
        case nil: return false
        }
        return true
    }

    private func receive(_ place: Range<Int>, into piece: inout [UInt8]) {
        switch phase {
        case .receiving(let request): request.append(incoming, at: place)
        case .serving where upload != nil: incoming.copy(place, to: &piece)
        case .serving, .swallowing, .waiting, .lingering, .closed: break
        }
    }

    private func refuse(_ reason: HTTPError) {
        switch phase {
        case .waiting: answer(.unreadable(reason), for: nil)
        case .receiving(let request): answer(.unreadable(reason), for: request)
        case .serving, .swallowing, .lingering, .closed: close()
        }
    }

    private func begin(_ head: HTTPMessage) throws(HTTPError) {
        let request = IncomingRequest(head, loop: loop)
        guard !request.isTooLarge else { throw .bodyTooLarge }
        setDeadline(GatewayLimits.body)
        phase = .receiving(request)
        if request.expectsContinue, request.refusal == nil {
            var writer = HTTPWriter(capacity: 32)
            writer.goOn()
            write(ByteBuffer(bytes: writer.bytes))
        }
    }

    // MARK: Answers

    func beginAnswer(to request: IncomingRequest, by driver: ExchangeDriver?, isLast: Bool) {
        let keepsAlive = request.keepsAlive && !isLast && !loop.isDraining
        framing = AnswerFraming(
            isHTTP11: isLast || request.isHTTP11,
            isHeadOnly: request.isHead,
            keepsAlive: keepsAlive
        )
        guard let driver else { return }
        phase = .serving(driver)
        phaseDeadline = nil
        hasBegunAnswer = false
    }

    /// Bytes of a head, roughly: the rest of a buffer is the body.
    private static let headBytes = 512

    func write(_ head: ClientHead) {
        let body = min(head.length ?? Self.headBytes, GatewayLimits.reservedAnswerBytes)
        outgoing.reserveCapacity(minimumWritableBytes: Self.headBytes + body)
        framing.write(head, date: loop.date(), to: &outgoing)
    }

    func write(_ bytes: [UInt8]) { framing.write(bytes, to: &outgoing) }

    func writeEnd() { framing.writeEnd(to: &outgoing) }

    func flush() {
        guard outgoing.readableBytes > 0 else { return }
        // Taken out first: writing may tell at once that the client reads no more, which leads here again.
        let bytes = outgoing
        outgoing = ByteBuffer()
        hasBegunAnswer = true
        write(bytes)
    }

    private func write(_ buffer: ByteBuffer) {
        guard let context else { return }
        let written = loop.room.answer(buffer.readableBytes, to: self)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
    }

    func cut() { close() }

    /// The answer is over, on a connection that may be gone.
    func answered() {
        guard let context, context.channel.isActive else { return }
        answeredAt = GatewayClock.now()
        if upload != nil { return swallow(context) }
        guard framing.keepsAlive, !hasEnded || incoming.readableBytes > 0 else { return linger(context) }
        phase = .waiting
        setDeadline(loop.isDraining ? GatewayLimits.lastRequest : GatewayLimits.idleClient)
        serveOn(context)
    }

    /// One request at a time, and none while the client still has to read the answer before.
    var mustWait: Bool {
        switch phase {
        case .serving: upload == nil || !wantsBody
        case .waiting: context?.channel.isWritable == false
        case .receiving, .swallowing, .lingering, .closed: false
        }
    }

    private func serveOn(_ context: ChannelHandlerContext) {
        guard incoming.readableBytes > 0, !isReading else { return }
        readOn()
        readMore(context)
    }

    func linger(_ context: ChannelHandlerContext) {
        phase = .lingering
        incoming = ByteBuffer()
        setDeadline(GatewayLimits.slowClient)
        // The client sees the end of the answer, and can still send what it was about to.
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.assumeIsolated().whenComplete { _ in
            self.hasSentAll = true
            if self.hasEnded { self.close() } else { self.setDeadline(GatewayLimits.linger) }
        }
        context.close(mode: .output, promise: closed)
        context.read()
    }

    // MARK: What the loop tells

    func pathDown(_ mark: Mark) {
        if case .serving(let driver) = phase { driver.handle(.pathDown(mark)) }
    }

    /// Who is idle may be about to ask, and would not know whether a request that meets the connection's end was served: it has a
    /// moment to do so, and is told with the answer that there are no more.
    func drain() {
        if case .waiting = phase { setDeadline(GatewayLimits.lastRequest) }
    }

    func close() { context?.close(promise: nil) }

    /// It has one answer at a time.
    func giveUp(isPressing: Bool) { context?.abort() }

    /// An idle client is let go; one that still reads a long answer has more time.
    private func closeUnlessReading() {
        let isReading = context?.channel.isWritable == false
        guard isReading, GatewayClock.now() - answeredAt < GatewayLimits.slowClient else { return close() }
        setDeadline(GatewayLimits.idleClient)
    }
}

// MARK: - The one timer of a connection

extension Ingress: NIOScheduledCallbackHandler {
    func setDeadline(_ span: Span) {
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
        case .waiting: closeUnlessReading()
        case .lingering, .swallowing: close()
        case .receiving(let request): answer(.bodyTimeout, for: request)
        case .serving(let driver): driver.handle(.tick)
        case .closed: break
        }
    }
}
