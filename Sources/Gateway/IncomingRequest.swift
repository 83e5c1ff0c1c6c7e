/// What has come of a client's request so far, and is it welcome?
import Inference
import NIOCore
import NIOHTTP1
import NetTypes

struct IncomingRequest {
    let endpoint: Endpoint
    let isHead: Bool
    let isHTTP11: Bool
    let keepsAlive: Bool
    let expectsContinue: Bool
    let key: GatewayKey?
    /// Why it will not be served, known from its head.
    let refusal: ReadyAnswer?
    let startedAt: Instant
    let unixMicroseconds: UInt64
    let draw: UInt64
    let generation: UInt64
    private(set) var body: [UInt8] = []
    private var announced = 0

    init(_ head: HTTPRequestHead, loop: GatewayLoop) {
        endpoint = Endpoint(method: head.method.rawValue, uri: head.uri)
        isHead = head.method == .HEAD
        isHTTP11 = head.version == .http1_1
        keepsAlive = head.isKeepAlive
        expectsContinue = head.headers.first(name: "expect")?.lowercased() == "100-continue"
        announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        key = loop.state.flatMap { Self.key(head.headers, $0.view) }
        refusal = Self.refusal(head, endpoint, key, isReady: loop.state != nil)
        startedAt = GatewayClock.now()
        unixMicroseconds = GatewayClock.unixMicroseconds()
        draw = loop.draw()
        generation = loop.state?.view.snapshot.generation ?? 0
        if refusal == nil { body.reserveCapacity(min(announced, GatewayLimits.reservedBytes)) }
    }

    /// A request whose head could not be read.
    static func unreadable(loop: GatewayLoop) -> IncomingRequest {
        IncomingRequest(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"), loop: loop)
    }

    var isTooLarge: Bool { max(announced, body.count) > GatewayLimits.requestBytes }

    var decisionID: String { DecisionRecord.id(unixMicroseconds: unixMicroseconds, draw: draw) }

    mutating func append(_ bytes: ByteBuffer) {
        // The body of a refused request is only counted.
        if refusal == nil { body.append(contentsOf: bytes.readableBytesView) } else { announced += bytes.readableBytes }
    }

    private static func key(_ headers: HTTPHeaders, _ view: RoutingView) -> GatewayKey? {
        guard let field = headers.first(name: "authorization") else { return nil }
        let parts = field.utf8.split(separator: 0x20, maxSplits: 1)
        guard parts.count == 2, String(parts[0])?.lowercased() == "bearer" else { return nil }
        return view.key(presented: Array(parts[1]))
    }

    private static func refusal(
        _ head: HTTPRequestHead,
        _ endpoint: Endpoint,
        _ key: GatewayKey?,
        isReady: Bool
    ) -> ReadyAnswer? {
        switch endpoint {
        case .unknown: return .unknownPath
        case .wrongMethod(let allowed): return .wrongMethod(allowed: allowed)
        case .live, .ready: return nil
        case .chat, .models, .model: break
        }
        guard isReady else { return .notReady }
        guard key != nil else { return .badKey }
        let coding = head.headers.first(name: "content-encoding") ?? "identity"
        return coding == "identity" ? nil : .encodedBody
    }

    /// The record of a chat request that no exchange was made for; other answers need none.
    func record(of answer: ReadyAnswer, at now: Instant) -> DecisionRecord? {
        guard endpoint == .chat, let code = answer.errorCode else { return nil }
        return DecisionRecord(
            refused: decisionID,
            startedAt: startedAt,
            startedUnix: unixMicroseconds,
            duration: now - startedAt,
            key: key,
            draw: draw,
            generation: generation,
            status: answer.status,
            errorCode: code,
            bytes: answer.body.count
        )
    }
}
