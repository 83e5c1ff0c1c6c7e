import Wire

/// What happens in a stream of the Responses API?
extension Responses {
    /// Reads a provider's stream.
    package struct StreamDecoder: Sendable {
        /// A call whose item is open.
        private struct OpenCall {
            /// The item's place in the answer.
            let item: UInt64
            /// The call's own index, dense.
            let call: Int
            var hasArguments = false
        }

        /// Calls that may be open at once. The API opens one after the other; this is a bound on memory, not a rule.
        private static let openLimit = 64

        private var reader = EventStreamReader()
        /// Fields that events have no place for.
        package private(set) var untold = Untold()
        private var open: [OpenCall] = []
        private var calls = 0
        private var hasRefused = false
        /// Whether the stream has come to its proper end.
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

        /// What is left when the provider has closed the stream: some servers leave the last blank line out.
        package mutating func finish() throws(UpstreamError) -> [ChatEvent] {
            var events: [ChatEvent] = []
            if let block = reader.lastOfProvider() { try take(block, into: &events) }
            return events
        }

        private mutating func take(_ block: ServerSentEvent, into events: inout [ChatEvent]) throws(UpstreamError) {
            guard let data = block.data, !isComplete else { return }
            guard let document = try? JSONDocument(data, limits: .answer) else {
                throw .malformed("An event of the provider's stream is no JSON.")
            }
            untold.look(at: document.root, Responses.toldEvent)
            // What an item or a part ends with repeats its pieces.
            switch document["type"]?.string {
            case "response.created": start(document["response"], &events)
            case "response.output_item.added": try startItem(document.root, &events)
            case "response.output_text.delta": append(document["delta"], as: ChatEvent.text, &events)
            case "response.refusal.delta":
                hasRefused = true
                append(document["delta"], as: ChatEvent.refusal, &events)
            case "response.reasoning_text.delta", "response.reasoning_summary_text.delta":
                append(document["delta"], as: ChatEvent.reasoning, &events)
            case "response.function_call_arguments.delta": continueCall(document.root, &events)
            case "response.output_item.done": endItem(document.root, &events)
            case "response.completed", "response.incomplete": end(document["response"], &events)
            case "response.failed", "error": events.append(.error(Responses.failure(ofEvent: document)))
            default: break
            }
        }

        // MARK: The response

        private func start(_ response: JSONView?, _ events: inout [ChatEvent]) {
            let (id, model) = (response?["id"]?.string ?? "", response?["model"]?.string ?? "")
            events.append(.start(id: id, model: model, created: response?["created_at"]?.unsigned))
        }

        private mutating func end(_ response: JSONView?, _ events: inout [ChatEvent]) {
            guard let response else { return }
            if let usage = Responses.usage(of: response) { events.append(.usage(usage)) }
            let reason = Responses.finish(of: response, hasCalls: calls > 0) ?? .stop
            events.append(.finish(hasRefused ? .contentFilter : reason))
            isComplete = true
            events.append(.done)
        }

        // MARK: Items

        private mutating func startItem(_ event: JSONView, _ events: inout [ChatEvent]) throws(UpstreamError) {
            guard let item = event["item"], item["type"]?.string == "function_call" else { return }
            guard open.count < Self.openLimit else {
                throw .malformed("The provider's stream opens too many calls.")
            }
            open.append(OpenCall(item: event["output_index"]?.unsigned ?? 0, call: calls))
            let (id, name) = (item["call_id"]?.string ?? "", item["name"]?.string ?? "")
            events.append(.toolCallStart(index: calls, id: id, name: name))
            calls += 1
        }

        private mutating func continueCall(_ event: JSONView, _ events: inout [ChatEvent]) {
            guard let json = event["delta"]?.string, !json.isEmpty, let place = openCall(event) else { return }
            open[place].hasArguments = true
            events.append(.toolCallArguments(index: open[place].call, json: json))
        }

        /// Arguments that came in no pieces come whole.
        private mutating func endItem(_ event: JSONView, _ events: inout [ChatEvent]) {
            guard let place = openCall(event) else { return }
            let call = open.remove(at: place)
            guard !call.hasArguments else { return }
            let json = event["item"]?["arguments"]?.string ?? ""
            events.append(.toolCallArguments(index: call.call, json: json.isEmpty ? "{}" : json))
        }

        private func openCall(_ event: JSONView) -> Int? {
            let item = event["output_index"]?.unsigned ?? 0
            return open.firstIndex { $0.item == item }
        }

        private func append(_ text: JSONView?, as event: (String) -> ChatEvent, _ events: inout [ChatEvent]) {
            if let text = text?.string, !text.isEmpty { events.append(event(text)) }
        }
    }

    /// The error of an event that breaks a stream off: in a response, under `error`, or in the event itself.
    static func failure(ofEvent event: JSONDocument) -> UpstreamError {
        if let response = event["response"], let error = failure(of: response) { return error }
        return OpenAI.embeddedError(event) ?? OpenAI.failure(event.root)
    }
}
