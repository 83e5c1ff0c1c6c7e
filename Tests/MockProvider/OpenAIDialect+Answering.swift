import LabText

/// How does OpenAI write an answer, whole and streamed?
extension OpenAIDialect {
    /// The time all answers claim to be made at: deterministic answers have no clock.
    private static let created = 1_700_000_000

    func whole(_ answer: Answer, to question: Question, number: Int) -> JSON {
        let choices = (0..<question.copies).map { index -> JSON in
            [
                "index": .integer(index), "message": message(answer, number: number), "logprobs": nil,
                "finish_reason": .string(OpenAIDialect.finish(answer.ending)),
            ]
        }
        return [
            "id": .string("chatcmpl-\(number)"), "object": "chat.completion",
            "created": .integer(OpenAIDialect.created), "model": .string(question.model), "choices": .array(choices),
            "usage": usage(answer, copies: question.copies), "service_tier": "default", "system_fingerprint": nil,
        ]
    }

    private func message(_ answer: Answer, number: Int) -> JSON {
        let content: JSON = answer.calls.isEmpty ? .string(answer.text) : nil
        var message: JSON = ["role": "assistant", "content": content, "refusal": nil, "annotations": []]
        // Not OpenAI's own, but what its servers of other houses send.
        if !answer.thoughts.isEmpty {
            message = message.adding("reasoning_content", .string(answer.thoughts.joined()))
        }
        guard !answer.calls.isEmpty else { return message }
        let calls = answer.calls.enumerated().map { index, call -> JSON in
            [
                "id": .string("call_\(number)_\(index)"), "type": "function",
                "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
            ]
        }
        return message.adding("tool_calls", .array(calls))
    }

    private func usage(_ answer: Answer, copies: Int) -> JSON {
        let completion = answer.answerTokens * copies
        return [
            "prompt_tokens": .integer(answer.promptTokens), "completion_tokens": .integer(completion),
            "total_tokens": .integer(answer.promptTokens + completion),
            "prompt_tokens_details": ["cached_tokens": 0, "audio_tokens": 0],
            "completion_tokens_details": [
                "reasoning_tokens": .integer(answer.thoughts.count), "audio_tokens": 0, "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            ],
        ]
    }

    private static func finish(_ ending: Answer.Ending) -> String {
        switch ending {
        case .finished, .stopped: "stop"
        case .reachedLimit: "length"
        case .calledTools: "tool_calls"
        }
    }

    func events(_ answer: Answer, to question: Question, number: Int) -> [String] {
        var deltas: [JSON] = []
        if answer.calls.isEmpty {
            deltas.append(["role": "assistant", "content": "", "refusal": nil])
            deltas += answer.thoughts.map { ["reasoning_content": .string($0)] }
            deltas += answer.pieces.map { ["content": .string($0)] }
        } else {
            deltas.append(["role": "assistant", "content": nil])
            deltas += answer.thoughts.map { ["reasoning_content": .string($0)] }
            deltas += answer.calls.enumerated().flatMap { callDeltas($1, index: $0, number: number) }
        }
        var events: [String] = []
        for delta in deltas {
            for copy in 0..<question.copies { events.append(chunk(choice(copy, delta), of: question, number: number)) }
        }
        for copy in 0..<question.copies {
            let last = choice(copy, [:], finish: .string(OpenAIDialect.finish(answer.ending)))
            events.append(chunk(last, of: question, number: number))
        }
        if question.wantsUsage {
            let usage = usage(answer, copies: question.copies)
            events.append(data(chunk([], of: question, number: number).adding("usage", usage)))
        }
        return events + ["data: [DONE]\n\n"]
    }

    /// A tool call begins with its id and name, and empty arguments; the arguments follow in pieces.
    private func callDeltas(_ call: Answer.Call, index: Int, number: Int) -> [JSON] {
        let first: JSON = [
            "index": .integer(index), "id": .string("call_\(number)_\(index)"), "type": "function",
            "function": ["name": .string(call.name), "arguments": ""],
        ]
        let rest = call.argumentPieces.map { piece -> JSON in
            ["index": .integer(index), "function": ["arguments": .string(piece)]]
        }
        return ([first] + rest).map { ["tool_calls": [$0]] }
    }

    private func choice(_ index: Int, _ delta: JSON, finish: JSON = nil) -> JSON {
        ["index": .integer(index), "delta": delta, "logprobs": nil, "finish_reason": finish]
    }

    private func chunk(_ choices: [JSON], of question: Question, number: Int) -> JSON {
        [
            "id": .string("chatcmpl-\(number)"), "object": "chat.completion.chunk",
            "created": .integer(OpenAIDialect.created), "model": .string(question.model),
            "service_tier": "default", "system_fingerprint": nil, "choices": .array(choices),
        ]
    }

    /// A chunk with a choice; when usage is wanted every chunk but the last says null.
    private func chunk(_ choice: JSON, of question: Question, number: Int) -> String {
        let body: JSON = chunk([choice], of: question, number: number)
        return data(question.wantsUsage ? body.adding("usage", nil) : body)
    }

    private func data(_ json: JSON) -> String {
        "data: \(json)\n\n"
    }

    func errorEvent(_ refusal: Refusal, number: Int) -> String {
        data(error(refusal, number: number))
    }

    func modelList(_ models: [String], name: String) -> JSON {
        ["object": "list", "data": .array(models.map { modelEntry($0, name: name) })]
    }

    func modelEntry(_ model: String, name: String) -> JSON {
        [
            "id": .string(model), "object": "model", "created": .integer(OpenAIDialect.created),
            "owned_by": .string(name),
        ]
    }
}
