/// What happens on one connection of an HTTP probe.
import Glibc
import Liveness
import NIOCore
import NIOSSL
import NIOTLS
import NetTypes
import Synchronization

/// One request and the one word about it.
final class WebExchange: Sendable {
    let request: ProbeRequest
    let question: HTTPQuestion
    private let tell: @Sendable (WebProber.Outcome) -> Void
    private let isTold = Atomic(false)

    init(request: ProbeRequest, question: HTTPQuestion, tell: @escaping @Sendable (WebProber.Outcome) -> Void) {
        (self.request, self.question, self.tell) = (request, question, tell)
    }

    /// Tells what became of it; only the first word counts.
    func finish(_ result: Result<ProbeAnswer, WebFault>) {
        guard !isTold.exchange(true, ordering: .relaxed) else { return }
        tell(WebProber.Outcome(request: request, result: result, at: BootClock.now()))
    }
}

/// Confined to its event loop.
final class WebHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let exchange: WebExchange
    private let left: TimeAmount
    private var answer: HTTPAnswer
    private var warning: ProbeFault?
    private var deadline: Scheduled<Void>?

    init(_ exchange: WebExchange, closingIn left: TimeAmount) {
        self.exchange = exchange
        self.left = left
        answer = HTTPAnswer(to: exchange.question)
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: left) { channel.close(promise: nil) }
        let request = context.channel.allocator.buffer(bytes: exchange.question.request)
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        if case .done(let fault) = answer.receive(bytes) { finish(fault, context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { inspect(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(answer.end() ?? ProbeFault(.broken), context)
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that closes without saying so has still said all that it says.
        if case NIOSSLError.uncleanShutdown? = error as? NIOSSLError {
            context.close(promise: nil)
            return
        }
        finish(fault(error, context), context)
    }

    private func finish(_ fault: ProbeFault?, _ context: ChannelHandlerContext) {
        let answer = ProbeAnswer(clock: .process, warning: warning)
        exchange.finish(fault.map { .failure(WebFault($0)) } ?? .success(answer))
        context.close(promise: nil)
    }
}

// MARK: - Certificates

extension WebHandler {
    private func certificate(_ context: ChannelHandlerContext) -> NIOSSLCertificate? {
        try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self).peerCertificate
    }

    /// The session stands: does the certificate last?
    private func inspect(_ context: ChannelHandlerContext) {
        guard let within = exchange.question.tls?.expiresWithin, let certificate = certificate(context) else { return }
        let left = certificate.notValidAfter - time(nil)
        guard left < within.nanoseconds / 1_000_000_000 else { return }
        let words = left > 0 ? "the certificate ends in \(Self.words(left))" : "the certificate has expired"
        warning = ProbeFault(.certificateExpiring, words)
    }

    private func fault(_ error: any Error, _ context: ChannelHandlerContext) -> ProbeFault {
        guard error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError else {
            let isRefused = (error as? IOError)?.errnoCode == ECONNREFUSED
            return ProbeFault(isRefused ? .refused : .broken, "\(error)")
        }
        return ProbeFault(.tlsFailed, dateFault(context) ?? Self.words(error))
    }

    /// An expired certificate is named as such; the library only says that verification failed.
    private func dateFault(_ context: ChannelHandlerContext) -> String? {
        guard let certificate = certificate(context) else { return nil }
        let now = time(nil)
        if certificate.notValidAfter < now {
            return "the certificate expired \(Self.words(now - certificate.notValidAfter)) ago"
        }
        if certificate.notValidBefore > now {
            return "the certificate begins in \(Self.words(certificate.notValidBefore - now))"
        }
        return nil
    }

    private static func words(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "the certificate is not trusted" }
        if let extra = error as? NIOSSLExtraError, extra == .failedToValidateHostname {
            return "the certificate is another name's"
        }
        if text.contains("WRONG_VERSION_NUMBER") { return "the target does not speak TLS" }
        return text
    }

    /// Seconds in the largest unit that says something.
    private static func words(_ seconds: Int) -> String {
        switch seconds {
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86400) days"
        }
    }
}
