import LabText

/// What is the reply to this request, in this mode? Pure: no socket, no clock.
struct Planner: Sendable {
    var dialect: any Dialect
    var settings: Settings
    /// Which local server it is, as it is now; nil: none.
    var server: LocalServer?

    init(dialect: any Dialect, settings: Settings) {
        (self.dialect, self.settings) = (dialect, settings)
        server = settings.server.map { LocalServer($0, models: settings.models) }
    }

    /// The reply to request number `number`.
    func reply(to request: Request, number: Int, mode: Mode) -> Reply {
        do throws(Refusal) {
            try dialect.admit(request)
            if let page = try server?.reply(to: request) { return page }
            if let kept = try dialect.kept(request, number: number) { return answer(elsewhere: kept, number: number) }
            if request.method == "GET" { return try models(request, number: number) }
            if request.method == "POST", !dialect.takesChat(request.path) {
                if let media = try dialect.media(request, number: number) { return media }
                let other = try dialect.elsewhere(request.path, try Self.body(of: request), number: number)
                if let other { return answer(elsewhere: other, number: number) }
            }
            guard request.method == "POST", dialect.takesChat(request.path) else {
                throw Refusal(status: 404, message: "There is no \(request.method) \(request.path) here.")
            }
            let question = try dialect.question(try Self.body(of: request), at: request.path)
            return answer(to: question, number: number, mode: Mode(askedBy: question) ?? mode)
        } catch {
            return refuse(error, number: number, outcome: "refused")
        }
    }

    /// The body of a request that must be JSON.
    static func body(of request: Request) throws(Refusal) -> JSON {
        guard request.header("content-type")?.hasPrefix("application/json") == true else {
            throw Refusal(status: 400, message: "The content-type must be application/json.")
        }
        do {
            return try JSON.parse(request.body)
        } catch {
            throw Refusal(status: 400, message: "The body is not JSON: \(error).")
        }
    }

    private func models(_ request: Request, number: Int) throws(Refusal) -> Reply {
        let headers = dialect.headers(number: number)
        let path = String(request.path.prefix { $0 != "?" })
        if path == dialect.modelsPath {
            return .json(dialect.modelList(settings.models, name: settings.name), headers: headers, outcome: "answered")
        }
        guard let model = settings.models.first(where: { path == "\(dialect.modelsPath)/\($0)" }) else {
            throw Refusal(status: 404, message: "There is no \(path) here.", code: "model_not_found")
        }
        return .json(dialect.modelEntry(model, name: settings.name), headers: headers, outcome: "answered")
    }

    private func refuse(_ refusal: Refusal, number: Int, retryAfter: Int? = nil, outcome: String) -> Reply {
        var headers = dialect.headers(number: number)
        if let retryAfter { headers.append(("retry-after", String(retryAfter))) }
        let body = dialect.error(refusal, number: number)
        return .json(body, status: refusal.status, headers: headers, outcome: outcome)
    }
}

extension Planner {
    private func answer(elsewhere other: Elsewhere, number: Int) -> Reply {
        let headers = dialect.headers(number: number)
        guard let events = other.events else { return .json(other.whole, headers: headers, outcome: "answered") }
        let head = Reply.Step.head(status: 200, headers: Reply.streamHeaders(dialect.streamType) + headers)
        return Reply(steps: [head] + events.map { .body($0) } + [.end], outcome: "answered")
    }

    private func answer(to question: Question, number: Int, mode: Mode) -> Reply {
        let answer = Answer(to: question)
        let failure = Refusal(status: 503, message: "The mock was told to fail (\(mode.word)).")
        let whole =
            question.isStreamed ? streamed(answer, question, number, mode) : plain(answer, question, number, mode)
        switch mode.behaviour {
        case .ok, .refuse: return Reply(steps: whole, outcome: "answered")
        case .slow: return Reply(steps: whole, outcome: mode.word)
        case .status(let status):
            let refusal = Refusal(status: status, message: failure.message)
            return refuse(refusal, number: number, retryAfter: mode.retryAfter, outcome: mode.word)
        case .hang: return Reply(steps: [.silence], outcome: mode.word)
        case .hangMid: return Reply(steps: beginning(of: whole, mode) + [.silence], outcome: mode.word)
        case .dropMidStream: return Reply(steps: beginning(of: whole, mode) + [.drop], outcome: mode.word)
        case .garbage: return Reply(steps: garbled(whole), outcome: mode.word)
        case .errorFirstEvent, .errorMidStream:
            guard question.isStreamed else { return refuse(failure, number: number, outcome: mode.word) }
            let kept = mode.behaviour == .errorFirstEvent ? Array(whole.prefix(1)) : beginning(of: whole, mode)
            return Reply(
                steps: kept + [.body(dialect.errorEvent(failure, number: number)), .end],
                outcome: mode.word
            )
        }
    }

    private func plain(_ answer: Answer, _ question: Question, _ number: Int, _ mode: Mode) -> [Reply.Step] {
        let body = dialect.whole(answer, to: question, number: number)
        let reply = Reply.json(body, headers: dialect.headers(number: number), outcome: "")
        guard let wait = mode.firstMilliseconds ?? mode.delayMilliseconds else { return reply.steps }
        return [.pause(wait)] + reply.steps
    }

    /// The head goes out with the first event, not before it: a provider that is slow to its first token has said nothing yet.
    private func streamed(_ answer: Answer, _ question: Question, _ number: Int, _ mode: Mode) -> [Reply.Step] {
        let headers = Reply.streamHeaders(dialect.streamType) + dialect.headers(number: number)
        var steps: [Reply.Step] = [.head(status: 200, headers: headers)]
        if let wait = mode.firstMilliseconds { steps.insert(.pause(wait), at: 0) }
        let delay = mode.delayMilliseconds ?? settings.delayMilliseconds
        for (index, event) in dialect.events(answer, to: question, number: number).enumerated() {
            if index > 0 && delay > 0 { steps.append(.pause(delay)) }
            steps.append(.body(event))
        }
        return steps + [.end]
    }

    /// The head and the first pieces of an answer; of one that has a single piece, half of that.
    private func beginning(of steps: [Reply.Step], _ mode: Mode) -> [Reply.Step] {
        let bodies = steps.count { if case .body = $0 { true } else { false } }
        guard bodies > 1 else {
            return steps.compactMap { step in
                switch step {
                case .body(let text): .body(String(text.prefix(text.count / 2)))
                case .end: nil
                case .head, .bytes, .pause, .drop, .silence: step
                }
            }
        }
        var left = min(mode.pieces ?? bodies / 2, bodies)
        return Array(
            steps.prefix { step in
                guard case .body = step else { return true }
                left -= 1
                return left >= 0
            }
        )
    }

    private func garbled(_ steps: [Reply.Step]) -> [Reply.Step] {
        let noise = "<html>\u{1}\u{2} this is no answer"
        return steps.compactMap { step in
            switch step {
            case .head(let status, let headers):
                .head(status: status, headers: headers.filter { $0.0 != "content-length" })
            case .body, .bytes, .pause, .end, .drop, .silence: nil
            }
        } + [.body(noise), .end]
    }
}
