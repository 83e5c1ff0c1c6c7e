import LabText

/// How does Gemini's API write an answer, whole and streamed, and what does it serve besides?
extension GeminiDialect {
    func whole(_ answer: Answer, to question: Question, number: Int) -> JSON {
        var parts: [JSON] = []
        if !answer.thoughts.isEmpty { parts.append(thought(answer.thoughts.joined())) }
        if !answer.pieces.isEmpty { parts.append(["text": .string(answer.text)]) }
        parts += calls(answer)
        return response(parts, ending: answer.ending, usage: usage(answer), question, number)
    }

    /// Every event tells what the prompt took; what the answer took is told by the last one.
    func events(_ answer: Answer, to question: Question, number: Int) -> [String] {
        var parts = answer.thoughts.map(thought) + answer.pieces.map { piece -> JSON in ["text": .string(piece)] }
        parts += calls(answer)
        let started: JSON = ["promptTokenCount": .integer(answer.promptTokens)]
        var events = parts.dropLast().map { response([$0], ending: nil, usage: started, question, number) }
        events.append(
            response(parts.last.map { [$0] } ?? [], ending: answer.ending, usage: usage(answer), question, number)
        )
        return events.map { "data: \($0)\n\n" }
    }

    private func thought(_ text: String) -> JSON { ["text": .string(text), "thought": true] }

    /// Stands for a proof that nobody else can make; calls made at once have one between them.
    static let signature = "c2lnbmVk"

    private func calls(_ answer: Answer) -> [JSON] {
        answer.calls.enumerated().map { index, call in
            let made: JSON = [
                "functionCall": ["name": .string(call.name), "args": (try? JSON.parse(call.arguments)) ?? [:]]
            ]
            return index == 0 ? made.adding("thoughtSignature", .string(GeminiDialect.signature)) : made
        }
    }

    private func response(
        _ parts: [JSON],
        ending: Answer.Ending?,
        usage: JSON,
        _ question: Question,
        _ number: Int
    ) -> JSON {
        var candidate: JSON = ["content": ["parts": .array(parts), "role": "model"], "index": 0]
        if let ending {
            candidate = candidate.adding("finishReason", ending == .reachedLimit ? "MAX_TOKENS" : "STOP")
        }
        return [
            "candidates": [candidate], "usageMetadata": usage, "modelVersion": .string(question.model),
            "responseId": .string("resp-\(number)"),
        ]
    }

    private func usage(_ answer: Answer) -> JSON {
        let said = answer.answerTokens - answer.thoughts.count
        let usage: JSON = [
            "promptTokenCount": .integer(answer.promptTokens), "candidatesTokenCount": .integer(said),
            "totalTokenCount": .integer(answer.promptTokens + answer.answerTokens),
        ]
        return answer.thoughts.isEmpty
            ? usage : usage.adding("thoughtsTokenCount", .integer(answer.thoughts.count))
    }

    func errorEvent(_ refusal: Refusal, number: Int) -> String {
        "data: \(error(refusal, number: number))\n\n"
    }

    func modelList(_ models: [String], name: String) -> JSON {
        ["models": .array(models.map { modelEntry($0, name: name) })]
    }

    func modelEntry(_ model: String, name: String) -> JSON {
        [
            "name": .string("models/\(model)"), "version": "1", "displayName": .string(model),
            "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        ]
    }

    // MARK: Elsewhere

    func elsewhere(_ path: String, _ body: JSON, number: Int) throws(Refusal) -> Elsewhere? {
        guard let asked = Asked(path), asked.query.isEmpty else { return nil }
        let body = Self.plain(body)
        switch asked.verb {
        case "countTokens": return Elsewhere(whole: try count(body, asked))
        case "embedContent": return Elsewhere(whole: ["embedding": try embedding(body, asked, isNamed: false)])
        case "batchEmbedContents":
            try check(body, Shape(fields: ["requests": .list, "model": .string], required: ["requests"]))
            var rows: [JSON] = []
            for request in body["requests"]?.elements ?? [] {
                rows.append(try embedding(request, asked, isNamed: true))
            }
            return Elsewhere(whole: ["embeddings": .array(rows)])
        default: return nil
        }
    }

    private func known(_ asked: Asked, _ named: JSON?) throws(Refusal) {
        guard models.contains(asked.model) else { throw Refusal(status: 404, message: "\(asked.model) is not found.") }
        guard named == nil || named?.string == "models/\(asked.model)" else {
            throw Refusal(status: 400, message: "The model of the request is not the model of the path.")
        }
    }

    private func count(_ body: JSON, _ asked: Asked) throws(Refusal) -> JSON {
        try check(body, Shape(fields: ["contents": .list, "generateContentRequest": .map, "model": .string]))
        let request = body["generateContentRequest"]
        try known(asked, request?["model"])
        let contents = body["contents"]?.elements ?? request?["contents"]?.elements ?? []
        let characters = contents.reduce(0) { $0 + Self.text($1).count }
        return ["totalTokens": .integer((characters + 3) / 4)]
    }

    private func embedding(_ request: JSON, _ asked: Asked, isNamed: Bool) throws(Refusal) -> JSON {
        try check(request, isNamed ? GeminiShape.namedEmbedding : GeminiShape.embedding)
        try known(asked, request["model"])
        let text = Self.text(request["content"])
        guard !text.isEmpty else { throw Refusal(status: 400, message: "content contains an empty Part.") }
        let vector = OpenAIDialect.vector(of: text, dimensions: request["outputDimensionality"]?.integer ?? 4)
        return ["values": .array(vector.map { .number(Double($0)) })]
    }
}
