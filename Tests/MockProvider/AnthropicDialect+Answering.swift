import LabText

/// How does Anthropic write an answer, whole and streamed?
extension AnthropicDialect {
    func whole(_ answer: Answer, to question: Question, number: Int) -> JSON {
        var blocks: [JSON] = []
        if !answer.thoughts.isEmpty { blocks.append(thinking(answer.thoughts.joined())) }
        if !answer.pieces.isEmpty { blocks.append(["type": "text", "text": .string(answer.text), "citations": nil]) }
        for (index, call) in answer.calls.enumerated() {
            let input = (try? JSON.parse(call.arguments)) ?? [:]
            blocks.append(toolUse(call, index: index, number: number, input: input))
        }
        let usage = usage(answer, output: answer.answerTokens)
        return message(question, number: number, content: .array(blocks), ending: answer.ending, usage: usage)
    }

    /// Stands for a proof that nobody else can make.
    static func signature(of thought: String) -> String { "signed:\(thought.utf8.count)" }

    private func thinking(_ thought: String) -> JSON {
        [
            "type": "thinking", "thinking": .string(thought),
            "signature": .string(AnthropicDialect.signature(of: thought)),
        ]
    }

    private func message(
        _ question: Question,
        number: Int,
        content: JSON,
        ending: Answer.Ending?,
        usage: JSON
    ) -> JSON {
        [
            "id": .string("msg_\(number)"), "type": "message", "role": "assistant", "model": .string(question.model),
            "content": content, "stop_reason": ending.map { .string(AnthropicDialect.reason($0)) } ?? nil,
            "stop_sequence": ending.flatMap(AnthropicDialect.stopSequence).map { .string($0) } ?? nil, "usage": usage,
        ]
    }

    private func toolUse(_ call: Answer.Call, index: Int, number: Int, input: JSON) -> JSON {
        [
            "type": "tool_use", "id": .string("toolu_\(number)_\(index)"), "name": .string(call.name),
            "input": input,
        ]
    }

    private func usage(_ answer: Answer, output: Int) -> JSON {
        [
            "input_tokens": .integer(answer.promptTokens), "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0, "output_tokens": .integer(output), "service_tier": "standard",
            "output_tokens_details": ["thinking_tokens": .integer(answer.thoughts.count)],
        ]
    }

    private static func reason(_ ending: Answer.Ending) -> String {
        switch ending {
        case .finished: "end_turn"
        case .reachedLimit: "max_tokens"
        case .stopped: "stop_sequence"
        case .calledTools: "tool_use"
        }
    }

    private static func stopSequence(_ ending: Answer.Ending) -> String? {
        if case .stopped(let sequence) = ending { sequence } else { nil }
    }

    func events(_ answer: Answer, to question: Question, number: Int) -> [String] {
        // The real one reports an output token or so at the start, and the true count at the end.
        let start = message(question, number: number, content: [], ending: nil, usage: usage(answer, output: 1))
        var events = [event("message_start", ["type": "message_start", "message": start])]
        var place = 0
        if !answer.thoughts.isEmpty {
            let signature = AnthropicDialect.signature(of: answer.thoughts.joined())
            let deltas = answer.thoughts.map { piece -> JSON in ["type": "thinking_delta", "thinking": .string(piece)] }
            let opening: JSON = ["type": "thinking", "thinking": "", "signature": ""]
            let signed: JSON = ["type": "signature_delta", "signature": .string(signature)]
            events += block(place, opening: opening, deltas: deltas + [signed], withPing: true)
            place += 1
        }
        if !answer.pieces.isEmpty {
            let deltas = answer.pieces.map { piece -> JSON in ["type": "text_delta", "text": .string(piece)] }
            events += block(place, opening: ["type": "text", "text": ""], deltas: deltas, withPing: place == 0)
            place += 1
        }
        for (index, call) in answer.calls.enumerated() {
            let opening = toolUse(call, index: index, number: number, input: [:])
            let pieces = [""] + call.argumentPieces  // the first one is empty, as it really is
            let deltas = pieces.map { piece -> JSON in ["type": "input_json_delta", "partial_json": .string(piece)] }
            events += block(place + index, opening: opening, deltas: deltas, withPing: place + index == 0)
        }
        return events + closing(answer)
    }

    private func block(_ index: Int, opening: JSON, deltas: [JSON], withPing: Bool) -> [String] {
        let start: JSON = ["type": "content_block_start", "index": .integer(index), "content_block": opening]
        let stop: JSON = ["type": "content_block_stop", "index": .integer(index)]
        let ping = withPing ? [event("ping", ["type": "ping"])] : []
        let middle = deltas.map { delta in
            event("content_block_delta", ["type": "content_block_delta", "index": .integer(index), "delta": delta])
        }
        return [event("content_block_start", start)] + ping + middle + [event("content_block_stop", stop)]
    }

    private func closing(_ answer: Answer) -> [String] {
        let delta: JSON = [
            "stop_reason": .string(AnthropicDialect.reason(answer.ending)),
            "stop_sequence": AnthropicDialect.stopSequence(answer.ending).map { .string($0) } ?? nil,
        ]
        let usage: JSON = [
            "output_tokens": .integer(answer.answerTokens),
            "output_tokens_details": ["thinking_tokens": .integer(answer.thoughts.count)],
        ]
        return [
            event("message_delta", ["type": "message_delta", "delta": delta, "usage": usage]),
            event("message_stop", ["type": "message_stop"]),
        ]
    }

    private func event(_ name: String, _ data: JSON) -> String {
        "event: \(name)\ndata: \(data)\n\n"
    }

    func errorEvent(_ refusal: Refusal, number: Int) -> String {
        event("error", error(refusal, number: number))
    }

    func modelList(_ models: [String], name: String) -> JSON {
        [
            "data": .array(models.map { modelEntry($0, name: name) }), "has_more": false,
            "first_id": models.first.map { .string($0) } ?? nil, "last_id": models.last.map { .string($0) } ?? nil,
        ]
    }

    func modelEntry(_ model: String, name: String) -> JSON {
        [
            "type": "model", "id": .string(model), "display_name": .string("\(model) of \(name)"),
            "created_at": "2025-01-01T00:00:00Z", "lifecycle": "active",
        ]
    }
}
