import Wire

/// What happens in a stream of Ollama's API? Asked when the client speaks another dialect. A call comes whole, in one line.
extension Ollama {
    /// Reads a provider's stream.
    package struct StreamDecoder: Sendable {
        private var reader = JSONLineReader()
        /// Fields that events have no place for.
        package private(set) var untold = Untold()
        private let decision: String
        private var hasStarted = false
        private var calls = 0
        /// Whether the stream has come to its proper end.
        package private(set) var isComplete = false

        /// A decoder at the beginning of a stream.
        /// - Parameter decision: the request's name, of which calls get theirs.
        package init(decision: String) {
            self.decision = decision
        }

        /// Takes bytes in and gives the events they complete.
        /// - Throws: `malformed` when the bytes are not this dialect; the decoder is of no use afterwards. An error the
        ///   provider tells of is an event, not thrown.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [ChatEvent] {
            reader.append(bytes.span.bytes)
            var events: [ChatEvent] = []
            while let line = try reader.nextOfProvider() { try take(line, into: &events) }
            return events
        }

        /// What is left when the provider has closed the stream: the last line's end may be left out.
        package mutating func finish() throws(UpstreamError) -> [ChatEvent] {
            var events: [ChatEvent] = []
            if let line = reader.lastOfProvider() { try take(line, into: &events) }
            return events
        }

        private mutating func take(_ line: JSONLine, into events: inout [ChatEvent]) throws(UpstreamError) {
            guard !isComplete, !line.isBlank else { return }
            guard let document = try? JSONDocument(line.text, limits: .answer) else {
                throw .malformed("A line of the provider's stream is no JSON.")
            }
            if let error = Ollama.embeddedError(document) { return events.append(.error(error)) }
            untold.look(at: document.root, Ollama.told)
            if !hasStarted {
                hasStarted = true
                events.append(.start(id: "", model: document["model"]?.string ?? "", created: nil))
            }
            try take(OllamaPiece(document), into: &events)
            if document["done"]?.bool == true { end(document, &events) }
        }

        private mutating func take(_ piece: OllamaPiece, into events: inout [ChatEvent]) throws(UpstreamError) {
            if let thought = piece.thinking { events.append(.reasoning(thought)) }
            if let text = piece.text { events.append(.text(text)) }
            for element in piece.calls {
                guard calls < Chat.mostCalls else { throw .malformed("The provider's stream has too many calls.") }
                let call = Ollama.toolUse(element, number: calls, decision: decision)
                events.append(.toolCallStart(index: calls, id: call.id, name: call.name))
                events.append(.toolCallArguments(index: calls, json: call.arguments))
                calls += 1
            }
        }

        private mutating func end(_ document: JSONDocument, _ events: inout [ChatEvent]) {
            isComplete = true
            events.append(.finish(Ollama.finishReason(document["done_reason"]?.string, hasCalled: calls > 0)))
            let usage = Ollama.usage(of: document)
            if !usage.isUnreported { events.append(.usage(usage)) }
            events.append(.done)
        }
    }
}
