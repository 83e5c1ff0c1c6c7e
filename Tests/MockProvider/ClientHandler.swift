import LabText
import NIOCore
import NIOHTTP1
import NIOPosix

/// How is a reply carried out on one connection? One request at a time; a client that goes away ends the reply.
final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Bytes of body that are taken; more is a client's mistake.
    private static let largestBody = 64 << 20

    private let provider: Provider
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Whether the client wants to ask again on this connection.
    private var keepsAlive = true
    private var underWay: (request: Request, visit: Visit, timer: Scheduled<Void>?)?

    /// Whether this connection came to the control listener.
    private let isControl: Bool

    init(_ provider: Provider, isControl: Bool) {
        self.provider = provider
        self.isControl = isControl
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isControl {
            provider.journal.noteConnection()
            provider.enter(context.channel)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let received):
            head = received
            keepsAlive = received.isKeepAlive
            body = []
        case .body(let buffer):
            guard body.count + buffer.readableBytes <= ClientHandler.largestBody else {
                return context.close(promise: nil)
            }
            buffer.withUnsafeReadableBytes { body.append(contentsOf: $0) }
        case .end:
            if let head { begin(head, context: context) }
            head = nil
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(early: true)
        provider.leave(context.channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        let request = Request(
            method: head.method.rawValue,
            path: head.uri,
            headers: head.headers.map { ($0.name.lowercased(), $0.value) },
            body: body
        )
        body = []
        let isControl = isControl || (provider.settings.control == nil && request.path.hasPrefix("/_mock/"))
        guard !isControl else { return carryOut(ControlDesk(provider).reply(to: request).steps[...], context: context) }
        let mode = provider.modeForNextRequest()
        let number = provider.journal.begin()
        let reply = provider.planner.reply(to: request, number: number, mode: mode)
        let peer = context.remoteAddress?.ipAddress ?? "unix"
        let visit = Visit(
            number: number,
            began: .now,
            ended: .now,
            peer: peer,
            mode: mode.word,
            outcome: reply.outcome,
            status: reply.status,
            clientLeftEarly: false
        )
        underWay = (request, visit, nil)
        carryOut(reply.steps[...], context: context)
    }

    private func carryOut(_ steps: ArraySlice<Reply.Step>, context: ChannelHandlerContext) {
        guard let step = steps.first else { return }
        let rest = steps.dropFirst()
        switch step {
        case .head(let status, let headers):
            let head = HTTPResponseHead(
                version: .http1_1,
                status: HTTPResponseStatus(statusCode: status),
                headers: HTTPHeaders(headers)
            )
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            carryOut(rest, context: context)
        case .body(let text):
            let buffer = context.channel.allocator.buffer(string: text)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            carryOut(rest, context: context)
        case .bytes(let bytes):
            let buffer = context.channel.allocator.buffer(bytes: bytes)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            carryOut(rest, context: context)
        case .pause(let milliseconds):
            pause(milliseconds, then: rest, context: context)
        case .end:
            finish(early: false)
            end(context: context)
        case .drop:
            finish(early: false)
            context.close(promise: nil)
        case .silence:
            context.flush()
        }
    }

    private func end(context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        if !keepsAlive {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    private func pause(_ milliseconds: Int, then rest: ArraySlice<Reply.Step>, context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let timer = context.eventLoop.scheduleTask(in: .milliseconds(Int64(milliseconds))) {
            let (handler, context) = bound.value
            guard handler.underWay != nil else { return }
            handler.carryOut(rest, context: context)
        }
        underWay?.timer = timer
    }

    /// Notes the end of the request under way, if there is one.
    private func finish(early: Bool) {
        guard var done = underWay else { return }
        underWay = nil
        done.timer?.cancel()
        done.visit.ended = .now
        done.visit.clientLeftEarly = early
        provider.journal.end(done.request, done.visit)
    }
}
