/// What becomes of a body that is too large to be kept? Its request is served before all of it has come: what comes then is looked at and goes on,
/// as fast as the provider takes it; behind an answer that did not wait for it, it is swallowed.
import Inference
import NIOCore
import NetTypes
import Wire

extension Ingress {
    /// A piece of a body was read: kept by its request, or to be sent on.
    func took(_ piece: [UInt8]) throws(HTTPError) {
        switch phase {
        case .receiving(let request):
            guard !request.isTooLarge else { throw .bodyTooLarge }
            guard request.isLarge, request.canBeRouted() else { return }
            (upload, wantsBody) = (request, false)
            serve(request, rest: request.rest)
        case .serving(let driver):
            guard let upload else { return }
            do throws(RequestError) {
                try upload.look(at: piece)
                driver.upload(piece)
            } catch {
                driver.handle(.uploadBroke(error))
            }
        case .swallowing, .waiting, .lingering, .closed: break
        }
    }

    /// The body of a request that is served, or was, has come.
    func endUpload(of request: IncomingRequest) {
        switch phase {
        case .serving(let driver):
            do throws(RequestError) {
                try request.endForm()
                driver.endUpload()
            } catch {
                driver.handle(.uploadBroke(error))
            }
        case .swallowing: answered()
        case .waiting, .receiving, .lingering, .closed: break
        }
    }

    /// Not at once: whoever asks is in the middle of something.
    func readBody(_ isWanted: Bool) {
        wantsBody = isWanted
        guard isWanted, let context else { return }
        context.eventLoop.assumeIsolated().execute { self.goOn() }
    }

    private func goOn() {
        guard let context, !mustWait, !isReading else { return }
        let isUploading = upload != nil
        readOn()
        readMore(context)
        guard isUploading, hasEnded else { return }
        switch phase {
        case .serving: clientEnded(context)
        // The rest of the body never comes.
        case .swallowing: linger(context)
        case .waiting, .receiving, .lingering, .closed: break
        }
    }

    /// The client still writes, and would read no answer before it has done so.
    func swallow(_ context: ChannelHandlerContext) {
        phase = .swallowing
        setDeadline(GatewayLimits.body)
        context.eventLoop.assumeIsolated().execute { self.goOn() }
    }
}
