import Wire

/// How do events of an answer become a stream of the Responses API? Every event has a number, and what was told in pieces is told whole
/// when it ends: the part, the item and at last the response.
extension Responses {
    /// Writes a stream for one client: items one after the other, each with one name throughout, `response.completed` or
    /// `response.incomplete` last.
    struct StreamEncoder: Sendable {
        /// Bytes of an answer that are kept to be told whole: far more than any model says in one answer.
        private static let answerBytes = 8 << 20

        private let decision: String
        /// The members that are the same in every state of the response.
        private let opening: [UInt8]
        private var items: [Item] = []
        private var keptBytes = 0
        private var hasStarted = false
        private var isOver = false
        private var finish: FinishReason?
        private var usage = Usage()
        /// Whether the model said no in words of their own: an answer that came to its end.
        private var hasRefused = false
        /// The number of the next event.
        private(set) var sequence: UInt64 = 0
        /// Whether the answer is too large to be told whole: it cannot go on.
        private(set) var hasOverflowed = false

        /// A stream that has not begun.
        init(_ terms: AnswerTerms) {
            decision = terms.decision
            opening = Responses.opening(terms)
        }

        /// The bytes for the client: no, one or several events.
        mutating func encode(_ event: ChatEvent) -> [UInt8] {
            guard !isOver else { return [] }
            var bytes: [UInt8] = []
            if !hasStarted, event.beginsResponse { start(&bytes) }
            switch event {
            case .start: break
            case .text(let text): say(text, as: .message, &bytes)
            case .refusal(let text):
                hasRefused = true
                say(text, as: .refusal, &bytes)
            case .reasoning(let text): say(text, as: .reasoning, &bytes)
            case .toolCallStart(_, let id, let name): startCall(id, name, &bytes)
            case .toolCallSignature(_, let signature):
                if items.last?.kind == .call { items[items.count - 1].signature = signature }
            case .toolCallArguments(_, let json): if isOpen(.call) { grow(json, &bytes) }
            case .finish(let reason):
                finish = hasRefused ? .stop : reason
                close(as: Status(hasRefused ? .stop : reason), &bytes)
            case .usage(let report): usage.update(with: report)
            // What the client is told of it is the exchange's to say.
            case .error: isOver = true
            case .done: end(&bytes)
            }
            return bytes
        }

        // MARK: The response

        private mutating func start(_ bytes: inout [UInt8]) {
            hasStarted = true
            let response = Responses.response(opening, .inProgress, nil, [], nil)
            for type in ["response.created", "response.in_progress"] {
                write(type, &bytes) { $0.member("response", raw: response) }
            }
        }

        /// The provider's usage comes after its last word, so the response's end waits for it.
        private mutating func end(_ bytes: inout [UInt8]) {
            let reason = finish ?? .stop
            close(as: Status(reason), &bytes)
            isOver = true
            let response = Responses.response(opening, Status(reason), reason, items, usage)
            write("response.\(Status(reason).rawValue)", &bytes) { $0.member("response", raw: response) }
        }

        // MARK: Items

        private func isOpen(_ kind: Item.Kind) -> Bool {
            items.last.map { $0.kind == kind && $0.status == .inProgress } ?? false
        }

        private mutating func say(_ text: String, as kind: Item.Kind, _ bytes: inout [UInt8]) {
            guard !text.isEmpty else { return }
            if !isOpen(kind) {
                close(as: .completed, &bytes)
                open(Item(kind, decision, at: items.count), &bytes)
            }
            grow(text, &bytes)
        }

        private mutating func startCall(_ id: String, _ name: String, _ bytes: inout [UInt8]) {
            close(as: .completed, &bytes)
            open(Item(.call, decision, at: items.count, call: (id: id, tool: name)), &bytes)
        }

        private mutating func open(_ item: Item, _ bytes: inout [UInt8]) {
            items.append(item)
            let index = UInt64(items.count - 1)
            write("response.output_item.added", &bytes) { writer in
                writer.member("output_index", index)
                writer.key("item")
                Responses.write(item, to: &writer)
            }
            guard item.kind != .call else { return }
            writeOfItem("response.content_part.added", &bytes) { writer in
                writer.key("part")
                Responses.writePart(of: item, to: &writer)
            }
        }

        /// More of the item that is being told.
        private mutating func grow(_ text: String, _ bytes: inout [UInt8]) {
            keptBytes += text.utf8.count
            guard keptBytes <= Self.answerBytes, let kind = items.last?.kind else {
                hasOverflowed = true
                isOver = true
                return
            }
            items[items.count - 1].text += text
            writeOfItem("response.\(kind.part).delta", &bytes) { writer in
                writer.member("delta", text)
                if kind == .message { writer.member("logprobs", raw: Array("[]".utf8)) }
            }
        }

        private mutating func close(as status: Status, _ bytes: inout [UInt8]) {
            guard var item = items.last, item.status == .inProgress else { return }
            items[items.count - 1].status = status
            item.status = status
            writeOfItem("response.\(item.kind.part).done", &bytes) { writer in
                writer.member(item.kind.words, item.text)
                if item.kind == .call { writer.member("name", item.tool) }
                if item.kind == .message { writer.member("logprobs", raw: Array("[]".utf8)) }
            }
            if item.kind != .call {
                writeOfItem("response.content_part.done", &bytes) { writer in
                    writer.key("part")
                    Responses.writePart(of: item, to: &writer)
                }
            }
            let index = UInt64(items.count - 1)
            write("response.output_item.done", &bytes) { writer in
                writer.member("output_index", index)
                writer.key("item")
                Responses.write(item, to: &writer)
            }
        }

        // MARK: Events

        /// An event about the last item, or its one part.
        private mutating func writeOfItem(_ type: String, _ bytes: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
            guard let item = items.last else { return }
            let index = UInt64(items.count - 1)
            write(type, &bytes) { writer in
                writer.member("item_id", item.id)
                writer.member("output_index", index)
                if item.kind != .call { writer.member("content_index", 0 as UInt64) }
                body(&writer)
            }
        }

        private mutating func write(_ type: String, _ bytes: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
            var writer = JSONWriter(capacity: 256)
            writer.beginObject()
            writer.member("type", type)
            writer.member("sequence_number", sequence)
            body(&writer)
            writer.endObject()
            sequence += 1
            EventStreamWriter.append(event: type, data: writer.bytes, to: &bytes)
        }
    }

    // MARK: Breaking off

    /// The event that breaks a stream off: as the API's reference has it, and with the member by which its libraries know an error.
    /// - Parameters:
    ///   - body: of the error, as it would be an answer.
    ///   - sequence: the event's number.
    static func event(ofError body: [UInt8], sequence: UInt64) -> [UInt8] {
        let error = (try? JSONDocument(body))?["error"]
        var writer = JSONWriter(capacity: 256 + body.count)
        writer.beginObject()
        writer.member("type", "error")
        writer.member("sequence_number", sequence)
        for name in ["code", "message", "param"] {
            writer.key(name)
            if let value = error?[name] { writer.raw(value.raw) } else { writer.null() }
        }
        writer.key("error")
        if let error { writer.raw(error.raw) } else { writer.null() }
        writer.endObject()
        var bytes: [UInt8] = []
        EventStreamWriter.append(event: "error", data: writer.bytes, to: &bytes)
        return bytes
    }
}

extension ChatEvent {
    /// Whether a client must know of the response before it sees this.
    fileprivate var beginsResponse: Bool {
        switch self {
        case .start, .text, .refusal, .reasoning, .toolCallStart, .toolCallArguments, .finish, .done: true
        case .toolCallSignature, .usage, .error: false
        }
    }
}
