import Wire

/// How does a whole answer look in the Responses API, and each of its items?
extension Responses {
    /// How far an item or a response has come.
    enum Status: String, Sendable {
        case inProgress = "in_progress"
        case completed
        case incomplete

        /// Of what has ended so.
        init(_ reason: FinishReason) {
            switch reason {
            case .stop, .toolCalls: self = .completed
            case .length, .contentFilter: self = .incomplete
            }
        }
    }

    /// An item of an answer.
    struct Item: Sendable {
        enum Kind: Sendable {
            case reasoning, message, refusal, call

            /// The type of its one part, and of the events about that.
            var part: String {
                switch self {
                case .reasoning: "reasoning_text"
                case .message: "output_text"
                case .refusal: "refusal"
                case .call: "function_call_arguments"
                }
            }

            /// The member that holds what has come of it.
            var words: String {
                switch self {
                case .reasoning, .message: "text"
                case .refusal: "refusal"
                case .call: "arguments"
                }
            }
        }

        let kind: Kind
        /// Its own name.
        let id: String
        /// The words, or a call's arguments, as far as they have come. Grows in place.
        var text: String
        /// The name of a call, which its result repeats; empty for the others.
        let callID: String
        /// The tool's name; empty for the others.
        let tool: String
        /// The provider's proof that its model made the call.
        var signature: String?
        var status = Status.inProgress

        /// - Parameters:
        ///   - decision: the request's name.
        ///   - index: the item's place in the answer.
        ///   - call: of a call: its own name, and the tool's.
        init(
            _ kind: Kind,
            _ decision: String,
            at index: Int,
            text: String = "",
            call: (id: String, tool: String) = ("", "")
        ) {
            let prefix =
                switch kind {
                case .reasoning: "rs_"
                case .message, .refusal: "msg_"
                case .call: "fc_"
                }
            id = "\(prefix)\(decision)_\(index)"
            (self.kind, self.text) = (kind, text)
            (callID, tool) = call
        }
    }

    /// An answer of a provider with another dialect, for a client of this one.
    static func answer(_ answer: ChatAnswer, _ terms: AnswerTerms) -> [UInt8] {
        // A refusal in words of its own is an answer that came to its end.
        let reason = answer.refusal == nil ? answer.finish ?? .stop : .stop
        var items: [Item] = []
        if let text = answer.reasoning, !text.isEmpty {
            items.append(Item(.reasoning, terms.decision, at: items.count, text: text))
        }
        if let text = answer.text, !text.isEmpty {
            items.append(Item(.message, terms.decision, at: items.count, text: text))
        }
        if let refusal = answer.refusal, !refusal.isEmpty {
            items.append(Item(.refusal, terms.decision, at: items.count, text: refusal))
        }
        for call in answer.toolCalls {
            let names = (id: call.id, tool: call.name)
            var item = Item(.call, terms.decision, at: items.count, text: call.arguments, call: names)
            item.signature = call.signature
            items.append(item)
        }
        for index in items.indices { items[index].status = .completed }
        // What was cut off is the last.
        if !items.isEmpty { items[items.count - 1].status = Status(reason) }
        return response(opening(terms), Status(reason), reason, items, answer.usage)
    }

    // MARK: The response

