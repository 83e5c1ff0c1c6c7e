/// TLS in front of or behind the plain sockets of these tests: a relay that takes connections on one port and passes their bytes to
/// another, with TLS on one side. So the same clients and providers serve plain and in TLS.
import Foundation
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

final class TLSRelay: Sendable {
    enum Side: Sendable {
        /// Shows this certificate to whoever connects, and passes on what they say in plain bytes.
        case server(NIOSSLContext)
        /// Takes plain bytes and says them in TLS, calling the other side by this name.
        case client(NIOSSLContext, name: String?)
    }

    let port: UInt16
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel
    private let seen = Mutex(Seen())

    private struct Seen {
        var errors: [String] = []
        var protocols: [String?] = []
    }

    init(_ side: Side, to target: UInt16) throws {
        let relay = Box()
        channel = try ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                Self.join(channel, side, target) { relay.relay?.note($0, $1) }
            }
            .bind(host: "127.0.0.1", port: 0)
            .wait()
        port = UInt16(channel.localAddress?.port ?? 0)
        relay.relay = self
    }

    private final class Box: @unchecked Sendable { weak var relay: TLSRelay? }

    deinit {
        channel.close(promise: nil)
        group.shutdownGracefully { _ in }
    }

    /// What went wrong in handshakes, and after them.
    var errors: [String] { seen.withLock { $0.errors } }
    /// What was agreed on by ALPN, for each connection.
    var protocols: [String?] { seen.withLock { $0.protocols } }

    private func note(_ error: String?, _ name: String??) {
        seen.withLock { seen in
            if let error { seen.errors.append(error) }
            if let name { seen.protocols.append(name) }
        }
    }

    private static func join(
        _ near: any Channel,
        _ side: Side,
        _ target: UInt16,
        _ note: @escaping @Sendable (String?, String??) -> Void
    ) -> EventLoopFuture<Void> {
        ClientBootstrap(group: near.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: Int(target))
            .flatMapThrowing { far in
                let (toFar, toNear) = (Glue(far, note), Glue(near, note))
                switch side {
                case .server(let context):
                    try near.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                case .client(let context, let name):
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
                    try far.pipeline.syncOperations.addHandler(handler)
                }
                try near.pipeline.syncOperations.addHandler(toFar)
                try far.pipeline.syncOperations.addHandler(toNear)
                near.setOption(.autoRead, value: true).whenComplete { _ in }
                far.setOption(.autoRead, value: true).whenComplete { _ in }
            }
    }

    /// Passes on what comes, and the end.
    private final class Glue: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel
        private let note: @Sendable (String?, String??) -> Void

        init(_ other: any Channel, _ note: @escaping @Sendable (String?, String??) -> Void) {
            self.other = other
            self.note = note
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            other.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted(let name)? = event as? TLSUserEvent { note(nil, .some(name)) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            note("\(error)", nil)
            context.close(promise: nil)
        }
    }
}

/// Certificates of the tests' own authority (Tests/Fixtures/certificates).
enum Certificate: String {
    case server
    case serverNext = "server-next"
    case otherHost = "other-host"
    case serverExpired = "server-expired"
    case selfSigned = "self-signed"

    private static let directory =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/certificates/"

    /// Certificate and key in one file.
    var path: String { Self.directory + rawValue + ".pem" }

    static let authority = directory + "authority.pem"

    /// For a server that shows it, and speaks these protocols.
    func context(_ protocols: [String] = []) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(path).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: path, format: .pem)
        var made = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        made.applicationProtocols = protocols
        return try NIOSSLContext(configuration: made)
    }

    /// For a client that believes the authority, and speaks these protocols.
    static func trusting(_ protocols: [String] = [], version: TLSVersion = .tlsv12) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(authority)
        configuration.applicationProtocols = protocols
        configuration.maximumTLSVersion = version == .tlsv12 ? nil : version
        configuration.minimumTLSVersion = .tlsv1
        return try NIOSSLContext(configuration: configuration)
    }
}

/// A file of a test's own, closed to others, gone with its last user.
final class TestFile {
    let path: String

    init(_ content: [UInt8], mode: mode_t = 0o600) throws {
        var name = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw SocketError(what: "mkstemp") }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let count = content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        fchmod(descriptor, mode)
        close(descriptor)
        guard count == content.count else { throw SocketError(what: "write") }
    }

    convenience init(of certificate: Certificate) throws {
        try self.init(Array(try Data(contentsOf: URL(fileURLWithPath: certificate.path))))
    }

    /// Takes the place of what was there, as a renewal does.
    func replace(with certificate: Certificate) throws {
        let other = try TestFile(of: certificate)
        guard rename(other.path, path) == 0 else { throw SocketError(what: "rename") }
    }

    deinit { unlink(path) }
}
