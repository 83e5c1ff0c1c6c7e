import Wire

/// How do events of an answer become lines of Ollama's API? A call is told whole, so its pieces wait for each other.
extension Ollama {
    /// Writes a stream for one client.
    package struct StreamEncoder: Sendable {
        /// Bytes of one call's arguments that are kept until it is whole: as much as a line may have.
        private static let argumentBytes = JSONLineReader.standardLimit

        /// The members that are the same in every line.
        private let opening: [UInt8]
        private let operation: ModelOperation
        private var call: Chat.ToolUse?
        private var finish: FinishReason?
        private var usage = Usage()
        private var isOver = false
        /// Whether a call was too large to be kept: the answer cannot go on.
        package private(set) var hasOverflowed = false

        /// A stream that has not begun.
        /// - Parameters:
        ///   - operation: a chat, or the answer to one prompt.
        ///   - model: the model's name as the client shall know it.
        ///   - created: seconds since 1970.
        package init(_ operation: ModelOperation, model: String, created: UInt64) {
            self.operation = operation
            opening = Ollama.opening(model: model, created: created)
        }

        /// The bytes for the client: no, one or several lines.
        /// - Parameter times: how long it took up to now.
        package mutating func encode(_ event: ChatEvent, times: AnswerTimes) -> [UInt8] {
            guard !isOver else { return [] }
            var bytes: [UInt8] = []
            switch event {
            // Other providers' proofs have no place here.
            case .start, .toolCallSignature: break
            case .text(let text), .refusal(let text): say(text, nil, &bytes)
            case .reasoning(let thought): say("", thought, &bytes)
            case .toolCallStart(_, let id, let name):
                endCall(&bytes)
                call = Chat.ToolUse(id: id, name: name, arguments: "")
            case .toolCallArguments(_, let json): keep(json)
            case .finish(let reason):
                endCall(&bytes)
                finish = reason
            case .usage(let report): usage.update(with: report)
            // What the client is told of it is the exchange's to say.
            case .error: isOver = true
            case .done: end(times, &bytes)
            }
            return bytes
        }

        private mutating func say(_ text: String, _ thought: String?, _ bytes: inout [UInt8]) {
            endCall(&bytes)
            if !text.isEmpty || thought?.isEmpty == false { append(text, thought, [], &bytes) }
        }

        private mutating func keep(_ json: String) {
            guard let count = call?.arguments.utf8.count else { return }
            guard count + json.utf8.count <= Self.argumentBytes else {
                hasOverflowed = true
                isOver = true
                return
            }
            call?.arguments += json
        }

        private mutating func endCall(_ bytes: inout [UInt8]) {
            guard let whole = call else { return }
            call = nil
            append("", nil, [whole], &bytes)
        }

        private mutating func end(_ times: AnswerTimes, _ bytes: inout [UInt8]) {
            endCall(&bytes)
            isOver = true
            var writer = JSONWriter(continuing: opening)
            Ollama.writeSaid("", nil, [], to: operation, &writer)
            Ollama.writeEnd(finish ?? .stop, usage, times, to: &writer)
            bytes += writer.bytes
            bytes.append(0x0A)
        }

        private func append(_ text: String, _ thought: String?, _ calls: [Chat.ToolUse], _ bytes: inout [UInt8]) {
            var writer = JSONWriter(continuing: opening)
            Ollama.writeSaid(text, thought, calls, to: operation, &writer)
            writer.member("done", false)
            writer.endObject()
            bytes += writer.bytes
            bytes.append(0x0A)
        }
    }
}
