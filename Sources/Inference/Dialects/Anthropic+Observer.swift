import Wire

/// What does a stream of the Messages API, or a whole Message, tell while it passes through unchanged?
extension Anthropic {
    /// Watches a stream that passes through.
    package struct StreamObserver: Sendable {
        private var reader = EventStreamReader()

        /// A stream that has not begun.
        package init() {}

        /// Takes bytes in and gives what they complete, block by block.
        /// - Throws: when a block is larger than anything a provider sends.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [Observed] {
            reader.append(bytes.span.bytes)
            var observed: [Observed] = []
            while let event = try reader.nextOfProvider() { observed.append(Self.look(at: event)) }
            return observed
        }

        /// What is left when the provider has closed the stream: some leave the last blank line out.
        package mutating func finish() -> Observed? { reader.lastOfProvider().map(Self.look) }

        private static func look(at event: ServerSentEvent) -> Observed {
            var observed = Observed(raw: event.raw)
            guard let data = event.data else { return observed }
            observed.look(into: data) { $0.look(atEvent: $1) }
            return observed
        }
    }

    /// What an answer in one piece tells while it passes through: usage, finish, or the error that a 200 hides. The bytes go
    /// on as they are.
    package static func observed(answer body: [UInt8]) -> Observed {
        var observed = Observed(raw: body[...])
        guard let document = try? JSONDocument(body, limits: .answer) else {
            observed.error = .malformed("The provider's answer is no JSON.")
            return observed
        }
        if let error = embeddedError(document.root) {
            observed.error = error
            return observed
        }
        observed.usage = usage(document["usage"])
        observed.finish = document["stop_reason"]?.string.map(finishReason)
        observed.isMeaningful = true
        observed.isDone = true
        return observed
    }
}

extension Observed {
    /// Reads one event. Types that we do not know may be added at any time, and pass.
    fileprivate mutating func look(atEvent document: JSONDocument) {
        guard let type = document["type"] else { return }
        switch type.string {
        case "content_block_delta": isMeaningful = true
        case "message_start": usage = Anthropic.usage(document["message"]?["usage"])
        case "content_block_start": isMeaningful = document["content_block"].map(Self.carriesContent) ?? false
        case "message_delta":
            usage = Anthropic.usage(document["usage"])
            finish = document["delta"]?["stop_reason"]?.string.map(Anthropic.finishReason)
            isMeaningful = finish != nil
        case "message_stop":
            isMeaningful = true
            isDone = true
        case "error": error = Anthropic.failure(document["error"], status: nil)
        default: break
        }
    }

    /// Whether a block holds something as it begins; texts and thoughts, as a rule, follow in pieces.
    private static func carriesContent(_ block: JSONView) -> Bool {
        switch block["type"]?.string {
        case "text": block["text"].map { $0.raw.count > 2 } ?? false
        case "thinking": block["thinking"].map { $0.raw.count > 2 } ?? false
        default: true
        }
    }
}