    /// Fields of the request that stand in each response, and what they are where the client did not say.
    private static let echoed: [(name: String, usual: [UInt8])] = [
        ("instructions", "null"), ("max_output_tokens", "null"), ("metadata", "{}"), ("parallel_tool_calls", "true"),
        ("reasoning", #"{"effort":null,"summary":null}"#), ("temperature", "null"),
        ("text", #"{"format":{"type":"text"}}"#), ("tool_choice", #""auto""#), ("tools", "[]"), ("top_p", "null"),
        ("truncation", #""disabled""#),
    ].map { ($0.0, Array($0.1.utf8)) }

    /// What the response repeats of the request, as the client wrote it; its end is open, for more members.
    /// - Parameter request: nil: nothing was said.
    static func echo(of request: JSONDocument?) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        for (name, usual) in echoed {
            writer.key(name)
            if let value = request?[name], !value.isNull { writer.raw(value.raw) } else { writer.raw(usual[...]) }
        }
        writer.member("background", false)
        writer.key("previous_response_id")
        writer.null()
        writer.member("store", false)
        writer.key("error")
        writer.null()
        return writer.bytes
    }

    /// What is the same in every state of a response.
    static func opening(_ terms: AnswerTerms) -> [UInt8] {
        var writer = JSONWriter(continuing: terms.echo.isEmpty ? echo(of: nil) : terms.echo)
        writer.member("id", ClientDialect.responses.answerID(terms.decision))
        writer.member("object", "response")
        writer.member("created_at", terms.created)
        writer.member("model", terms.model)
        return writer.bytes
    }

    /// A response in one of its states.
    /// - Parameters:
    ///   - reason: why it has ended; nil: it has not.
    ///   - usage: nil: it is not known yet.
    static func response(
        _ opening: [UInt8],
        _ status: Status,
        _ reason: FinishReason?,
        _ items: [Item],
        _ usage: Usage?
    ) -> [UInt8] {
        var writer = JSONWriter(continuing: opening)
        writer.member("status", status.rawValue)
        writer.key("incomplete_details")
        if status == .incomplete {
            writer.beginObject()
            writer.member("reason", reason == .contentFilter ? "content_filter" : "max_output_tokens")
            writer.endObject()
        } else {
            writer.null()
        }
        writer.key("output")
        writer.beginArray()
        for item in items { write(item, to: &writer) }
        writer.endArray()
        writer.key("usage")
        write(usage, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// All counts or none: of the details the API's libraries want a number, which is 0 where nothing was reported.
    private static func write(_ usage: Usage?, to writer: inout JSONWriter) {
        guard let usage, let input = usage.input, let output = usage.output, let total = usage.total else {
            return writer.null()
        }
        writer.beginObject()
        writer.member("input_tokens", input)
        writer.key("input_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", usage.cachedRead ?? 0)
        writer.member("cache_write_tokens", usage.cacheWrite ?? 0)
        writer.endObject()
        writer.member("output_tokens", output)
        writer.key("output_tokens_details")
        writer.beginObject()
        writer.member("reasoning_tokens", usage.reasoning ?? 0)
        writer.endObject()
        writer.member("total_tokens", total)
        writer.endObject()
    }

    // MARK: Items

    /// An item as far as it has come; one that has just begun holds nothing.
    static func write(_ item: Item, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", item.id)
        switch item.kind {
        case .reasoning:
            writer.member("type", "reasoning")
            writer.member("summary", raw: Array("[]".utf8))
            writeContent(of: item, to: &writer)
        case .message, .refusal:
            writer.member("type", "message")
            writer.member("role", "assistant")
            writeContent(of: item, to: &writer)
        case .call:
            writer.member("type", "function_call")
            writer.member("call_id", item.callID)
            writer.member("name", item.tool)
            writer.member("arguments", item.text)
            if let signature = item.signature { OpenAI.write(signature: signature, to: &writer) }
        }
        writer.member("status", item.status.rawValue)
        writer.endObject()
    }

    private static func writeContent(of item: Item, to writer: inout JSONWriter) {
        writer.key("content")
        writer.beginArray()
        if item.status != .inProgress { writePart(of: item, to: &writer) }
        writer.endArray()
    }

    /// The one part that a message or a thought has.
    static func writePart(of item: Item, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", item.kind.part)
        writer.member(item.kind.words, item.text)
        if item.kind == .message {
            writer.member("annotations", raw: Array("[]".utf8))
            writer.member("logprobs", raw: Array("[]".utf8))
        }
        writer.endObject()
    }
}
