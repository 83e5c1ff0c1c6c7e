import LabText

/// How does OpenAI write an answer by its Responses API, whole and in numbered events?
extension ResponsesDialect {
    /// Fields of a request that each response repeats, and what they are where nothing was said.
    private static let echoed: [(name: String, usual: JSON)] = [
        ("instructions", nil), ("max_output_tokens", nil), ("metadata", [:]), ("parallel_tool_calls", true),
        ("previous_response_id", nil), ("reasoning", ["effort": nil, "summary": nil]), ("store", true),
        ("temperature", 1), ("text", ["format": ["type": "text"]]), ("tool_choice", "auto"), ("tools", []),
        ("top_p", 1),
        ("truncation", "disabled"), ("background", false),
    ]

    /// One item of an answer, with the pieces that a stream brings it in.
    private struct Item {
        var json: JSON
        var pieces: [String]
        /// `output_text`, `reasoning_text` or `function_call_arguments`.
        var kind: String
        /// What its deltas put together.
        var whole: String { pieces.joined() }
    }

    func whole(_ answer: Answer, to question: Question, number: Int) -> JSON {
        let done = response(answer, question, number, isOver: true)
        guard question.body["store"]?.bool ?? true else { return done }
        let id = Self.id(number)
        shelf.put(id, ResponseShelf.Kept(response: done, items: question.items))
        guard question.body["background"]?.bool == true else { return done }
        // It works on, and whoever asks again gets the answer.
        return done.replacing("status", "queued").replacing("output", []).replacing("usage", nil)
    }

    private static func id(_ number: Int) -> String { "resp_\(number)" }

    private func response(_ answer: Answer, _ question: Question, _ number: Int, isOver: Bool) -> JSON {
        let isCut = answer.ending == .reachedLimit
        let status = isOver ? (isCut ? "incomplete" : "completed") : "in_progress"
        let output = isOver ? items(answer, question, number).map(\.json) : []
        var members: [JSON.Member] = [
            JSON.Member("id", .string(Self.id(number))), JSON.Member("object", "response"),
            JSON.Member("created_at", 1_700_000_000), JSON.Member("status", .string(status)),
            JSON.Member("error", nil),
            JSON.Member("incomplete_details", isOver && isCut ? ["reason": "max_output_tokens"] : nil),
            JSON.Member("model", .string(question.model)), JSON.Member("output", .array(output)),
            JSON.Member("usage", isOver ? usage(answer) : nil), JSON.Member("service_tier", "default"),
        ]
        members += Self.echoed.map { JSON.Member($0.name, question.body[$0.name] ?? $0.usual) }
        return .object(members)
    }

    private func usage(_ answer: Answer) -> JSON {
        [
            "input_tokens": .integer(answer.promptTokens), "input_tokens_details": ["cached_tokens": 0],
            "output_tokens": .integer(answer.answerTokens),
            "output_tokens_details": ["reasoning_tokens": .integer(answer.thoughts.count)],
            "total_tokens": .integer(answer.promptTokens + answer.answerTokens),
        ]
    }

    private func items(_ answer: Answer, _ question: Question, _ number: Int) -> [Item] {
        var items: [Item] = []
        if !answer.thoughts.isEmpty {
            // Not OpenAI's own, but what servers of open models send.
            let content: JSON = [["type": "reasoning_text", "text": .string(answer.thoughts.joined())]]
            var json: JSON = [
                "id": .string("rs_\(number)"), "type": "reasoning", "summary": [], "content": content,
                "status": "completed",
            ]
            let wanted = question.body["include"]?.elements ?? []
            if wanted.contains("reasoning.encrypted_content") { json = json.adding("encrypted_content", .string(seal)) }
            items.append(Item(json: json, pieces: answer.thoughts, kind: "reasoning_text"))
        }
        if answer.calls.isEmpty {
            let part: JSON = ["type": "output_text", "text": .string(answer.text), "annotations": [], "logprobs": []]
            let json: JSON = [
                "id": .string("msg_\(number)"), "type": "message", "role": "assistant", "status": "completed",
                "content": [part],
            ]
            items.append(Item(json: json, pieces: answer.pieces, kind: "output_text"))
        }
        for (index, call) in answer.calls.enumerated() {
            let json: JSON = [
                "id": .string("fc_\(number)_\(index)"), "type": "function_call",
                "call_id": .string("call_\(number)_\(index)"), "name": .string(call.name),
                "arguments": .string(call.arguments), "status": "completed",
            ]
            items.append(Item(json: json, pieces: call.argumentPieces, kind: "function_call_arguments"))
        }
        return items
    }

    // MARK: Events

    func events(_ answer: Answer, to question: Question, number: Int) -> [String] {
        var events: [(type: String, members: JSON)] = []
        let begun = response(answer, question, number, isOver: false)
        events.append(("response.created", ["response": begun]))
        events.append(("response.in_progress", ["response": begun]))
        for (index, item) in items(answer, question, number).enumerated() { events += Self.events(of: item, at: index) }
        let done = whole(answer, to: question, number: number)
        events.append(("response.\(done["status"]?.string ?? "completed")", ["response": done]))
        return events.enumerated().map { Self.event($1.type, $0, $1.members) }
    }

    private static func events(of item: Item, at index: Int) -> [(type: String, members: JSON)] {
        let place: [JSON.Member] = [
            JSON.Member("item_id", item.json["id"] ?? ""), JSON.Member("output_index", .integer(index)),
        ]
        let isCall = item.kind == "function_call_arguments"
        let inPart = isCall ? place : place + [JSON.Member("content_index", 0)]
        let opened = item.json.replacing("status", "in_progress").replacing(
            isCall ? "arguments" : "content",
            isCall ? "" : []
        )
        var events: [(type: String, members: JSON)] = []
        events.append(("response.output_item.added", ["output_index": .integer(index), "item": opened]))
        let part = item.json["content"]?.elements?.first ?? nil
        if !isCall {
            let empty = part.replacing("text", "")
            events.append(("response.content_part.added", .object(inPart + [JSON.Member("part", empty)])))
        }
        for piece in item.pieces {
            events.append(("response.\(item.kind).delta", .object(inPart + [JSON.Member("delta", .string(piece))])))
        }
        let word = isCall ? "arguments" : "text"
        events.append(("response.\(item.kind).done", .object(inPart + [JSON.Member(word, .string(item.whole))])))
        if !isCall { events.append(("response.content_part.done", .object(inPart + [JSON.Member("part", part)]))) }
        events.append(("response.output_item.done", ["output_index": .integer(index), "item": item.json]))
        return events
    }

    private static func event(_ type: String, _ sequence: Int, _ members: JSON) -> String {
        let head = [JSON.Member("type", .string(type)), JSON.Member("sequence_number", .integer(sequence))]
        return "event: \(type)\ndata: \(JSON.object(head + (members.members ?? [])))\n\n"
    }

    /// Breaks a stream off as the API does: the error stands in the event itself.
    func errorEvent(_ refusal: Refusal, number: Int) -> String {
        Self.event(
            "error",
            0,
            [
                "code": refusal.code.map { .string($0) } ?? "server_error", "message": .string(refusal.message),
                "param": nil,
            ]
        )
    }
}

extension JSON {
    /// The object with another value of this name, at the same place.
    func replacing(_ name: String, _ value: JSON) -> JSON {
        .object((members ?? []).map { $0.name == name ? Member(name, value) : $0 })
    }
}
