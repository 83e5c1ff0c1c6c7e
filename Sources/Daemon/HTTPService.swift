/// A small HTTP/1.1 server on NIO for the daemon's own listeners: the control socket and the metrics.
///
/// One request a connection, a bounded body, an answer or an event stream. What is answered is decided by the route it is given.
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Wire

/// One whole request.
struct ServiceRequest: Sendable {
    let method: String
    /// Path without the query.
    let path: String
    let body: [UInt8]
    /// Who asks, on a unix socket.
    let peer: PeerCredentials?
}

/// What is answered.
enum ServiceAnswer: Sendable {
    case whole(status: Int, contentType: String, body: [UInt8])
    /// The head now, then whatever `start` is given to write, until `stop` is called because the client left.
    case stream(contentType: String, start: @Sendable (EventSink) -> StreamEnd)
}

/// Called once when the client of a stream has left.
typealias StreamEnd = @Sendable () -> Void

/// The writing end of an event stream; may be used from any thread.
struct EventSink: Sendable {
    fileprivate let channel: any Channel

    /// Queues the bytes. A reader that lags more than the channel's high watermark is cut off, so that it cannot hold memory.
    func write(_ bytes: [UInt8]) {
        let channel = channel
        channel.eventLoop.execute {
            guard channel.isWritable else {
                channel.close(promise: nil)
                return
            }
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
    }
}

/// What a service takes from whom; nobody else's bytes are kept, and nobody can take all descriptors.
struct ServiceTerms: Sendable {
    /// Bytes of a request's body.
    let mostBody: Int
    /// Whether a peer's body is read at all. A peer that is not admitted is answered on its head alone.
    let admits: @Sendable (PeerCredentials?) -> Bool

    /// Connections at once; more are closed as they come.
    static let mostConnections = 256

    /// For questions without a body, from anyone.
    static let looking = ServiceTerms(mostBody: 0) { _ in true }
}

typealias ServiceRoute = @Sendable (ServiceRequest, @escaping @Sendable (ServiceAnswer) -> Void) -> Void

enum HTTPService {
    /// Starts serving an already listening descriptor, which the service then owns.
    static func serve(
        listening descriptor: Int32,
        on group: any EventLoopGroup,
        terms: ServiceTerms,
        route: @escaping ServiceRoute
    ) throws -> any Channel {
        let connections = ConnectionCount()
        return try ServerBootstrap(group: group)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 1 << 20))
            .childChannelInitializer { channel in
                guard connections.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ServiceHandler(terms, route))
                }
            }
            .withBoundSocket(descriptor)
            .wait()
    }
}

/// How many connections of one service are open.
private final class ConnectionCount: Sendable {
    private let open = Mutex(0)

    /// Counts the channel until it closes; false when there are too many.
    func admit(_ channel: any Channel) -> Bool {
        let isAdmitted = open.withLock { open in
            guard open < ServiceTerms.mostConnections else { return false }
            open += 1
            return true
        }
        if isAdmitted { channel.closeFuture.whenComplete { [self] _ in open.withLock { $0 -= 1 } } }
        return isAdmitted
    }
}

/// Collects one request, answers it, closes.
private final class ServiceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A client that has not sent its question by then is not waited for longer.
    private static let patience = TimeAmount.seconds(30)
    /// Nor one that has not taken its answer: as long as `ControlClient` waits for one.
    private static let answerPatience = TimeAmount.seconds(60)

    private let terms: ServiceTerms
    private let route: ServiceRoute
    private var reader: HTTPReader
    /// What came and was not taken: the beginning of a head, or of a line between chunks.
    private var incoming = ByteBuffer()
    private var head: HTTPMessage?
    private var body: [UInt8] = []
    private var isAsked = false
    private var isAnswered = false
    private var timer: Scheduled<Void>?
    private var streamEnd: StreamEnd?

    init(_ terms: ServiceTerms, _ route: @escaping ServiceRoute) {
        (self.terms, self.route) = (terms, route)
        reader = HTTPReader(.requests, limits: HTTPLimits(body: terms.mostBody))
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        streamEnd?()
        streamEnd = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isAsked, !isAnswered else { return }
        if incoming.readableBytes == 0 { incoming = bytes } else { incoming.writeBuffer(&bytes) }
        do throws(HTTPError) {
            while !isAsked, !isAnswered, try readEvent(context) {}
        } catch {
            refuse(context, status: error.status)
        }
    }

    /// False when more bytes are needed.
    private func readEvent(_ context: ChannelHandlerContext) throws(HTTPError) -> Bool {
        var taken = 0
        let bytes = incoming
        let event = try reader.next(bytes.readableBytesSpan, taken: &taken)
        if case .body(let place)? = event {
            incoming.withUnsafeReadableBytes { body.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[place])) }
        }
        incoming.moveReaderIndex(forwardBy: taken)
        switch event {
        case .head(let head)?: begin(head, context)
        case .end?: ask(context)
        case .body?, .interim?: break
        case nil: return false
        }
        return true
    }

    private func begin(_ head: HTTPMessage, _ context: ChannelHandlerContext) {
        self.head = head
        guard terms.admits(peer(context)) else { return ask(context) }
        guard head.expectsContinue, head.framing != .none else { return }
        var writer = HTTPWriter(capacity: 32)
        writer.goOn()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: writer.bytes)), promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext, status: Int) {
        answer(.whole(status: status, contentType: "text/plain", body: []), on: context.channel)
        body = []
    }

    private func ask(_ context: ChannelHandlerContext) {
        guard let head else { return }
        isAsked = true
        timer?.cancel()
        let request = ServiceRequest(
            method: head.methodText,
            path: String(head.targetText.prefix { $0 != "?" }),
            body: body,
            peer: peer(context)
        )
        body = []
        let channel = context.channel
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        route(request) { answer in
            channel.eventLoop.execute { handler.value.answer(answer, on: channel) }
        }
    }

    private func peer(_ context: ChannelHandlerContext) -> PeerCredentials? {
        let found = try? context.channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { PeerCredentials(of: $0) }
        return found ?? nil
    }

    private func answer(_ answer: ServiceAnswer, on channel: any Channel) {
        guard !isAnswered else { return }
        isAnswered = true
        switch answer {
        case .whole(let status, let contentType, let body):
            var writer = HTTPWriter(capacity: 256 + body.count)
            writer.statusLine(status)
            writer.field("content-type", contentType)
            writer.field("connection", "close")
            writer.contentLength(body.count)
            writer.endOfHead()
            writer.body(body)
            channel.writeAndFlush(ByteBuffer(bytes: writer.bytes)).whenComplete { _ in channel.close(promise: nil) }
            timer?.cancel()
            timer = channel.eventLoop.scheduleTask(in: Self.answerPatience) { channel.close(promise: nil) }
        case .stream(let contentType, let start):
            var writer = HTTPWriter(capacity: 256)
            writer.statusLine(200)
            writer.field("content-type", contentType)
            writer.field("cache-control", "no-store")
            // The end of the connection is the end of the stream.
            writer.field("connection", "close")
            writer.endOfHead()
            channel.writeAndFlush(ByteBuffer(bytes: writer.bytes), promise: nil)
            let end = start(EventSink(channel: channel))
            if channel.isActive { streamEnd = end } else { end() }
        }
    }
}
