/// What is the client told that asks for what nobody can do? A mistake of the request (400), which coming again does not mend: unlike a
/// member that is down or at its limit.
import PolicyEngine

extension RoutingView {
    /// Nil when somebody could serve it but for its state, or when only the policy's terms are in the way.
    func unfitness(for id: OfferID, _ need: RequestNeed) -> ClientError? {
        let offer = offers.all[id.index]
        let misfit = snapshot.misfit(of: need, to: offer).whatIsCertain
        let members = snapshot.models[offer.group].members
        var fallen: [(place: Int, cause: Cause)] = []
        for (place, member) in members.enumerated() where offer.member.map({ $0 == member }) ?? true {
            if offer.breach(at: place) != nil { continue }
            guard let cause = offer.fitness.cause(misfit, at: place) else { return nil }
            fallen.append((place, cause))
        }
        let group = groupNames[offer.group.index]
        if fallen.contains(where: { fall in Capability.allCases.contains { fall.cause == .lacks($0) } }) {
            return .nobodyCan(misfit.lacking, in: group)
        }
        if fallen.contains(where: { $0.cause == .undivided }) { return .nobodyStreams(in: group) }
        let most = { (cause: Cause, count: (Int) -> UInt64) in
            fallen.filter { $0.cause == cause }.map { count($0.place) }.max()
        }
        if let most = most(.maxOutput, offer.fitness.output) {
            return .nobodyAnswersSoMuch(need.bound, in: group, atMost: most)
        }
        return most(.context, offer.fitness.context).map { .tooLarge(need, for: group, atMost: $0) }
    }
}

extension ClientError {
    fileprivate static func nobodyCan(_ wanted: Capabilities, in group: String) -> ClientError {
        let words = wanted.words
        let text =
            words.count == 1
            ? "No model of '\(group)' that may serve this request can do what it needs: \(words[0])."
            : "No model of '\(group)' that may serve this request can do all that it needs: \(words.joined(separator: ", "))."
        let first = Capability.allCases.first { wanted.contains(Capabilities($0)) }
        return unservable("unsupported_parameter", text, param: first?.field)
    }

    fileprivate static func nobodyStreams(in group: String) -> ClientError {
        let text = "The models of '\(group)' give their answers in one piece: ask without 'stream'."
        return unservable("unsupported_parameter", text, param: "stream")
    }

    fileprivate static func nobodyAnswersSoMuch(_ bound: UInt64, in group: String, atMost most: UInt64) -> ClientError {
        let text = "\(bound) tokens are more than the models of '\(group)' answer with: \(most) at most."
        return unservable("invalid_value", text, param: "max_tokens")
    }

    fileprivate static func tooLarge(_ need: RequestNeed, for group: String, atMost most: UInt64) -> ClientError {
        let answer = need.bound > 0 ? " and \(need.bound) for the answer" : ""
        let text =
            "The request is too large: about \(need.text) tokens of prompt\(answer), where the models of '\(group)' take \(most) for both."
        return unservable("context_length_exceeded", text, param: "messages")
    }

    private static func unservable(_ code: String, _ text: String, param: String?) -> ClientError {
        ClientError(400, type: "invalid_request_error", code: code, text, param: param)
    }
}

extension Capability {
    /// The field of the request that asks for it, as OpenAI calls it.
    fileprivate var field: String {
        switch self {
        case .chat, .completions, .embeddings, .imageGeneration, .imageEditing, .speech, .transcription, .rerank,
            .moderation:
            "model"
        case .tools: "tools"
        case .images, .audio, .files: "messages"
        case .jsonSchema: "response_format"
        case .thinking: "reasoning_effort"
        }
    }
}
