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
    private var hasServed = false
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
        if case .serving = phase { backlog.append(part) } else { take(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A client that sends ahead waits in the kernel's buffer, not in ours.
        if backlog.isEmpty { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .serving(let driver) = phase { driver.handle(.clientWritable(context.channel.isWritable)) }
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
        hasServed = true
        guard keepsAlive, !loop.isDraining else { return linger(context) }
        phase = .waiting
        setDeadline(GatewayLimits.idleClient)
        let parts = backlog
        backlog = []
        guard !parts.isEmpty else { return }
        for part in parts { if case .serving = phase { backlog.append(part) } else { take(part) } }
        context.read()
    }

    private func linger(_ context: ChannelHandlerContext) {
        phase = .lingering
        backlog = []
        setDeadline(GatewayLimits.linger)
        // The client sees the end of the answer now, and can still send what it was about to.
        context.close(mode: .output, promise: nil)
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
        case .waiting, .lingering: close()
        case .receiving(let request): answer(.bodyTimeout, for: request)
        case .serving(let driver): driver.handle(.tick)
        case .closed: break
        }
    }
}
