import LabText

/// How does Ollama's server write an answer, whole and in lines?
extension OllamaDialect {
    /// The time all answers claim to be made at: deterministic answers have no clock.
    private static let created = "2023-11-14T22:13:20.123456789Z"

    /// `/api/chat` says it in a message, `/api/generate` beside it.
    enum Manner {
        case chat, generate
    }

    func whole(_ answer: Answer, to question: Question, number: Int) -> JSON { whole(answer, question, .chat) }

    private func whole(_ answer: Answer, _ question: Question, _ manner: Manner) -> JSON {
        let thought = answer.thoughts.joined()
        let said = OllamaDialect.said(answer.text, thought.isEmpty ? nil : thought, answer.calls, manner)
        return last(line(question, said, isDone: true), answer)
    }

    func events(_ answer: Answer, to question: Question, number: Int) -> [String] { events(answer, question, .chat) }

    private func events(_ answer: Answer, _ question: Question, _ manner: Manner) -> [String] {
        var lines = answer.thoughts.map { line(question, OllamaDialect.said("", $0, [], manner), isDone: false) }
        lines += answer.pieces.map { line(question, OllamaDialect.said($0, nil, [], manner), isDone: false) }
        // A call comes whole, each in a line of its own.
        lines += answer.calls.map { line(question, OllamaDialect.said("", nil, [$0], manner), isDone: false) }
        lines.append(last(line(question, OllamaDialect.said("", nil, [], manner), isDone: true), answer))
        return lines.map { "\($0)\n" }
    }

    private static func said(_ text: String, _ thought: String?, _ calls: [Answer.Call], _ manner: Manner) -> JSON {
        let isChat = manner == .chat
        var said: JSON = isChat ? ["role": "assistant", "content": .string(text)] : ["response": .string(text)]
        if let thought { said = said.adding("thinking", .string(thought)) }
        guard !calls.isEmpty else { return isChat ? ["message": said] : said }
        let list = calls.map { call -> JSON in
            let arguments = (try? JSON.parse(call.arguments)) ?? [:]
            return ["function": ["name": .string(call.name), "arguments": arguments]]
        }
        return ["message": said.adding("tool_calls", .array(list))]
    }

    private func line(_ question: Question, _ said: JSON, isDone: Bool) -> JSON {
        var line: JSON = ["model": .string(question.model), "created_at": .string(OllamaDialect.created)]
        for member in said.members ?? [] { line = line.adding(member.name, member.value) }
        return line.adding("done", .bool(isDone))
    }

    private func last(_ line: JSON, _ answer: Answer) -> JSON {
        let reason =
            switch answer.ending {
            case .finished, .stopped, .calledTools: "stop"
            case .reachedLimit: "length"
            }
        return line.adding("done_reason", .string(reason))
            .adding("total_duration", 5_000_000).adding("load_duration", 1_000_000)
            .adding("prompt_eval_count", .integer(answer.promptTokens)).adding("prompt_eval_duration", 1_000_000)
            .adding("eval_count", .integer(answer.answerTokens)).adding("eval_duration", 3_000_000)
    }

    // MARK: Besides conversations

    func elsewhere(_ path: String, _ body: JSON, number: Int) throws(Refusal) -> Elsewhere? {
        switch path {
        case "/api/generate": try generate(body)
        case "/api/embed": try embed(body)
        default: nil
        }
    }

    private func generate(_ body: JSON) throws(Refusal) -> Elsewhere {
        try check(body, OllamaShape.generate)
        let prompt = body["prompt"]?.string ?? ""
        let question = Question(
            model: try model(of: body),
            isStreamed: body["stream"]?.bool ?? true,
            lastUserText: prompt,
            toolResults: [],
            tools: [],
            promptCharacters: prompt.count + (body["system"]?.string?.count ?? 0),
            maxTokens: body["options"]?["num_predict"]?.integer,
            stops: (body["options"]?["stop"]?.elements ?? []).compactMap(\.string),
            images: body["images"]?.elements?.count ?? 0,
            schema: body["format"]?.members == nil ? nil : body["format"],
            thinks: OllamaDialect.thinks(body)
        )
        let answer = Answer(to: question)
        let whole = whole(answer, question, .generate)
        return Elsewhere(whole: whole, events: question.isStreamed ? events(answer, question, .generate) : nil)
    }

    private func embed(_ body: JSON) throws(Refusal) -> Elsewhere {
        try check(body, OllamaShape.embed)
        let model = try model(of: body)
        let texts = OpenAIDialect.texts(body["input"])
        let rows = texts.map { text -> JSON in
            .array(
                OpenAIDialect.vector(of: text, dimensions: body["dimensions"]?.integer ?? 4).map {
                    .number(Double($0))
                }
            )
        }
        return Elsewhere(whole: [
            "model": .string(model), "embeddings": .array(rows), "total_duration": 2_000_000,
            "load_duration": 1_000_000,
            "prompt_eval_count": .integer(OpenAIDialect.tokens(texts.reduce(0) { $0 + $1.count })),
        ])
    }

    // MARK: Models

    /// `GET /api/tags`.
    func modelList(_ models: [String], name: String) -> JSON {
        ["models": .array(models.map { modelEntry($0, name: name) })]
    }

    func modelEntry(_ model: String, name: String) -> JSON {
        [
            "name": .string(model), "model": .string(model), "modified_at": .string(OllamaDialect.created),
            "size": 1_000_000, "digest": "0000", "details": ["format": "gguf", "family": .string(name)],
        ]
    }
}
