/// How an HTTP request goes over a connection that stands, with TLS or without, and what is made of the answer.
///
/// The connection was opened by the prober's own thread, bound to its member; here it is handed to an event loop, which alone
/// knows TLS. Each outcome is told once.
import Glibc
import Liveness
import NIOCore
import NIOPosix
import NIOSSL
import NetTypes

/// Confined to the prober's thread; what happens on the event loop comes back through `tell`.
final class WebProber {
    /// What became of a request, and when.
    struct Outcome: Sendable {
        let request: ProbeRequest
        let result: Result<ProbeAnswer, WebFault>
        let at: Instant
    }

    private let group: MultiThreadedEventLoopGroup
    private let tell: @Sendable (Outcome) -> Void
    private var contexts: [TLSTrust: NIOSSLContext] = [:]

    /// One loop: the requests of a host's probes are few, and none of them computes.
    init(tell: @escaping @Sendable (Outcome) -> Void) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.tell = tell
    }

    deinit {
        // Not waited for: nobody hears of what is still open.
        group.shutdownGracefully { _ in }
    }

    /// Files of authorities are read again for what is asked from now on.
    func forgetTrust() { contexts = [:] }

    /// Asks over a connected descriptor, which it closes in the end.
    ///
    /// - Parameter deadline: When nobody waits any more.
    func ask(_ request: ProbeRequest, _ question: HTTPQuestion, over descriptor: Int32, by deadline: Instant) {
        let exchange = WebExchange(request: request, question: question, tell: tell)
        let context: NIOSSLContext?
        do {
            context = try question.tls.map(trust)
        } catch {
            close(descriptor)
            exchange.finish(.failure(WebFault(ProbeFault(.tlsFailed, "no trust: \(error)"))))
            return
        }
        let left = TimeAmount.nanoseconds((deadline - BootClock.now()).nanoseconds)
        let name = question.tls?.name
        ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: name)
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(WebHandler(exchange, closingIn: left))
                }
            }
            .withConnectedSocket(descriptor)
            .whenFailure { exchange.finish(.failure(WebFault(ProbeFault(.broken, "\($0)")))) }
    }

    private func trust(_ question: TLSQuestion) throws -> NIOSSLContext {
        let key = TLSTrust(question)
        if let context = contexts[key] { return context }
        let context = try NIOSSLContext(configuration: key.configuration)
        contexts[key] = context
        return context
    }
}

/// A probe's fault as an error.
struct WebFault: Error, Sendable {
    let fault: ProbeFault

    init(_ fault: ProbeFault) { self.fault = fault }
}

/// Whom a TLS client trusts: what contexts are shared by.
private struct TLSTrust: Hashable {
    let verify: Bool
    let authority: String?

    init(_ question: TLSQuestion) { (verify, authority) = (question.verify, question.authority) }

    var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = verify ? .fullVerification : .none
        if let authority { configuration.trustRoots = .file(authority) }
        return configuration
    }
}
