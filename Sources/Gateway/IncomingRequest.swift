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
    /// What its head says of its length.
    private let length: Int?
    /// Bytes of it that have come.
    private var taken = 0
    /// What it keeps of the loop's room.
    private var hold: BodyHold?
    /// What is known of the body, where it is a form.
    private(set) var form: UploadForm?

    init(_ head: HTTPMessage, loop: GatewayLoop) {
        endpoint = Endpoint(head)
        switch endpoint {
        case .chat(let asked): (dialect, operation) = (asked, .chat)
        case .asking(let asked, let speaker): (dialect, operation) = (speaker, asked)
        case .naming(let asked, _): (dialect, operation) = (.gemini, asked)
        case .models, .showModel, .version, .keptResponse, .passage, .live, .ready, .unknown, .wrongMethod:
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
        switch endpoint {
        case .passage: carried = PassageRequest.carried(head.allFields)
        case .keptResponse: carried = PassageRequest.carriedOfQuestion(head.allFields)
        case .chat, .asking, .naming, .models, .showModel, .version, .live, .ready, .unknown, .wrongMethod: carried = []
        }
        askedHeaders = loop.state.map { Self.headers(head, $0.view.askedHeaders) } ?? []
        let isGzip = headRefusal == nil && Self.isGzip(head, endpoint) == true
        inflater = isGzip ? BodyInflater(limit: GatewayLimits.requestBytes) : nil
        if case .length(let count) = head.framing { length = count } else { length = nil }
        hold = key.map { BodyHold(of: loop.room.sum, for: $0.position) }
        form = headRefusal == nil && operation?.takesForms == true ? Self.form(head) : nil
        if headRefusal == nil, key != nil, let length { body.reserveCapacity(min(length, GatewayLimits.reservedBytes)) }
    }

    /// A request whose head could not be read.
    init(unreadableOn loop: GatewayLoop) {
        endpoint = .unknown
        dialect = .openai
        operation = nil
        passedOn = []
        (isHead, isHTTP11, keepsAlive, expectsContinue) = (false, true, false, false)
        (key, headRefusal, inflater, form, length) = (nil, nil, nil, nil, nil)
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

    /// The body of a refused request is not kept, nor is that of one that nobody has to show a key for.
    func append(_ buffer: ByteBuffer, at place: Range<Int>) {
        taken += place.count
        guard headRefusal == nil, bodyRefusal == nil, key != nil else { return }
        let start = body.count
        if let inflater {
            do throws(InflateError) {
                try buffer.inflate(place, by: inflater, to: &body)
            } catch {
                return refuse(error)
            }
        } else {
            let wanted = start + place.count
            // Of a form more is not kept.
            let expected = form == nil ? length ?? 0 : min(length ?? 0, GatewayLimits.uploadWindow)
            if wanted > body.capacity, expected >= wanted {
                body.reserveCapacity(min(expected, GatewayLimits.reservedTimes * wanted))
            }
            buffer.copy(place, to: &body)
        }
        guard hold?.grow(to: body.count) != false else { return refuse(.noMemory) }
        if form != nil { read(from: start) }
    }

    /// Whether it is larger than what is taken at once.
    var isTooLarge: Bool {
        let most = form != nil && inflater == nil ? GatewayLimits.uploadBytes : GatewayLimits.requestBytes
        return max(length ?? 0, taken) > most
    }

    /// Whether as much of a form has come as is kept, and more follows.
    var isLarge: Bool {
        form != nil && inflater == nil && refusal == nil && body.count >= GatewayLimits.uploadWindow
            && body.count != length
    }

    /// What of it has not come yet.
    var rest: BodyRest { length.map { .bytes($0 - body.count) } ?? .chunks }

    /// Whether it can be routed by what has come; refused if not.
    func canBeRouted() -> Bool {
        if form?.modelPlace != nil { return true }
        refuse(.error(ClientError(RequestError.modelTooLate(bytes: GatewayLimits.uploadWindow))))
        return false
    }

    /// Counts so many bytes more of a form that is sent on and not kept.
    /// - Returns: whether it may be so large.
    func comes(_ bytes: Int) -> Bool {
        taken += bytes
        return !isTooLarge
    }

    /// Looks at more of a form that is sent on and not kept. The last of as many bytes as it was said to have must end it: a provider that had them
    /// all would have a whole request, and some take one for a form that has no end.
    func look(at bytes: [UInt8]) throws(RequestError) {
        try form?.read(bytes.span.bytes, at: [])
        if let length, form?.byteCount == length { try form?.finish() }
    }

    /// All of it has come.
    func endForm() throws(RequestError) { try form?.finish() }

    /// Forgets what was kept: whoever serves it has it now.
    func giveBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    /// Whoever serves it keeps it from now on.
    func giveHold() -> BodyHold? { hold.take() }

    /// Looks at what has come of a form.
    private func read(from start: Int) {
        do throws(RequestError) {
            let bytes = body
            let span = bytes.span.bytes.extracting(start..<bytes.count)
            try form?.read(span, at: bytes)
        } catch {
            refuse(.error(ClientError(error)))
        }
    }

    /// Its last byte has come.
    func endBody() {
        guard refusal == nil else { return }
        do throws(InflateError) {
            try inflater?.finish()
        } catch {
            refuse(error)
        }
        do throws(RequestError) {
            try form?.finish()
        } catch {
            refuse(.error(ClientError(error)))
        }
    }

    private func refuse(_ reason: InflateError) { refuse(.encoded(reason)) }

    private func refuse(_ answer: ReadyAnswer) {
        body = []
        hold = nil
        bodyRefusal = answer
    }

    /// What says that it is a form, and is none that can be read, is left to be refused as no JSON.
    private static func form(_ head: HTTPMessage) -> UploadForm? {
        head.first("content-type").flatMap(MultipartBoundary.init(contentType:)).map(UploadForm.init)
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
        case .chat, .asking, .naming, .models, .showModel, .version, .keptResponse, .passage: break
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
        if case .keptResponse = endpoint { return false }
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
