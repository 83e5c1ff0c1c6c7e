/// What does an exchange need of the side that is asked? A connection of HTTP/1.1 (`UpstreamConnection`) carries one request after another, a
/// stream of HTTP/2 (`UpstreamStream`) carries one; the driver sees no difference.
import Inference
import NIOCore
import Wire

/// Whoever carries a request to a provider. Touched on its own loop only.
///
/// It tells the driver of the request what comes, and has let go of it (`ExchangeDriver.letGo`) before it tells the end.
protocol UpstreamSide: AnyObject {
    /// Whether the connection beneath served another request before.
    var hasServed: Bool { get }
    /// Whose request runs; nil: nobody's.
    var served: (driver: ExchangeDriver, attempt: AttemptID)? { get }

    /// Takes it for an attempt.
    func begin(_ driver: ExchangeDriver, _ attempt: AttemptID)
    /// Sends a whole request.
    /// - Parameter more: fields that only this process knows, the provider's credential among them.
    /// - Returns: false when its path is none; nothing was sent then.
    func send(_ request: UpstreamRequest, _ more: [HTTPField]) -> Bool
    /// Sends more of a body whose rest follows (`UpstreamRequest.rest`).
    func sendMore(_ bytes: [UInt8])
    /// That was all of it.
    func sendEnd()
    /// Whether bytes of the answer are read; those that are on their way in still come.
    func read(_ isWanted: Bool)
    /// The exchange has all it wants.
    func release()
    /// Nobody wants anything of it any more.
    func close()
}

extension UpstreamSide {
    /// Tells that the provider has taken a piece of what was at hand.
    func took(_ eventLoop: any EventLoop) -> EventLoopPromise<Void> {
        let taken = eventLoop.makePromise(of: Void.self)
        taken.futureResult.assumeIsolated().whenSuccess {
            if let served = self.served { served.driver.handle(.upstreamTook(served.attempt)) }
        }
        return taken
    }
}

extension UpstreamRequest {
    /// The method as it is written.
    var methodWord: StaticString {
        switch method {
        case .post, nil: "POST"
        case .get: "GET"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        }
    }

    /// Bytes of its body, the rest included; nil: nobody knows.
    var length: Int? {
        switch rest {
        case nil: body.count
        case .bytes(let count)?: body.count + count
        case .chunks?: nil
        }
    }

    /// Whether it says how long its body is, empty ones of a POST included.
    var saysLength: Bool { method.map { $0 == .post || !body.isEmpty } ?? true }

    /// Whether a client that is passed on has said it itself, as the version of the API it speaks. A credential it cannot say, nor what the
    /// operator says: those are left out of what is passed on.
    func says(_ field: HTTPField) -> Bool { method != nil && headers.contains { $0.name == field.name } }
}

extension ExchangeDriver {
    /// The head of an attempt's answer, in whichever HTTP it came.
    func take(_ head: HTTPMessage, of attempt: AttemptID) {
        var answer = UpstreamHead(head)
        if wantsFields { answer.keepAll(of: head) }
        handle(.upstreamHead(attempt, answer))
    }
}
