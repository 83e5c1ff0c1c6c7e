/// How is a new connection made? Resolve, then race the addresses (RFC 8305), each socket marked with its path before it
/// connects; then TLS.
import Glibc
import Inference
import NIOCore
import NIOPosix
import NIOSSL
import NetTypes

/// Why there is no connection.
struct ConnectFailure: Error {
    let kind: FailureClass
    let detail: String
}

/// Touched on its own loop only.
final class UpstreamConnector {
    private let eventLoop: any EventLoop
    private let addresses: AddressBook

    init(on eventLoop: any EventLoop, addresses: AddressBook) {
        self.eventLoop = eventLoop
        self.addresses = addresses
    }

    func connect(
        _ order: ConnectOrder,
        trusting trust: UpstreamTrust?,
        pool: UpstreamPool,
        _ answer: @escaping UpstreamPool.Answer
    ) -> ConnectRace {
        let race = ConnectRace(order, on: eventLoop, answer) { [self] address, dial in
            bootstrap(order, address, trust, pool, dial)
        }
        guard !order.isTLS || trust != nil else {
            race.fail(ConnectFailure(kind: .tls, detail: "see the alarm on its provider"))
            return race
        }
        addresses.addresses(of: order.host, at: GatewayClock.now()) { result in
            switch result {
            case .success(let all): race.start(Self.sorted(all, order.families))
            case .failure(let error): race.fail(ConnectFailure(kind: .nameResolution, detail: error.reason))
            }
        }
        return race
    }

    /// The addresses of a name, from the same book that requests look into.
    func resolve(_ host: String, _ answer: @escaping (AddressBook.Answer) -> Void) {
        addresses.addresses(of: host, at: GatewayClock.now(), answer)
    }

    /// The families that the path carries, taking turns, IPv6 first (RFC 8305 §4).
    static func sorted(_ addresses: [IPAddress], _ families: [AddressFamily]) -> [IPAddress] {
        let byFamily = [AddressFamily.v6, .v4].filter(families.contains).map { family in
            addresses.filter { $0.family == family }
        }
        let longest = byFamily.map(\.count).max() ?? 0
        return (0..<longest).flatMap { index in byFamily.compactMap { index < $0.count ? $0[index] : nil } }
    }

    /// Starts one connection; its handler and its channel as they come.
    private func bootstrap(
        _ order: ConnectOrder,
        _ address: IPAddress,
        _ trust: UpstreamTrust?,
        _ pool: UpstreamPool,
        _ dial: Dial
    ) -> EventLoopFuture<any Channel> {
        let connection = UpstreamConnection(UpstreamKey(order, trust), family: address.family, pool: pool)
        let handshake = order.isTLS ? trust.map { Handshake(host: order.host, context: $0.context) } : nil
        return make(dial, address, order.port, order.mark, handshake, connection)
    }

    /// With whom TLS is spoken, and by whose word the certificate is believed.
    struct Handshake {
        let host: String
        let context: NIOSSLContext
    }

    /// A connection to one address over the path of the mark, in TLS if there is a handshake to make, with this handler at its end.
    func make(
        _ dial: Dial,
        _ address: IPAddress,
        _ port: UInt16,
        _ mark: Mark?,
        _ handshake: Handshake?,
        _ last: any ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        let handler = NIOLoopBound(last, eventLoop: eventLoop)
        let secured = NIOLoopBound(handshake, eventLoop: eventLoop)
        let made = NIOLoopBound(dial, eventLoop: eventLoop)
        var bootstrap = ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.autoRead, value: false)
            .channelOption(.writeBufferWaterMark, value: GatewayLimits.waterMark)
            // Whoever waits has a deadline of his own, and ends the dial with it.
            .connectTimeout(.seconds(60))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try made.value.began(channel)
                    if let handshake = secured.value {
                        try Self.secure(channel, handshake.host, handshake.context)
                    }
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
        if let mark {
            let option = ChannelOptions.Types.SocketOption(level: .socket, name: .init(rawValue: SO_MARK))
            bootstrap = bootstrap.channelOption(option, value: SocketOptionValue(Int32(bitPattern: mark.value)))
        }
        do {
            return bootstrap.connect(to: try SocketAddress(ipAddress: "\(address)", port: Int(port)))
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
    }

    private static func secure(_ channel: any Channel, _ host: String, _ context: NIOSSLContext) throws {
        // A literal address is checked against the certificate, but never sent as a server name (RFC 6066 §3).
        let name = IPAddress(host) == nil ? host : nil
        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
    }
}
