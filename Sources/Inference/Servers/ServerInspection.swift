/// What is a local server asked in one round, and what is made of its answers? One question after another; the first says whether it
/// serves, the others what it may leave unsaid.
///
/// | | models | context | requests |
/// |---|---|---|---|
/// | Ollama | `GET /api/tags`, `/api/ps` | `context_length` in `/api/ps`; of what is not loaded `POST /api/show` | says nothing |
/// | vLLM, SGLang | `GET /v1/models` | `max_model_len` there | `GET /metrics` |
/// | llama.cpp | `GET /v1/models` | `n_ctx` in `GET /props` | `GET /metrics`, else `GET /slots` |

/// One question.
package struct ServerAsk: Hashable, Sendable {
    package let path: String
    /// JSON that is posted; nil: GET.
    package let body: [UInt8]?
}

/// What `/api/show` said of models that are not loaded, by the digest of each: asked once for each.
package typealias ServerMemo = [String: UInt64?]

package struct ServerInspection: Sendable {
    private enum Step: Hashable, Sendable {
        case models
        case loaded
        case show(ServerFacts.Installed)
        case properties
        case metrics
        case slots

        var isOfContext: Bool {
            switch self {
            case .properties, .show: true
            case .models, .loaded, .metrics, .slots: false
            }
        }
    }

    private let kind: ServerKind
    /// The path before the API's version, and with it.
    private let root: String
    private let versioned: String
    private let wanted: [String]
    private var steps: [Step]
    private var facts = ServerFacts()
    package private(set) var memo: ServerMemo
    /// Questions that went unanswered.
    private var missed: [Step] = []

    /// Bytes of one answer: the metrics of a server with many histograms have some hundreds of kilobytes.
    package static let longestAnswer = 2 << 20
    /// Models that are asked about in one round.
    private static let mostShown = 4
    /// Models that are remembered.
    private static let mostRemembered = 64

    /// - Parameters:
    ///   - prefix: what stands before the paths of its API: `/v1`, or nothing.
    ///   - wanted: what its members are configured to ask for.
    package init(_ kind: ServerKind, prefix: String, wanted: [String], memo: ServerMemo = [:]) {
        (self.kind, self.wanted, self.memo) = (kind, wanted, memo)
        let hasVersion = prefix.hasSuffix("/v1")
        root = hasVersion ? String(prefix.dropLast(3)) : prefix
        versioned = hasVersion ? prefix : prefix + "/v1"
        steps = [.models]
    }

    /// Nil: it is over.
    package var ask: ServerAsk? { steps.first.map(ask) }

    /// Whether an answer to what is asked now is needed: without it the round has failed.
    package var isNeeded: Bool { steps.first == .models }

    /// What was read until now.
    package var reading: ServerReading {
        var reading = facts.reading(wanted)
        let open = missed + steps
        if open.contains(.loaded) {
            reading.unanswered = .loaded
        } else if open.contains(where: \.isOfContext) {
            reading.unanswered = .contexts
        }
        return reading
    }

    private func ask(_ step: Step) -> ServerAsk {
        switch step {
        case .models: ServerAsk(path: kind == .ollama ? root + "/api/tags" : versioned + "/models", body: nil)
        case .loaded: ServerAsk(path: root + "/api/ps", body: nil)
        case .show(let model): ServerAsk(path: root + "/api/show", body: ServerFacts.question(about: model.name))
        case .properties: ServerAsk(path: root + "/props", body: nil)
        case .metrics: ServerAsk(path: root + "/metrics", body: nil)
        case .slots: ServerAsk(path: root + "/slots", body: nil)
        }
    }

    /// Takes an answer, or nil for none that could be read whole.
    /// - Returns: why the round has failed; nil when it goes on.
    package mutating func take(status: Int, _ body: [UInt8]?) -> FailureClass? {
        guard !steps.isEmpty else { return nil }
        let step = steps.removeFirst()
        let said = status == 200 ? body : nil
        switch step {
        case .models:
            if let failure = FailureClass(ofModelList: status) { return failure }
            // A list that is not shown is no reading.
            guard let said, facts.takeModels(said, of: kind) else { return .malformed }
            steps = Self.rest(of: kind)
        case .loaded:
            note(step, status, isRead: said.map { facts.takeLoaded($0) })
            recall()
        case .show(let model):
            let context = said.map { ServerFacts.context(shown: $0) }
            note(step, status, isRead: context.map { $0 != nil })
            guard case .some(.some(let context)) = context else { break }
            if memo.count >= Self.mostRemembered { memo = [:] }
            if !model.digest.isEmpty { memo[model.digest] = .some(context) }
            facts.set(context, of: model.name)
        case .properties: note(step, status, isRead: said.map { facts.takeProperties($0) })
        case .metrics:
            let isSaid = said.map { facts.takeMetrics($0, of: kind) } ?? false
            if !isSaid, kind == .llamaCpp { steps.append(.slots) }
        case .slots: if let said { facts.takeSlots(said) }
        }
        return nil
    }

    /// What a server answers who has no such address, or shows it to nobody: it will say no more the next time.
    private static let refusals = [400, 401, 403, 404, 405, 410, 501]

    /// - Parameter isRead: whether the answer could be read; nil: there is none.
    private mutating func note(_ step: Step, _ status: Int, isRead: Bool?) {
        if isRead ?? Self.refusals.contains(status) { return }
        missed.append(step)
    }

    private static func rest(of kind: ServerKind) -> [Step] {
        switch kind {
        case .ollama: [.loaded]
        case .vllm, .sglang: [.metrics]
        case .llamaCpp: [.properties, .metrics]
        }
    }

    /// Of models that are not loaded and may be asked for, what is known already, and the question for what is not.
    private mutating func recall() {
        var asked = 0
        for model in facts.unloaded(wanted) {
            if let known = memo[model.digest] {
                facts.set(known, of: model.name)
            } else if asked < Self.mostShown {
                asked += 1
                steps.append(.show(model))
            }
        }
    }
}

/// Servers that can be read.
package enum ServerKind: Hashable, Sendable {
    case ollama
    case vllm
    case sglang
    case llamaCpp
}
