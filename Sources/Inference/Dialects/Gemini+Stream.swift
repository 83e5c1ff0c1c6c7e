import Wire

/// What happens in a stream of Gemini's API? Each event is an answer in small, whose parts go on from those before; a call comes whole.
extension Gemini {
    /// Reads a provider's stream.
    package struct StreamDecoder: Sendable {
        private var reader = EventStreamReader()
        /// Fields that events have no place for.
        package private(set) var untold = Untold()
        private let decision: String
        private var hasStarted = false
        private var calls = 0

        /// A decoder at the beginning of a stream.
        /// - Parameter decision: the request's name, of which calls get theirs that the provider gives none.
        package init(decision: String) { self.decision = decision }

        /// Takes bytes in and gives the events they complete. None of them is `done`: the stream ends without a mark.
        /// - Throws: `malformed` when the bytes are not this dialect; the decoder is of no use afterwards. An error the
        ///   provider tells of is an event, not thrown.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [ChatEvent] {
            reader.append(bytes.span.bytes)
            var events: [ChatEvent] = []
            while let block = try reader.nextOfProvider() { try take(block, into: &events) }
            return events
        }

        /// What is left when the provider has closed the stream: some servers leave the last blank line out.
        package mutating func finish() throws(UpstreamError) -> [ChatEvent] {
            var events: [ChatEvent] = []
            if let block = reader.lastOfProvider() { try take(block, into: &events) }
            return events
        }

        private mutating func take(_ block: ServerSentEvent, into events: inout [ChatEvent]) throws(UpstreamError) {
            guard let data = block.data else { return }
            guard let document = try? JSONDocument(data, limits: .answer) else {
                throw .malformed("An event of the provider's stream is no JSON.")
            }
            if let error = Gemini.embeddedError(document.root) { return events.append(.error(error)) }
            untold.look(at: document.root, Gemini.told)
            if !hasStarted { start(document, &events) }
            let candidate = document["candidates"]?.elements.first { _ in true }
            for part in (candidate?["content"]?["parts"] ?? document.root).elements { try take(part: part, &events) }
            if let failure = candidate.flatMap(Gemini.failure(of:)) { return events.append(.error(failure)) }
            if let reason = Gemini.finishReason(document.root) {
                events.append(.finish(reason == .stop && calls > 0 ? .toolCalls : reason))
            }
            if let usage = Gemini.usage(document["usageMetadata"]), !usage.isUnreported { events.append(.usage(usage)) }
        }

        private mutating func start(_ document: JSONDocument, _ events: inout [ChatEvent]) {
            hasStarted = true
            let (id, model) = (document["responseId"]?.string ?? "", document["modelVersion"]?.string ?? "")
            events.append(.start(id: id, model: model, created: nil))
        }

        private mutating func take(part: JSONView, _ events: inout [ChatEvent]) throws(UpstreamError) {
            if let text = part["text"]?.string, !text.isEmpty {
                events.append(part["thought"]?.bool == true ? .reasoning(text) : .text(text))
            }
            guard let view = part["functionCall"], view.kind == .object else { return }
            guard calls < Chat.mostCalls else { throw .malformed("The provider's stream has too many calls.") }
            let call = Gemini.toolUse(view, in: part, of: decision, number: calls)
            events.append(.toolCallStart(index: calls, id: call.id, name: call.name))
            if let signature = call.signature { events.append(.toolCallSignature(index: calls, signature)) }
            events.append(.toolCallArguments(index: calls, json: call.arguments))
            calls += 1
        }
    }
}
