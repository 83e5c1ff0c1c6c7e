import Wire

/// What happens in a stream of Chat Completions chunks? Asked when the client speaks another dialect.
extension OpenAI {
    /// Reads a provider's stream, of which one answer was asked for.
    package struct StreamDecoder: Sendable {
        private var reader = EventStreamReader()
        /// Fields that events have no place for.
        package private(set) var untold = Untold()
        private var hasStarted = false
        private var answerID = ""
        /// The calls begun so far, by the provider's indexes and names: the place in it is our own index, without gaps.
        private var calls: [(index: UInt64, id: String)] = []
        /// Whether the last call's block is still told: what comes between ends it.
        private var isInCall = false
        private var hasRefused = false
        /// Whether the mark of a proper end has been seen.
        package private(set) var isComplete = false

        /// A decoder at the beginning of a stream.
        package init() {}

        /// Takes bytes in and gives the events they complete.
        /// - Throws: `malformed` when the bytes are not this dialect; the decoder is of no use afterwards. An error the
        ///   provider tells of is an event, not thrown.
        package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [ChatEvent] {
            reader.append(bytes.span.bytes)
            var events: [ChatEvent] = []
            while let block = try reader.nextOfProvider() { try take(block, into: &events) }
            return events
        }

        /// What is left when the provider has closed the stream: some leave the last blank line out.
        package mutating func finish() throws(UpstreamError) -> [ChatEvent] {
            var events: [ChatEvent] = []
            if let block = reader.lastOfProvider() { try take(block, into: &events) }
            return events
        }

        private mutating func take(_ block: ServerSentEvent, into events: inout [ChatEvent]) throws(UpstreamError) {
            guard let data = block.data, !isComplete else { return }
            if data == OpenAI.doneMark {
                isComplete = true
                return events.append(.done)
            }
            guard let document = try? JSONDocument(data, limits: .answer) else {
                throw .malformed("An event of the provider's stream is no JSON.")
            }
            if let error = OpenAI.embeddedError(document) { return events.append(.error(error)) }
            untold.look(at: document.root, OpenAI.told)
            if !hasStarted { start(document, &events) }
            for choice in (document["choices"] ?? document.root).elements { try take(choice, &events) }
            if let usage = OpenAI.usage(of: document), !usage.isUnreported { events.append(.usage(usage)) }
        }

        private mutating func start(_ chunk: JSONDocument, _ events: inout [ChatEvent]) {
            hasStarted = true
            answerID = chunk["id"]?.string ?? ""
            let model = chunk["model"]?.string ?? ""
            events.append(.start(id: answerID, model: model, created: chunk["created"]?.unsigned))
        }

        private mutating func take(_ choice: JSONView, _ events: inout [ChatEvent]) throws(UpstreamError) {
            if let delta = choice["delta"] {
                // One thought under both names is one thought.
                let thought = OpenAI.reasoningFields.lazy.compactMap { delta[$0]?.string }.first { !$0.isEmpty }
                let before = events.count
                if let thought { events.append(.reasoning(thought)) }
                if let content = delta["content"] { take(content: content, &events) }
                if let refusal = delta["refusal"]?.string, !refusal.isEmpty {
                    hasRefused = true
                    events.append(.refusal(refusal))
                }
                if events.count > before { isInCall = false }
                for call in delta["tool_calls"]?.elements ?? delta.elements { try take(call: call, &events) }
            }
            if let word = choice["finish_reason"]?.string {
                if let failure = OpenAI.failure(ofEnd: word) { return events.append(.error(failure)) }
                events.append(.finish(hasRefused ? .contentFilter : OpenAI.finishReason(word)))
                isInCall = false
            }
        }

        private func take(content: JSONView, _ events: inout [ChatEvent]) {
            if let text = content.string {
                if !text.isEmpty { events.append(.text(text)) }
                return
            }
            for part in content.elements {
                switch OpenAI.said(in: part) {
                case .text(let text) where !text.isEmpty: events.append(.text(text))
                case .thought(let text) where !text.isEmpty: events.append(.reasoning(text))
                case .text, .thought, nil: break
                }
            }
        }

        /// A call begins with its id and name. Some servers repeat them, some leave the index out of an only call, some give every call
        /// the same one, and some a new id to every piece, though not the name.
        private mutating func take(call: JSONView, _ events: inout [ChatEvent]) throws(UpstreamError) {
            let id = call["id"]?.string ?? ""
            let index = call["index"]?.unsigned ?? UInt64(id.isEmpty ? max(calls.count, 1) - 1 : calls.count)
            let name = call["function"]?["name"]?.string ?? ""
            let known = calls.last { $0.index == index }
            if known == nil || (!id.isEmpty && !name.isEmpty && known?.id != id) {
                guard calls.count < Chat.mostCalls else {
                    throw .malformed("The provider's stream has too many calls.")
                }
                let own = id.isEmpty ? "call_\(answerID)_\(calls.count)" : id
                events.append(.toolCallStart(index: calls.count, id: own, name: name))
                calls.append((index: index, id: id))
                isInCall = true
            }
            guard let json = call["function"]?["arguments"]?.string, !json.isEmpty else { return }
            // A block is told to its end before the next one begins.
            guard calls.last?.index == index, isInCall else {
                throw .malformed("The provider's stream goes back to an earlier call.")
            }
            events.append(.toolCallArguments(index: calls.count - 1, json: json))
        }
    }
}
