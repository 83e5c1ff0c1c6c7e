/// What does one client's connection do? One request after another: head and body within limits and timeouts, key, then an
/// exchange or an answer of our own. NIO's HTTP/1 decoder stands beneath it and nothing above knows of that.
import Inference
import NIOCore
import NIOHTTP1
import NetTypes

/// Touched on its own loop only.
final class Ingress: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// → waiting → receiving → serving → waiting, or at any point → lingering → closed.
    private enum Phase {
        case waiting
        case receiving(IncomingRequest)
        case serving(ExchangeDriver)
        /// Answered for good: what still comes is swallowed until the client closes.
        case lingering
        case closed
    }

    private let loop: GatewayLoop
    private var phase = Phase.waiting
    private var context: ChannelHandlerContext?
    private var source: IPAddress?
    /// What a client sent behind the request that is served now (pipelining, RFC 9112 §9.3.2).
    private var backlog: [HTTPServerRequestPart] = []
    /// When the last answer was handed over; the client may still be reading it.
    private var answeredAt = Instant(nanoseconds: 0)
    /// By when the present phase must be over; exchanges have deadlines of their own.
    private var phaseDeadline: Instant?
    private var timer: NIOScheduledCallback?
    private var timerIsAt: Instant?

    init(loop: GatewayLoop) { self.loop = loop }

    // MARK: What NIO tells

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        source = context.channel.remoteAddress.flatMap { $0.ipAddress }.flatMap { IPAddress($0) }
        loop.add(self)
        setDeadline(GatewayLimits.firstHead)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if mustWait { backlog.append(part) } else { take(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A client that sends ahead waits in the kernel's buffer, not in ours.
        if backlog.isEmpty { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        switch phase {
        case .serving(let driver): driver.handle(.clientWritable(context.channel.isWritable))
        case .waiting: takeBacklog(context)
        case .receiving, .lingering, .closed: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let last = phase
        phase = .closed
        timer?.cancel()
        if case .serving(let driver) = last { driver.handle(.clientGone) }
        self.context = nil
        loop.remove(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .waiting, .receiving:
            if error is HTTPParserError { answer(.malformedHead, for: nil) } else { context.close(promise: nil) }
        case .serving, .lingering, .closed: context.close(promise: nil)
        }
    }

    // MARK: One request

    private func take(_ part: HTTPServerRequestPart) {
        switch (phase, part) {
        case (.waiting, .head(let head)): begin(head)
        case (.receiving(var request), .body(let bytes)):
            // Taken out while it grows, so that it is not copied with every piece.
            phase = .waiting
            request.append(bytes)
            phase = .receiving(request)
            if request.isTooLarge { answer(.tooLarge, for: request) }
        case (.receiving(let request), .end): serve(request)
        // Codec and phases agree on the order of parts; after an answer that closes, the rest is swallowed.
        case (.waiting, _), (.receiving, _), (.serving, _), (.lingering, _), (.closed, _): break
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        let request = IncomingRequest(head, loop: loop)
        setDeadline(GatewayLimits.body)
        phase = .receiving(request)
        if request.isTooLarge { return answer(.tooLarge, for: request) }
        if request.expectsContinue, request.refusal == nil {
            write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
        }
    }

    /// The body is complete. Refusals waited for it: a client that still writes might not read them.
    private func serve(_ request: IncomingRequest) {
        if let refusal = request.refusal { return answer(refusal, for: request) }
        guard let state = loop.state else { return answer(.notReady, for: request) }
        switch request.endpoint {
        case .chat: exchange(request, on: state)
        case .models, .model, .live, .ready: answer(.own(request.endpoint, loop), for: request)
        case .unknown: answer(.unknownPath, for: request)
        case .wrongMethod(let allowed): answer(.wrongMethod(allowed: allowed), for: request)
        }
    }

    private func exchange(_ request: IncomingRequest, on state: GatewayState) {
        let driver = ExchangeDriver(on: state, framing: framing(of: request), loop: loop, ingress: self)
        phase = .serving(driver)
        phaseDeadline = nil
        let asked = ClientRequest(
            body: request.body,
            key: request.key?.name ?? "",
            team: request.key?.team,
            source: source,
            unixMicroseconds: request.unixMicroseconds,
            draw: request.draw
        )
        driver.handle(.request(asked))
    }

    private func framing(of request: IncomingRequest) -> AnswerFraming {
        let keepsAlive = request.keepsAlive && !loop.isDraining
        return AnswerFraming(isHTTP11: request.isHTTP11, isHeadOnly: request.isHead, keepsAlive: keepsAlive)
    }

    // MARK: Answers

    private func answer(_ ready: ReadyAnswer, for request: IncomingRequest?) {
        let request = request ?? IncomingRequest.unreadable(loop: loop)
        var framing = framing(of: request)
        if ready.closes { framing = AnswerFraming(isHTTP11: true, isHeadOnly: request.isHead, keepsAlive: false) }
        var buffer = loop.allocator.buffer(capacity: 512 + ready.body.count)
        framing.write(ready.head(decision: request.decisionID), date: loop.date(), to: &buffer)
        framing.write(ready.body, to: &buffer)
        if let record = request.record(of: ready, at: GatewayClock.now()) { loop.reports.send(.decision(record)) }
        write(buffer)
        answered(keepsAlive: framing.keepsAlive)
    }

    func write(_ buffer: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// The answer is over, on a connection that may be gone.
    func answered(keepsAlive: Bool) {
        guard let context, context.channel.isActive else { return }
        answeredAt = GatewayClock.now()
        guard keepsAlive, !loop.isDraining else { return linger(context) }
        phase = .waiting
        setDeadline(GatewayLimits.idleClient)
        takeBacklog(context)
    }

    /// One request at a time, and none while the client still has to read the answer before.
    private var mustWait: Bool {
        switch phase {
        case .serving: true
        case .waiting: context?.channel.isWritable == false
        case .receiving, .lingering, .closed: false
        }
    }

    private func takeBacklog(_ context: ChannelHandlerContext) {
        guard !backlog.isEmpty, !mustWait else { return }
        let parts = backlog
        backlog = []
        for part in parts { if mustWait { backlog.append(part) } else { take(part) } }
        if backlog.isEmpty { context.read() }
    }

    private func linger(_ context: ChannelHandlerContext) {
        phase = .lingering
        backlog = []
        setDeadline(GatewayLimits.slowClient)
        // The client sees the end of the answer, and can still send what it was about to.
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.assumeIsolated().whenComplete { _ in self.setDeadline(GatewayLimits.linger) }
        context.close(mode: .output, promise: closed)
        context.read()
    }

    // MARK: What the loop tells

    func pathDown(_ mark: Mark) {
        if case .serving(let driver) = phase { driver.handle(.pathDown(mark)) }
    }

    func closeIfIdle() {
        if case .waiting = phase { close() }
    }

    func close() { context?.close(promise: nil) }

    /// An idle client is let go; one that still reads a long answer has more time.
    private func closeUnlessReading() {
        let isReading = context?.channel.isWritable == false
        guard isReading, GatewayClock.now() - answeredAt < GatewayLimits.slowClient else { return close() }
        setDeadline(GatewayLimits.idleClient)
    }
}

// MARK: - The one timer of a connection

extension Ingress: NIOScheduledCallbackHandler {
    private func setDeadline(_ span: Span) {
        phaseDeadline = GatewayClock.now() + span
        rearm()
    }

    private var nextDeadline: Instant? {
        if case .serving(let driver) = phase { driver.nextDeadline } else { phaseDeadline }
    }

    /// Makes sure that the timer fires in time. One that fires too early is set again then: deadlines mostly move outwards,
    /// with every request and every chunk, and this costs them nothing.
    func rearm() {
        guard let context, let deadline = nextDeadline else { return }
        if let timerIsAt, timerIsAt <= deadline { return }
        timer?.cancel()
        timerIsAt = deadline
        let wait = deadline - GatewayClock.now()
        timer = try? context.eventLoop.assumeIsolated().scheduleCallback(in: wait.timeAmount, handler: self)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        timerIsAt = nil
        guard let deadline = nextDeadline else { return }
        guard deadline <= GatewayClock.now() else { return rearm() }
        switch phase {
        case .waiting: closeUnlessReading()
        case .lingering: close()
        case .receiving(let request): answer(.bodyTimeout, for: request)
        case .serving(let driver): driver.handle(.tick)
        case .closed: break
        }
    }
}
