/// What does an exchange need of the side that asked? The one place where HTTP/1.1 and HTTP/2 meet: below it are bytes and frames, above
/// it is a request that is whole and an answer that is written piece by piece.
import Inference
import NetTypes

/// Whoever carries a client's request: a connection of HTTP/1.1 (`Ingress`), or a stream of HTTP/2 (`HTTP2Stream`). Touched on its own loop only.
protocol ClientSide: AnyObject {
    var loop: GatewayLoop { get }
    /// The client's address.
    var source: IPAddress? { get }

    /// An answer to this request begins.
    /// - Parameters:
    ///   - driver: who gives it, and is told from now on what the client does; nil: it is ready.
    ///   - isLast: the client has said something after which nothing of it can be trusted to be a request.
    func beginAnswer(to request: IncomingRequest, by driver: ExchangeDriver?, isLast: Bool)
    /// The answer's head.
    func write(_ head: ClientHead)
    /// A piece of its body.
    func write(_ bytes: [UInt8])
    /// Its end.
    func writeEnd()
    /// Sends what was written since the last time, in one piece.
    func flush()
    /// The answer was sent as a whole.
    func answered()
    /// The answer broke off: what the client has must not look like the whole.
    func cut()
    /// The driver's deadline may have moved.
    func rearm()
    /// Whether more of the body of a request that is served already is to be read.
    func readBody(_ isWanted: Bool)
}

// MARK: - What becomes of a request that is whole

extension ClientSide {
    /// Whoever hands requests over as a whole has nothing more to read.
    func readBody(_ isWanted: Bool) {}

    /// Refusals waited for the body: a client that still writes might not read them.
    /// - Parameter rest: what of the body is still to come.
    func serve(_ request: IncomingRequest, rest: BodyRest? = nil) {
        if let refusal = request.refusal { return answer(refusal, for: request) }
        guard let state = loop.state else { return answer(.notReady, for: request) }
        switch request.endpoint {
        case .chat, .asking, .naming:
            // The body may have taken its time.
            guard let key = request.key.flatMap(state.view.keys.current) else { return answer(.badKey, for: request) }
            exchange(request, rest: rest, of: key, on: state)
        case .passage(let target):
            guard let key = request.key.flatMap(state.view.keys.current) else { return answer(.badKey, for: request) }
            // Whoever may use some models alone may not ask a provider for anything.
            guard !key.isScoped else { return answer(.unknownPath, for: request) }
            pass(request, to: target, of: key, on: state)
        case .models, .version, .live, .ready: answer(.own(request.endpoint, for: request.key, loop), for: request)
        case .showModel: answer(.shown(request.body, for: request.key, loop), for: request)
        case .keptResponse(let question):
            guard let key = request.key.flatMap(state.view.keys.current) else { return answer(.badKey, for: request) }
            ask(request, question, of: key, on: state)
        case .unknown: answer(.unknownPath, for: request)
        case .wrongMethod(let allowed): answer(.wrongMethod(allowed: allowed), for: request)
        }
    }

    private func exchange(_ request: IncomingRequest, rest: BodyRest?, of key: ServedKey, on state: GatewayState) {
        let driver = ExchangeDriver(on: state, loop: loop, client: self, hold: request.giveHold())
        beginAnswer(to: request, by: driver, isLast: false)
        var asked = ClientRequest(
            dialect: request.dialect,
            operation: request.operation ?? .chat,
            body: rest == nil ? request.body : request.giveBody(),
            passedOn: request.passedOn,
            key: key.name,
            team: key.team,
            access: key,
            source: source,
            unixMicroseconds: request.unixMicroseconds,
            draw: request.draw
        )
        if case .naming(_, let address) = request.endpoint { asked.address = address }
        (asked.form, asked.rest) = (request.form, rest)
        if key.hasBudget { asked.localDay = GatewayClock.localDay(at: request.unixMicroseconds) }
        asked.tags = key.tags
        asked.headers = request.askedHeaders
        if state.view.asksForTime { asked.secondOfDay = loop.secondOfDay(at: request.unixMicroseconds) }
        driver.handle(.request(asked))
    }

    /// A provider that does not let itself be asked so is told from one that is not there by nobody.
    private func pass(
        _ request: IncomingRequest,
        to target: Endpoint.PassageTarget,
        of key: ServedKey,
        on state: GatewayState
    ) {
        let providers = state.view.snapshot.providers
        guard let place = providers.firstIndex(where: { $0.name == target.provider && $0.passThrough == true }) else {
            return answer(.unknownPath, for: request)
        }
        begin(passage(request, to: place, target.method, target.path, of: key, on: state), for: request, on: state)
    }

    /// A response that somebody has kept is asked of its provider.
    private func ask(
        _ request: IncomingRequest,
        _ question: Endpoint.KeptQuestion,
        of key: ServedKey,
        on state: GatewayState
    ) {
        guard state.view.keepsResponses else { return answer(.nothingStored, for: request) }
        guard let kept = state.view.kept(question.id, question.part, query: question.query, for: key) else {
            return answer(.noResponse(question.id), for: request)
        }
        var passed = passage(request, to: kept.provider, question.method, kept.path, of: key, on: state)
        passed.retelling = kept.retelling
        begin(passed, for: request, on: state)
    }

    private func passage(
        _ request: IncomingRequest,
        to provider: Int,
        _ method: PassageRequest.Method,
        _ path: String,
        of key: ServedKey,
        on state: GatewayState
    ) -> PassageRequest {
        var passed = PassageRequest(
            provider: provider,
            method: method,
            path: path,
            headers: request.carried,
            body: request.body,
            dialect: request.dialect,
            key: key.name,
            team: key.team,
            tags: key.tags,
            source: source,
            unixMicroseconds: request.unixMicroseconds,
            draw: request.draw
        )
        // Whose account it is, and what never changes, the operator says.
        if let own = state.view.snapshot.providers[provider].quirks?.ownFields {
            passed.headers.removeAll { own.contains($0.name) }
        }
        passed.access = key
        passed.askedHeaders = request.askedHeaders
        if state.view.asksForTime { passed.secondOfDay = loop.secondOfDay(at: request.unixMicroseconds) }
        if key.hasBudget { passed.localDay = GatewayClock.localDay(at: request.unixMicroseconds) }
        return passed
    }

    private func begin(_ passed: PassageRequest, for request: IncomingRequest, on state: GatewayState) {
        let driver = ExchangeDriver(on: state, loop: loop, client: self, hold: request.giveHold())
        beginAnswer(to: request, by: driver, isLast: false)
        driver.begin(passed)
    }

    /// Gives an answer that is ready, and leaves a record of it where a model was asked for.
    /// - Parameter request: nil: what came could not be read as one.
    func answer(_ ready: ReadyAnswer, for request: IncomingRequest?) {
        let request = request ?? IncomingRequest(unreadableOn: loop)
        beginAnswer(to: request, by: nil, isLast: ready.closes)
        let (dialect, id) = (request.dialect, request.decisionID)
        let body = ready.body(in: dialect, id: id)
        write(ready.head(in: dialect, id: id, length: body.count))
        write(body)
        writeEnd()
        let record = request.record(of: ready, bytes: body.count, at: GatewayClock.now())
        if let record { loop.reports.decided(record) }
        flush()
        answered()
    }
}
