/// What does a connection of HTTP/2 to a provider do besides its streams? It says whether it takes one more, and it ends: when nobody has used it
/// for a while, when the provider says so (GOAWAY), or when nothing has come of it for too long.
import Inference
import NIOCore
import NIOHPACK
import NIOHTTP2
import NetTypes

/// Touched on its own loop only.
final class UpstreamHTTP2: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let key: UpstreamKey
    let family: AddressFamily
    private let shelf: UpstreamPool.Shelf
    private let channel: any Channel
    private var multiplexer: NIOHTTP2Handler.StreamMultiplexer?
    private var streams = 0
    private var requests = 0
    /// How many streams at once the provider allows.
    private var allowed = HTTP2Terms.providerStreams
    /// It gets no new stream, and ends with its last.
    private var isLeaving = false
    /// The provider has said that it has not begun with streams beyond this one, and will not.
    private var lastServed: HTTP2StreamID?
    /// How fields of requests are sent.
    private(set) var indexing = HPACKIndexing.indexable
    /// Why it ended, where that was not the provider's plain wish.
    private(set) var fault: (kind: FailureClass, detail: String)?
    private(set) var hasServed = false
    /// When the last stream ended.
    private(set) var idleSince = Instant(nanoseconds: 0)
    /// When something of an answer came last.
    var lastHeard = Instant(nanoseconds: 0)

    private init(_ connection: UpstreamConnection, on channel: any Channel) {
        key = connection.key
        family = connection.family
        shelf = connection.shelf
        self.channel = channel
    }

    /// Takes over a connection that has agreed on HTTP/2, of which nothing was read yet.
    static func begin(on channel: any Channel, instead connection: UpstreamConnection) throws -> UpstreamHTTP2 {
        let made = UpstreamHTTP2(connection, on: channel)
        let pipeline = channel.pipeline.syncOperations
        made.multiplexer = try pipeline.configureHTTP2Pipeline(
            mode: .client,
            connectionConfiguration: HTTP2Terms.connection(as: .client),
            streamConfiguration: HTTP2Terms.stream
        ) { stream in stream.close() }
        try pipeline.addHandler(made)
        try channel.syncOptions?.setOption(.autoRead, value: true)
        made.idleSince = GatewayClock.now()
        made.shelf.add(made)
        return made
    }

    /// Nothing runs on it.
    var isIdle: Bool { streams == 0 }

    var hasRoom: Bool {
        !isLeaving && channel.isActive && streams < allowed && requests < HTTP2Terms.providerRequests
    }

    /// A stream for one request.
    func open() -> UpstreamStream {
        streams += 1
        requests += 1
        let stream = UpstreamStream(on: self)
        let bound = NIOLoopBound(stream, eventLoop: channel.eventLoop)
        let made = channel.eventLoop.makePromise(of: (any Channel).self)
        made.futureResult.assumeIsolated().whenFailure { _ in stream.notOpened() }
        multiplexer?.createStreamChannel(promise: made) { channel in
            channel.eventLoop.makeCompletedFuture {
                // A stream of a connection that has gone would wait for it for ever.
                guard channel.parent?.isActive == true else { throw ChannelError.ioOnClosedChannel }
                try channel.syncOptions?.setOption(.autoRead, value: false)
                try channel.pipeline.syncOperations.addHandler(bound.value)
            }
        }
        return stream
    }

    /// A stream is over.
    func ended() {
        streams -= 1
        hasServed = true
        guard streams == 0 else { return }
        idleSince = GatewayClock.now()
        if isLeaving { close() }
    }

    /// Whether the provider has not begun with this stream.
    func hasRefused(_ stream: HTTP2StreamID?) -> Bool {
        guard let lastServed, let stream else { return false }
        return stream > lastServed
    }

    /// Whoever runs on it goes on; nobody new does.
    func leave() {
        guard !isLeaving else { return }
        isLeaving = true
        shelf.remove(self)
        if streams == 0 { close() }
    }

    func close() { channel.close(promise: nil) }

    // MARK: What NIO tells

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data).payload {
        case .settings(.settings(let settings)):
            if let most = settings.last(where: { $0.parameter == .maxConcurrentStreams }) {
                allowed = min(HTTP2Terms.providerStreams, most.value)
            }
            if let asked = HTTP2Terms.indexing(by: settings) { indexing = asked }
        case .goAway(let last, _, _):
            lastServed = min(lastServed ?? last, last)
            leave()
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isLeaving = true
        shelf.remove(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream that was given up before it was sent is sent all the same, and answered to nobody.
        guard !HTTP2Terms.isOfStream(error), !(error is NIOHTTP2Errors.NoSuchStream) else { return }
        fault = fault ?? UpstreamFault.classify(error)
        leave()
        close()
    }
}
