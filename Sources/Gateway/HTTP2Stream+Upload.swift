/// What becomes of a body that is too large to be kept, on a stream of HTTP/2? As on a connection of HTTP/1.1 (`Ingress+Upload`): its request is
/// served before all of it has come, and what comes then is looked at and goes on. Who is not read is held back by the stream's window.
import Inference
import NIOCore
import NIOHTTP2

extension HTTP2Stream {
    func beginUpload(of request: IncomingRequest) {
        (upload, wantsBody) = (request, false)
        serve(request, rest: request.rest)
    }

    /// Takes what came of the body of the request that is served. What was read is told as a whole, also where more of it came than is wanted
    /// now: a window's worth waits here then.
    func take(_ data: HTTP2Frame.FramePayload.Data, by driver: ExchangeDriver) {
        guard upload != nil else {
            hasAll = hasAll || data.endStream
            return
        }
        if wantsBody, waiting.isEmpty { sendOn(data, by: driver) } else { waiting.append(data) }
    }

    private func sendOn(_ data: HTTP2Frame.FramePayload.Data, by driver: ExchangeDriver) {
        if let upload, case .byteBuffer(let bytes) = data.data, bytes.readableBytes > 0 {
            let piece = Array(bytes.readableBytesView)
            guard upload.comes(piece.count) else { return cut() }
            do throws(RequestError) {
                try upload.look(at: piece)
                driver.upload(piece)
            } catch {
                driver.handle(.uploadBroke(error))
            }
        }
        if data.endStream { endUpload(by: driver) }
    }

    /// The client has said all it had to say.
    func endUpload(by driver: ExchangeDriver) {
        hasAll = true
        guard let request = upload else { return }
        upload = nil
        do throws(RequestError) {
            try request.endForm()
            driver.endUpload()
        } catch {
            driver.handle(.uploadBroke(error))
        }
    }

    /// Not at once: whoever asks is in the middle of something.
    func readBody(_ isWanted: Bool) {
        wantsBody = isWanted
        guard isWanted, let context else { return }
        context.eventLoop.assumeIsolated().execute { self.goOn() }
    }

    private func goOn() {
        while wantsBody, !waiting.isEmpty, case .serving(let driver) = phase {
            sendOn(waiting.removeFirst(), by: driver)
        }
        if wantsBody, waiting.isEmpty { context?.read() }
    }
}
