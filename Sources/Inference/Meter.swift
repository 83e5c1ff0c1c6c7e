/// What went through, and what did it use? One meter an attempt, fed by whichever dialect the provider speaks.
package struct Meter: Equatable, Sendable {
    /// Tokens, as far as reported.
    package private(set) var usage = Usage()
    /// Events that carried something of the answer.
    package private(set) var chunks: UInt64 = 0
    /// Bytes of text, reasoning and arguments, decoded; of pass-through streams the bytes of the events that carried them.
    package private(set) var bytes: UInt64 = 0
    /// Tokens of the answer, estimated: one for every event that carried something of a stream that is passed through, as most
    /// servers send it, and one for every four bytes of everything else.
    package var estimatedOutput: UInt64 { events &+ TokenEstimate.tokens(bytes: text) }
    private var events: UInt64 = 0
    private var text: UInt64 = 0
    /// Why the model stopped, once it has.
    package private(set) var finish: FinishReason?
    /// Why the answer broke off, if it did.
    package private(set) var error: UpstreamError?
    /// Whether the answer came to its proper end.
    package private(set) var isComplete = false

    /// A meter at zero, with everything unreported.
    package init() {}

    /// Counts an event of a translated stream.
    package mutating func observe(_ event: ChatEvent) {
        switch event {
        case .start, .toolCallSignature: break
        case .text(let text), .refusal(let text), .reasoning(let text), .toolCallArguments(_, let text):
            add(text: text.utf8.count)
        case .toolCallStart(_, let id, let name): add(text: id.utf8.count + name.utf8.count)
        case .finish(let reason): finish = reason
        case .usage(let report): usage.update(with: report)
        case .error(let failure): error = failure
        case .done: isComplete = true
        }
    }

    /// Counts a block of a stream that is passed through.
    package mutating func observe(_ observed: Observed) {
        if observed.isMeaningful, !observed.isDone {
            add(bytes: observed.raw.count)
            events &+= 1
        }
        if let report = observed.usage { usage.update(with: report) }
        finish = observed.finish ?? finish
        error = observed.error ?? error
        if observed.isDone { isComplete = true }
    }

    /// Counts an answer that came in one piece.
    package mutating func observe(_ answer: ChatAnswer) {
        let text = (answer.words?.utf8.count ?? 0) + (answer.reasoning?.utf8.count ?? 0)
        add(text: answer.toolCalls.reduce(text) { $0 + $1.arguments.utf8.count })
        usage.update(with: answer.usage)
        finish = answer.finish
        isComplete = true
    }

    /// Counts an answer in one piece that is passed through: its frame counts as text.
    package mutating func observe(whole observed: Observed) {
        observe(observed)
        text &+= UInt64(observed.raw.count)
    }

    private mutating func add(text count: Int) {
        text &+= UInt64(count)
        add(bytes: count)
    }

    private mutating func add(bytes count: Int) {
        chunks &+= 1
        bytes &+= UInt64(count)
    }
}
