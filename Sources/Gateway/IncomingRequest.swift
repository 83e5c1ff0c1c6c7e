/// What has come of a client's request so far, and is it welcome?
import Inference
import NIOCore
import NetTypes
import PolicyEngine
import Wire

/// One object, since it changes hands with every piece of its body. Touched on its own loop only.
final class IncomingRequest {
    let endpoint: Endpoint
    /// What the client is answered in.
    let dialect: ClientDialect
    /// What is asked of a model; nil: nothing that an exchange is made for.
    let operation: ModelOperation?
    /// Fields of the head that a provider of the client's dialect is to see.
    let passedOn: [Header]
    let isHead: Bool
    let isHTTP11: Bool
    let keepsAlive: Bool
    /// Whether the client waits for a word before it sends the body.
    let expectsContinue: Bool
    let key: ServedKey?
    /// Why it will not be served, known from its head.
    private let headRefusal: ReadyAnswer?
    /// What is wrong with its body, as far as it came.
    private var bodyRefusal: ReadyAnswer?
    /// Makes a body in gzip plain.
    private let inflater: BodyInflater?
    let startedAt: Instant
    let unixMicroseconds: UInt64
    let draw: UInt64
    let generation: UInt64
    /// What of the head goes on to a provider that gets the request as it is; empty otherwise.
    let carried: [Header]
    /// Those that policies ask for.
    let askedHeaders: [FactValue.Field]
    private(set) var body: [UInt8] = []
    /// What its head says that the body will be.
    private let announcedBytes: Int

    init(_ head: HTTPMessage, loop: GatewayLoop) {
        endpoint = Endpoint(head)
        switch endpoint {
        case .chat(let asked): (dialect, operation) = (asked, .chat)
        case .asking(let asked, let speaker): (dialect, operation) = (speaker, asked)
        case .naming(let asked, _): (dialect, operation) = (.gemini, asked)
        case .models, .showModel, .version, .storedResponse, .passage, .live, .ready, .unknown, .wrongMethod:
            (dialect, operation) = (Endpoint.dialect(of: head), nil)
        }
        passedOn = operation != nil && dialect == .anthropic ? Self.passedOn(head) : []
        isHead = head.isMethod("HEAD")
        isHTTP11 = head.isHTTP11
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue && head.framing != .none
        key = loop.key(shownIn: head)
        startedAt = GatewayClock.now()
        unixMicroseconds = GatewayClock.unixMicroseconds()
        headRefusal = Self.refusal(head, endpoint, key, at: unixMicroseconds, isReady: loop.state != nil)
        draw = loop.draw()
        generation = loop.state?.view.snapshot.generation ?? 0
        if case .passage = endpoint { carried = PassageRequest.carried(head.allFields) } else { carried = [] }
        askedHeaders = loop.state.map { Self.headers(head, $0.view.askedHeaders) } ?? []
        let isGzip = headRefusal == nil && Self.isGzip(head, endpoint) == true
        inflater = isGzip ? BodyInflater(limit: GatewayLimits.requestBytes) : nil
        if headRefusal == nil, case .length(let length) = head.framing {
            announcedBytes = length
            body.reserveCapacity(min(length, GatewayLimits.reservedBytes))
        } else {
            announcedBytes = 0
        }
    }

    /// A request whose head could not be read.
    init(unreadableOn loop: GatewayLoop) {
        endpoint = .unknown
        dialect = .openai
        operation = nil
        passedOn = []
        (isHead, isHTTP11, keepsAlive, expectsContinue) = (false, true, false, false)
        (key, headRefusal, inflater, announcedBytes) = (nil, nil, nil, 0)
        startedAt = GatewayClock.now()
        unixMicroseconds = GatewayClock.unixMicroseconds()
        draw = loop.draw()
        generation = loop.state?.view.snapshot.generation ?? 0
        carried = []
        askedHeaders = []
    }

    private static func headers(_ head: HTTPMessage, _ names: [String]) -> [FactValue.Field] {
        names.compactMap { name in head.first(name).map { FactValue.Field(name: name, value: $0) } }
    }

    var decisionID: String { DecisionRecord.id(unixMicroseconds: unixMicroseconds, draw: draw) }

    /// Why it will not be served, as far as is known.
    var refusal: ReadyAnswer? { headRefusal ?? bodyRefusal }

    /// The body of a refused request is not kept.
    func append(_ buffer: ByteBuffer, at place: Range<Int>) {
        guard headRefusal == nil, bodyRefusal == nil else { return }
        guard let inflater else {
            let wanted = body.count + place.count
            if wanted > body.capacity, announcedBytes >= wanted {
                body.reserveCapacity(min(announcedBytes, GatewayLimits.reservedTimes * wanted))
            }
            return buffer.copy(place, to: &body)
        }
        do throws(InflateError) {
            try buffer.inflate(place, by: inflater, to: &body)
        } catch {
            refuse(error)
        }
    }

    /// Its last byte has come.
    func endBody() {
        guard let inflater, refusal == nil else { return }
        do throws(InflateError) {
            try inflater.finish()
        } catch {
            refuse(error)
        }
    }

    private func refuse(_ reason: InflateError) {
        body = []
        bodyRefusal = .encoded(reason)
    }

    /// Without its name, a provider refuses the fields of a beta in the body.
    private static func passedOn(_ head: HTTPMessage) -> [Header] {
        head.first("anthropic-beta").map { [Header("anthropic-beta", $0)] } ?? []
    }

    private static func refusal(
        _ head: HTTPMessage,
        _ endpoint: Endpoint,
        _ key: ServedKey?,
        at unixMicroseconds: UInt64,
        isReady: Bool
    ) -> ReadyAnswer? {
        switch endpoint {
        case .unknown: return .unknownPath
        case .wrongMethod(let allowed): return .wrongMethod(allowed: allowed)
        case .live, .ready: return nil
        case .chat, .asking, .naming, .models, .showModel, .version, .storedResponse, .passage: break
        }
        guard isReady else { return .notReady }
        guard let key else { return .badKey }
        guard key.isGood(at: unixMicroseconds) else { return .expiredKey }
        return isGzip(head, endpoint) == nil ? .encodedBody : nil
    }

    /// Whether the body is to be inflated (RFC 9110 §8.4.1); nil: it is encoded in another way.
    private static func isGzip(_ head: HTTPMessage, _ endpoint: Endpoint) -> Bool? {
        guard let isPlain = head.spells("content-encoding", "identity") else { return false }
        // Byte for byte, its encoding with it.
        if case .passage = endpoint { return false }
        if isPlain { return false }
        let isGzip =
            head.spells("content-encoding", "gzip") == true || head.spells("content-encoding", "x-gzip") == true
        return isGzip ? true : nil
    }

    /// The record of a request to a model that no exchange was made for; other answers need none.
    func record(of answer: ReadyAnswer, bytes: Int, at now: Instant) -> DecisionRecord? {
        guard let operation, let code = answer.errorCode else { return nil }
        var record = DecisionRecord(
            refused: decisionID,
            startedAt: startedAt,
            startedUnix: unixMicroseconds,
            duration: now - startedAt,
            key: key?.key,
            draw: draw,
            generation: generation,
            status: answer.status(in: dialect),
            errorCode: code,
            bytes: bytes
        )
        if operation != .chat { record.operation = operation }
        return record
    }
}
