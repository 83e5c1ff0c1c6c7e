/// What happens while an answer comes in pieces, whichever dialect it comes in?
package enum ChatEvent: Equatable, Sendable {
    /// The answer begins. The provider's own name for it, the model that answers, and the second since 1970 it was made, if
    /// the dialect tells.
    case start(id: String, model: String, created: UInt64?)
    /// More text.
    case text(String)
    /// More of the words by which the model says no, where the provider tells them from others; the end is `contentFilter` then.
    case refusal(String)
    /// More of what the model thinks before it answers.
    case reasoning(String)
    /// A tool call begins. Indexes count the calls of an answer from 0 without gaps.
    case toolCallStart(index: Int, id: String, name: String)
    /// The provider's proof that its model made the call.
    case toolCallSignature(index: Int, String)
    /// More of a tool call's arguments, a piece of JSON text.
    case toolCallArguments(index: Int, json: String)
    /// The model has stopped, and why.
    case finish(FinishReason)
    /// What was used up to now; a later report replaces an earlier one.
    case usage(Usage)
    /// The answer breaks off.
    case error(UpstreamError)
    /// The answer is complete.
    case done

    /// Whether a client that saw this has seen something of the answer: after it, no other provider can take over unnoticed
    /// (the content commit of docs/architecture.md).
    package var isMeaningful: Bool {
        switch self {
        case .text(let text), .refusal(let text), .reasoning(let text), .toolCallArguments(_, let text): !text.isEmpty
        case .toolCallStart, .finish, .done: true
        case .start, .toolCallSignature, .usage, .error: false
        }
    }
}

/// Why a model stopped.
package enum FinishReason: String, Equatable, Sendable {
    /// It had no more to say, or met one of the client's stop texts.
    case stop
    /// The answer or the context is as long as allowed.
    case length
    /// It waits for the result of a tool.
    case toolCalls
    /// It refused, or was kept from going on.
    case contentFilter
}
