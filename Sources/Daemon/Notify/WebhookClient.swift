/// How an event is posted to a web server: one connection an event, JSON, an answer within a time.
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NetTypes
import Wire

/// Used on its hook's thread only, which waits for the event loop's answer.
final class WebhookClient {
    private let group: any EventLoopGroup
    private let host: String
    private let port: Int
    private let isTLS: Bool
    private let target: String
    private let authority: String
    /// Made with the first event: reading the system's roots takes tens of milliseconds.
    private var context: NIOSSLContext?

    /// Nil for what is no `http` or `https` URL with a host.
    init?(_ url: String, on group: any EventLoopGroup) {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme, ["http", "https"].contains(scheme)
        else { return nil }
        self.group = group
        // Brackets belong to the URL, not to the address.
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        isTLS = scheme == "https"
        port = parts.port ?? (isTLS ? 443 : 80)
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        target = path + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
        let shown = self.host.contains(":") ? "[\(self.host)]" : self.host
        authority = parts.port.map { "\(shown):\($0)" } ?? shown
    }

    /// Posts and waits for the answer's status, all of it within `limit`.
    func post(_ body: [UInt8], within limit: Span) -> HookOutcome {
        do {
            if isTLS, context == nil { context = try NIOSSLContext(configuration: .makeClientConfiguration()) }
            return Self.outcome(try exchange(body, within: .nanoseconds(limit.nanoseconds)).wait())
        } catch let error as NIOSSLError {
            // Tomorrow's certificate may be another, but the next try's is not.
            return HookOutcome(.refused("its certificate is not accepted: \(Self.words(error))"))
        } catch {
            return HookOutcome(.again(Self.words(error)))
        }
    }

    /// Of a host with several addresses the first one's trouble says enough.
    private static func words(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return words(first.error)
        }
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return "\(error)"
    }

    /// What may be different another time is tried again.
    private static func outcome(_ status: Int) -> HookOutcome {
        switch status {
        case 200..<300: HookOutcome(.done)
        case 408, 429, 500...: HookOutcome(.again("it answered \(status)"))
        default: HookOutcome(.refused("it answered \(status)"))
        }
    }

    private func exchange(_ body: [UInt8], within limit: TimeAmount) -> EventLoopFuture<Int> {
        let loop = group.next()
        let answer = loop.makePromise(of: Int.self)
        let deadline = loop.scheduleTask(in: limit) { answer.fail(WebhookTimeout()) }
        let (context, host) = (isTLS ? context : nil, host)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(limit)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        // A literal address is checked against the certificate, but never sent as a name (RFC 6066 §3).
                        let isAddress = IPAddress(host) != nil
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
                        )
                    }
                    try pipeline.addHandler(WebhookAnswer(answer))
                }
            }
        let opened: EventLoopFuture<any Channel>
        // An address needs no resolver, and must not wait for one.
        if IPAddress(host) != nil, let address = try? NIOCore.SocketAddress(ipAddress: host, port: port) {
            opened = bootstrap.connect(to: address)
        } else {
            opened = bootstrap.connect(host: host, port: port)
        }
        let request = request(body)
        opened.whenSuccess { channel in
            channel.writeAndFlush(ByteBuffer(bytes: request), promise: nil)
            answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
        opened.whenFailure { answer.fail($0) }
        answer.futureResult.whenComplete { _ in deadline.cancel() }
        return answer.futureResult
    }

    private func request(_ body: [UInt8]) -> [UInt8] {
        var writer = HTTPWriter(capacity: 256 + body.count)
        // A URL that was taken apart holds nothing that a line could not.
        guard writer.requestLine("POST", target) else { return [] }
        writer.field("host", authority)
        writer.field("content-type", "application/json")
        writer.field("user-agent", "martletd")
        writer.field("connection", "close")
        writer.contentLength(body.count)
        writer.endOfHead()
        writer.body(body)
        return writer.bytes
    }
}

struct WebhookTimeout: Error, CustomStringConvertible {
    var description: String { "it did not answer in time" }
}

/// Takes the status of the answer; the rest of it is not read.
private final class WebhookAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Longer ones are no web server's word on a webhook.
    private static let headLimit = 16 << 10

    private let answer: EventLoopPromise<Int>
    private var reader = HTTPReader(.answers, limits: HTTPLimits(head: headLimit))
    private var incoming = ByteBuffer()
    private var isAnswered = false

    init(_ answer: EventLoopPromise<Int>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        var bytes = unwrapInboundIn(data)
        incoming.writeBuffer(&bytes)
        do throws(HTTPError) {
            while !isAnswered, try readEvent() {}
        } catch {
            isAnswered = true
            answer.fail(WebhookGarbled(reason: error))
        }
    }

    /// False when more bytes are needed.
    private func readEvent() throws(HTTPError) -> Bool {
        var taken = 0
        let bytes = incoming
        let event = try reader.next(bytes.readableBytesSpan, taken: &taken)
        incoming.moveReaderIndex(forwardBy: taken)
        guard case .head(let head)? = event else { return event != nil }
        isAnswered = true
        answer.succeed(head.status)
        return false
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(WebhookEnded())
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}

struct WebhookEnded: Error, CustomStringConvertible {
    var description: String { "it closed the connection without an answer" }
}

struct WebhookGarbled: Error, CustomStringConvertible {
    let reason: HTTPError
    var description: String { "its answer cannot be read: \(reason.rawValue)" }
}
