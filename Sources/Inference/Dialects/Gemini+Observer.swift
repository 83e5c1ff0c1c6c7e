import Wire

/// What does a stream of Gemini's API, or a whole answer, tell while it passes through unchanged?
extension Gemini {
    /// Watches a stream that passes through.
    package struct StreamObserver: Sendable {
        private var reader = EventStreamReader()
        private let isArray: Bool
        private var framing: StreamFraming

        /// A stream that has not begun.
        /// - Parameter isArray: whether the client wants one JSON array in pieces: the events' data pass then, in another frame.
        package init(isArray: Bool = false) {
            self.isArray = isArray
            framing = StreamFraming(isArray: isArray)
        }

        /// Takes bytes in and gives what they complete, block by block.
        /// - Throws: when a block is larger than anything a provider sends.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [Observed] {
            reader.append(bytes.span.bytes)
            var observed: [Observed] = []
            while let event = try reader.nextOfProvider() { observed.append(look(at: event)) }
            return observed
        }

        /// What is left when the provider has closed the stream: some leave the last blank line out.
        package mutating func finish() -> Observed? { reader.lastOfProvider().map { look(at: $0) } }

        /// What follows the last event.
        var end: ArraySlice<UInt8> {
            var (bytes, last) = ([UInt8](), framing)
            last.end(&bytes)
            return bytes[...]
        }

        private mutating func look(at event: ServerSentEvent) -> Observed {
            var observed = Observed(raw: isArray ? [] : event.raw)
            guard let data = event.data else { return observed }
            if isArray {
                // What is no JSON would make the whole array none.
                guard let document = try? JSONDocument(data, limits: .answer) else {
                    observed.error = .malformed("An event of the provider's stream is no JSON.")
                    observed.isForwarded = false
                    return observed
                }
                guard Gemini.embeddedError(document.root) == nil else {
                    observed.error = Gemini.embeddedError(document.root)
                    observed.isForwarded = false
                    return observed
                }
                var bytes: [UInt8] = []
                framing.append(data, to: &bytes)
                observed = Observed(raw: bytes[...])
            }
            observed.look(into: data) { $0.look(atAnswer: $1) }
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
        observed.look(atAnswer: document)
        if observed.error == nil { (observed.isMeaningful, observed.isDone) = (true, true) }
        return observed
    }
}

extension Observed {
    /// Reads one event, or a whole answer.
    fileprivate mutating func look(atAnswer document: JSONDocument) {
        if let failure = Gemini.embeddedError(document.root) {
            error = failure
            return
        }
        usage = Gemini.usage(document["usageMetadata"])
        finish = Gemini.finishReason(document.root)
        let candidate = document["candidates"]?.elements.first { _ in true }
        let parts = candidate?["content"]?["parts"]
        isMeaningful = finish != nil || parts?.elements.contains(where: Self.says) ?? false
    }

    /// Whether a part holds more than an empty text.
    private static func says(_ part: JSONView) -> Bool {
        guard let text = part["text"] else { return part.members.contains { _ in true } }
        return text.raw.count > 2
    }
}
