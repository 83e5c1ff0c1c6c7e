import Wire

/// How do events of an answer become a stream of the Messages API? Here an OpenAI delta becomes an Anthropic block.
extension Anthropic {
    /// Writes a stream for one client: blocks one after the other, one name throughout, `message_stop` last.
    package struct StreamEncoder: Sendable {
        /// The block that is being told.
        private enum Block: Equatable {
            case text, thinking, toolUse
        }

        private let id: String
        private let model: String
        private var hasStarted = false
        private var isOver = false
        private var open: Block?
        /// Of the open block, or of the next one.
        private var index: UInt64 = 0
        private var finish: FinishReason?
        private var usage = Usage()

        /// A stream that has not begun.
        /// - Parameters:
        ///   - id: the answer's name as the client shall know it.
        ///   - model: the model's name as the client shall know it.
        package init(id: String, model: String) {
            self.id = id
            self.model = model
        }

        /// The bytes for the client: no, one or several events.
        package mutating func encode(_ event: ChatEvent) -> [UInt8] {
            guard !isOver else { return [] }
            var bytes: [UInt8] = []
            if !hasStarted, event.beginsMessage { start(&bytes) }
            switch event {
            case .start, .toolCallSignature: break
            case .text(let text), .refusal(let text): say(text, as: .text, &bytes)
            case .reasoning(let text): say(text, as: .thinking, &bytes)
            case .toolCallStart(_, let id, let name): startCall(id, name, &bytes)
            case .toolCallArguments(_, let json): delta("input_json_delta", "partial_json", json, &bytes)
            case .finish(let reason):
                close(&bytes)
                finish = reason
            case .usage(let report): usage.update(with: report)
            // What the client is told of it is the exchange's to say.
            case .error: isOver = true
            case .done: end(&bytes)
            }
            return bytes
        }

        // MARK: The message

        private mutating func start(_ bytes: inout [UInt8]) {
            hasStarted = true
            write("message_start", &bytes) { writer in
                writer.key("message")
                // What the prompt cost is known at the end only.
                Anthropic.writeMessage(id, model, stop: nil, Usage(), to: &writer) { _ in }
            }
        }

        /// The provider's usage comes after its last word, so the message's end waits for it.
        private mutating func end(_ bytes: inout [UInt8]) {
            close(&bytes)
            isOver = true
            write("message_delta", &bytes) { writer in
                writer.key("delta")
                writer.beginObject()
                Anthropic.writeStop(finish ?? .stop, to: &writer)
                writer.endObject()
                Anthropic.write(usage, to: &writer)
            }
            write("message_stop", &bytes) { _ in }
        }

        // MARK: Blocks

        private mutating func say(_ text: String, as block: Block, _ bytes: inout [UInt8]) {
            guard !text.isEmpty else { return }
            if open != block {
                close(&bytes)
                startBlock(block, &bytes) { writer in
                    writer.member("type", block == .text ? "text" : "thinking")
                    writer.member(block == .text ? "text" : "thinking", "")
                    // No provider but Anthropic signs what its models think.
                    if block == .thinking { writer.member("signature", "") }
                }
            }
            if block == .text {
                delta("text_delta", "text", text, &bytes)
            } else {
                delta("thinking_delta", "thinking", text, &bytes)
            }
        }

        private mutating func startCall(_ id: String, _ name: String, _ bytes: inout [UInt8]) {
            close(&bytes)
            startBlock(.toolUse, &bytes) { writer in
                writer.member("type", "tool_use")
                writer.member("id", id)
                writer.member("name", name)
                writer.member("input", raw: Array("{}".utf8))
            }
        }

        private mutating func startBlock(_ block: Block, _ bytes: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
            open = block
            write("content_block_start", &bytes) { writer in
                writer.member("index", index)
                writer.key("content_block")
                writer.beginObject()
                body(&writer)
                writer.endObject()
            }
            // As the provider does it: clients are used to one.
            if index == 0 { bytes += Anthropic.ping }
        }

        private func delta(_ type: String, _ member: String, _ text: String, _ bytes: inout [UInt8]) {
            write("content_block_delta", &bytes) { writer in
                writer.member("index", index)
                writer.key("delta")
                writer.beginObject()
                writer.member("type", type)
                writer.member(member, text)
                writer.endObject()
            }
        }

        private mutating func close(_ bytes: inout [UInt8]) {
            guard open != nil else { return }
            write("content_block_stop", &bytes) { $0.member("index", index) }
            open = nil
            index += 1
        }

        private func write(_ type: String, _ bytes: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
            var writer = JSONWriter(capacity: 160)
            writer.beginObject()
            writer.member("type", type)
            body(&writer)
            writer.endObject()
            EventStreamWriter.append(event: type, data: writer.bytes, to: &bytes)
        }
    }

    /// What says that the stream is alive.
    static let ping = Array("event: ping\ndata: {\"type\":\"ping\"}\n\n".utf8)
}

extension ChatEvent {
    /// Whether a client must know of the message before it sees this.
    fileprivate var beginsMessage: Bool {
        switch self {
        case .start, .text, .refusal, .reasoning, .toolCallStart, .toolCallArguments, .finish, .done: true
        case .toolCallSignature, .usage, .error: false
        }
    }
}
