import Wire

/// What happens in a stream of the Messages API? Here an Anthropic tool call becomes an event; `OpenAI+Stream` makes an OpenAI
/// delta of it.
extension Anthropic {
    /// Reads a provider's stream.
    package struct StreamDecoder: Sendable {
        /// A tool call whose block is open.
        private struct OpenCall {
            /// The block's index in the message.
            let block: UInt64
            /// The call's own index, dense.
            let call: Int
            /// The arguments as the block's beginning had them: an empty object, as a rule.
            let input: String
            var hasArguments = false
        }

        /// Blocks that may be open at once. The API opens one after the other; this is a bound on memory, not a rule.
        private static let openLimit = 64

        private var reader = EventStreamReader()
        /// Fields that events have no place for.
        package private(set) var untold = Untold()
        private var open: [OpenCall] = []
        private var calls = 0
        private var usage = Usage()
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
            untold.look(at: document.root, Anthropic.toldEvent)
            // The event's name only repeats the type. Types we do not know may be added at any time, says the API's
            // versioning: they are passed over, `ping` among them.
            switch document["type"]?.string {
            case "message_start": start(document["message"], &events)
            case "content_block_start": try startBlock(document.root, &events)
            case "content_block_delta": continueBlock(document.root, &events)
            case "content_block_stop": stopBlock(document.root, &events)
            case "message_delta": finishMessage(document.root, &events)
            case "message_stop":
                isComplete = true
                events.append(.done)
            case "error": events.append(.error(Anthropic.failure(document["error"], status: nil)))
            default: break
            }
        }

        // MARK: The message

        private mutating func start(_ message: JSONView?, _ events: inout [ChatEvent]) {
            let id = message?["id"]?.string ?? ""
            events.append(.start(id: id, model: message?["model"]?.string ?? "", created: nil))
            report(message?["usage"], &events)
        }

        private mutating func finishMessage(_ event: JSONView, _ events: inout [ChatEvent]) {
            report(event["usage"], &events)
            if let word = event["delta"]?["stop_reason"]?.string {
                events.append(.finish(Anthropic.finishReason(word)))
            }
        }

        /// Reports are sums up to now. A later one may leave the prompt's counts out.
        private mutating func report(_ value: JSONView?, _ events: inout [ChatEvent]) {
            guard let report = Anthropic.usage(value), !report.isUnreported else { return }
            usage.update(with: report)
            events.append(.usage(usage))
        }

        // MARK: Blocks

        private mutating func startBlock(_ event: JSONView, _ events: inout [ChatEvent]) throws(UpstreamError) {
            guard let block = event["content_block"] else { return }
            switch block["type"]?.string {
            case "text": append(block["text"], as: ChatEvent.text, &events)
            case "thinking": append(block["thinking"], as: ChatEvent.reasoning, &events)
            case "tool_use":
                guard open.count < Self.openLimit else {
                    throw .malformed("The provider's stream opens too many blocks.")
                }
                let input = block["input"].map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"
                open.append(OpenCall(block: event["index"]?.unsigned ?? 0, call: calls, input: input))
                let (id, name) = (block["id"]?.string ?? "", block["name"]?.string ?? "")
                events.append(.toolCallStart(index: calls, id: id, name: name))
                calls += 1
            default: break
            }
        }

        private mutating func continueBlock(_ event: JSONView, _ events: inout [ChatEvent]) {
            guard let delta = event["delta"] else { return }
            switch delta["type"]?.string {
            case "text_delta": append(delta["text"], as: ChatEvent.text, &events)
            case "thinking_delta": append(delta["thinking"], as: ChatEvent.reasoning, &events)
            case "input_json_delta":
                guard let json = delta["partial_json"]?.string, !json.isEmpty, let place = openCall(event) else {
                    return
                }
                open[place].hasArguments = true
                events.append(.toolCallArguments(index: open[place].call, json: json))
            // Signatures and citations have no place outside this dialect.
            default: break
            }
        }

        /// A call without arguments sends no piece of them, but a client parses what it has put together: it gets `{}`.
        private mutating func stopBlock(_ event: JSONView, _ events: inout [ChatEvent]) {
            guard let place = openCall(event) else { return }
            let call = open.remove(at: place)
            if !call.hasArguments { events.append(.toolCallArguments(index: call.call, json: call.input)) }
        }

        private func openCall(_ event: JSONView) -> Int? {
            let block = event["index"]?.unsigned ?? 0
            return open.firstIndex { $0.block == block }
        }

        private func append(_ text: JSONView?, as event: (String) -> ChatEvent, _ events: inout [ChatEvent]) {
            if let text = text?.string, !text.isEmpty { events.append(event(text)) }
        }
    }
}
