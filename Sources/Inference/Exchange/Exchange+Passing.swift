/// What becomes of an answer about pictures, sound or order that is no JSON or no stream? Speech, pictures, subtitles: it goes to the client as it
/// comes, piece by piece, and nothing of it is kept. Until its first byte every failure is answered by trying elsewhere; behind it a failure cuts the
/// connection, since nothing that could be written there would be told from sound.
import NetTypes

extension Exchange {
    /// Whether the answer of this head is passed on as it comes.
    func passesOn(_ head: UpstreamHead) -> Bool {
        record.operation?.isMedia ?? false && head.contentType != Self.jsonType
    }

    /// Whether an answer that was asked for in events may come in one piece: models that have no events for it pass over the wish, as whisper-1
    /// does. Until its head has come nobody knows, so nothing makes a stream of it before.
    var mayComeWhole: Bool { record.operation?.isMedia ?? false && attempt?.phase != .streaming && commit == .nothing }

    /// Whether it does: it is paid for, and as good to its client as to whom asks for no events.
    func comesWhole(_ head: UpstreamHead) -> Bool {
        guard mayComeWhole, let dialect = attempt?.provider.dialect else { return false }
        return !head.contentType.isEmpty && head.contentType != dialect.streamType
    }

    /// Whether pictures or sound come as events that nobody asked for: whatever made its provider do so, what they tell of their cost is heard.
    func isUnaskedStream(_ head: UpstreamHead) -> Bool {
        passesOn(head) && head.contentType == attempt?.provider.dialect.streamType
    }

    private static let jsonType = "application/json"

    /// Fields of a provider's head that say what the bytes are.
    private static let passed: Set = ["content-type", "content-disposition"]

    /// Whether more of a provider's head is wanted than what is looked at.
    package var wantsFields: Bool { record.operation?.isMedia ?? false }

    mutating func beginPassing(_ timeouts: ExchangeTimeouts, at now: Instant) {
        attempt?.phase = .passing
        // How long the whole takes depends on how fast the client reads.
        deadlines[.answer] = nil
        // Nothing of ours can be said in it.
        deadlines[.heartbeat] = nil
        deadlines[.silence] = now + timeouts.betweenTokens
    }

    mutating func pass(_ bytes: [UInt8], at now: Instant) {
        guard let timeouts = attempt?.timeouts else { return }
        if commit < .content { commitPassing(at: now) }
        write(bytes)
        if !isClientBlocked { deadlines[.silence] = now + timeouts.betweenTokens }
    }

    private mutating func commitPassing(at now: Instant) {
        guard let head = attempt?.head else { return }
        let fields = head.fields.filter { Self.passed.contains($0.name) }
        writeHead(200, fields: fields, length: head.length, at: now)
        commitContent(at: now)
    }

    /// The provider's HTTP answer is over, which is all the end that there is.
    mutating func passingEnded(at now: Instant) {
        // Who says nothing is written down so.
        if commit < .content, attempt?.head?.contentType.hasPrefix("text/") == true { commitPassing(at: now) }
        guard commit == .content else { return fail(.malformed, detail: "an empty answer", at: now) }
        meter.observe(ChatEvent.done)
        closeRow(as: nil, detail: nil, at: now)
        finish(.answered, end: .complete, at: now)
    }
}
