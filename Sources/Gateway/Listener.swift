/// How do clients reach the gateway? On listening sockets that the daemon made and that outlive this process.
///
/// One acceptor for each socket hands connections to the loops in turn. Not a listening socket for each loop (SO_REUSEPORT):
/// connections that wait in the queue of a killed process would die with it, where one shared queue just waits for the next
/// gateway. And not one socket polled by all loops: whoever is awake would take them all, and clients of models keep few, long
/// connections, so that an even spread at the start is the only one there will be.
import Glibc
import Inference
import NIOCore
import NIOPosix
import NIOSSL

enum Listener {
    /// Accepts no more, loses none of those that were accepted, then closes.
    ///
    /// A connection whose set-up runs while its listener closes would be closed with it: so first nothing more is taken, then every
    /// loop is waited for, and then once more, for what those turns left for the next.
    static func close(_ listener: any Channel, loops: [GatewayLoop]) -> EventLoopFuture<Void> {
        @Sendable func everyLoop() -> EventLoopFuture<Void> {
            let turns = loops.map { $0.eventLoop.submit {} } + [listener.eventLoop.submit {}]
            return EventLoopFuture.andAllComplete(turns, on: listener.eventLoop)
        }
        return listener.setOption(.autoRead, value: false)
            .flatMap { everyLoop() }
            .flatMap { everyLoop() }
            .flatMap { everyLoop() }
            .flatMap { listener.close() }
    }

    /// A connection came to a listener that has no certificate to show.
    private struct NothingToShow: Error {}

    /// Accepts on an inherited socket, which it takes over.
    /// - Parameters:
    ///   - name: what it is called where something is wrong with it.
    ///   - limit: how many clients are connected to it at once.
    static func open(
        descriptor: Int32,
        named name: String,
        on terms: ListenerTerms,
        limit: Int,
        loops: [GatewayLoop],
        group: MultiThreadedEventLoopGroup
    ) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: group)
            // The queue is as long as the system allows (net.core.somaxconn cuts it).
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let loop = loops.first { $0.eventLoop === channel.eventLoop }
                    let gate = AcceptGate(limit: limit) { loop?.tell(of: name, isFull: $0, limit: limit) }
                    // Where there is no descriptor all the same, it is tried again after a second.
                    let pause = AcceptBackoffHandler(shouldForwardIOErrorCaught: false)
                    try channel.pipeline.syncOperations.addHandlers([pause, gate])
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: GatewayLimits.unsentBytes)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.writeBufferWaterMark, value: GatewayLimits.waterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }) else { return }
                    switch terms.now {
                    case .closed: throw NothingToShow()
                    // What that means of a client, `Ingress` judges. In TLS it means the end.
                    case .plain: try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
                    case .tls(let context):
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(Ingress(loop: loop))
                }
            }
            .withBoundSocket(descriptor)
    }
}

extension GatewayLoop {
    fileprivate func tell(of listener: String, isFull: Bool, limit: Int) {
        guard isFull else { return reports.send(.mended(.clientsWait, object: listener)) }
        let detail = "it has \(limit) clients, as many as descriptors allow, and others wait: see LimitNOFILE="
        alarm(GatewayAlarm(.clientsWait, object: listener, detail: detail))
    }
}
