/// What does a client's connection of HTTP/2 do besides its streams? It begins, and it ends: when nobody has asked anything for a while, when
/// the process is about to end, or when the client breaks the rules.
///
///     open ─▶ leaving (GOAWAY of the highest number: ask elsewhere) ─▶ last (GOAWAY: these, and no more) ─▶ ending ─▶ closed
///
/// Between the first GOAWAY and the second a client that has not heard of it yet may still ask, and is answered (RFC 9113 §6.8).
import NIOCore
import NIOHPACK
import NIOHTTP2
import NetTypes

/// Touched on its own loop only.
final class HTTP2Connection: ChannelInboundHandler, LoopClient {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private enum Phase { case open, leaving, last, ending, closed }

    let loop: GatewayLoop
    let source: IPAddress?
    private var phase = Phase.open
    private var context: ChannelHandlerContext?
    private var streams = 0
    /// How fields of answers are sent.
    private(set) var indexing = HPACKIndexing.indexable
    /// The highest number of a stream that came.
    private var lastStream = HTTP2StreamID.rootStream
    /// By when the present phase must be over; nil while streams run.
    private var deadline: Instant?
    /// By when the client must have taken something, since the end of a stream waits behind it; nil: none does.
    private var unheard: Instant?
    private var timer = DeadlineTimer()

    private init(loop: GatewayLoop, source: IPAddress?) {
        self.loop = loop
        self.source = source
    }

    /// Turns a channel whose next bytes are the preface into one of HTTP/2.
    static func begin(on channel: any Channel, loop: GatewayLoop, source: IPAddress?) throws {
        let connection = HTTP2Connection(loop: loop, source: source)
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: HTTP2Terms.connection(as: .server),
            streamConfiguration: HTTP2Terms.stream
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let options = stream.syncOptions
                try options?.setOption(.autoRead, value: false)
                let number = try options?.getOption(HTTP2StreamChannelOptions.streamID)
                try stream.pipeline.syncOperations.addHandler(HTTP2Stream(number ?? .rootStream, of: bound.value))
            }
        }
        try pipeline.addHandler(connection)
        // Streams are read one by one; what holds a client back is their windows.
        try channel.syncOptions?.setOption(.autoRead, value: true)
        // A client that ends its side has gone: what it has no more to say of a stream it says in a frame.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        loop.add(connection)
        connection.wait(GatewayLimits.firstHead)
        if loop.isDraining { connection.leave() }
    }

    // MARK: What streams tell

    func began(_ stream: HTTP2StreamID) {
        streams += 1
        lastStream = max(lastStream, stream)
        // The second GOAWAY waits for nobody.
        if phase == .open { deadline = nil }
    }

    func ended() {
        streams -= 1
        guard streams == 0 else { return }
        switch phase {
        case .open: wait(GatewayLimits.idleClient)
        case .last: end()
        case .leaving, .ending, .closed: break
        }
    }

    /// A stream was given up. While the client takes nothing the library keeps its RST_STREAM back, and with it all that the stream has: a client
    /// that is only slow has a moment, one that does not read at all loses the connection.
    func gaveUp() {
        guard let context, unheard == nil, !context.channel.isWritable else { return }
        unheard = GatewayClock.now() + GatewayLimits.unheardEnd
        rearm()
    }

    /// Nobody is waited for, on any stream.
    func abort() { context?.abort() }

    // MARK: What the loop tells

    /// Streams are told themselves.
    func pathDown(_ mark: Mark) {}

    func drain() { leave() }

    func close() { context?.close(promise: nil) }

    // MARK: What NIO tells

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .settings(.settings(let settings)) = unwrapInboundIn(data).payload else { return }
        if let asked = HTTP2Terms.indexing(by: settings) { indexing = asked }
    }

    /// What waited to be sent was sent, or more has come to wait since: ends of streams go first.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unheard = nil
        context.fireChannelWritabilityChanged()
    }

    /// The one thing that comes at the end of every channel: one that the library ends while it reads is not told to be inactive.
    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        phase = .closed
        timer.cancel()
        loop.remove(self)
    }

    /// The library has told the client by a GOAWAY.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !HTTP2Terms.isOfStream(error) { context.close(promise: nil) }
    }

    // MARK: The end

    private func leave() {
        guard phase == .open else { return }
        phase = .leaving
        announceEnd()
        wait(GatewayLimits.lastRequest)
    }

    /// GOAWAY of the highest number and no error, whole: the library, which takes no stream after any GOAWAY, is not told of this one.
    private static let announcement: [UInt8] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

    private func announceEnd() {
        // From where the library's own frames leave, which are written one by one, each as a whole.
        let library = try? context?.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
        library?.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer(bytes: Self.announcement))), promise: nil)
    }

    private func sayLast() {
        phase = .last
        deadline = nil
        let goAway = HTTP2Frame.FramePayload.goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil)
        context?.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: goAway)), promise: nil)
        if streams == 0 { end() }
    }

    /// The client sees the end of everything, and can still send what it was about to.
    private func end() {
        guard let context else { return }
        phase = .ending
        wait(GatewayLimits.slowClient)
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.assumeIsolated().whenComplete { _ in self.wait(GatewayLimits.linger) }
        // A turn later: the last stream's end may not have been flushed.
        context.eventLoop.assumeIsolated().execute { context.close(mode: .output, promise: closed) }
    }

}

// MARK: - The one timer of a connection

extension HTTP2Connection: NIOScheduledCallbackHandler {
    private func wait(_ span: Span) {
        deadline = GatewayClock.now() + span
        rearm()
    }

    private func rearm() {
        guard let context, let next = [deadline, unheard].compactMap(\.self).min() else { return }
        timer.arm(for: next, in: context, self)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer.fired()
        let now = GatewayClock.now()
        if let unheard, unheard <= now { return abort() }
        guard let deadline, deadline <= now else { return rearm() }
        switch phase {
        case .open: leave()
        case .leaving:
            sayLast()
            rearm()
        case .ending: close()
        case .last, .closed: break
        }
    }
}
