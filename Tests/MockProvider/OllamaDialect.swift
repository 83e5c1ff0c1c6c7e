import LabText

/// How does Ollama's server take a question and refuse one? It asks for no key; with one in its settings it stands behind a proxy that does.
struct OllamaDialect: Dialect {
    /// Empty: none is asked for.
    var key: String
    var models: [String]

    let chatPath = "/api/chat"
    let modelsPath = "/api/tags"
    let streamType = "application/x-ndjson"

    func admit(_ request: Request) throws(Refusal) {
        guard !key.isEmpty, request.header("authorization") != "Bearer \(key)" else { return }
        throw Refusal(status: 401, message: "unauthorized")
    }

    func question(_ body: JSON) throws(Refusal) -> Question {
        try check(body, OllamaShape.chat)
        try checkTools(body)
        let model = try model(of: body)
        let messages = body["messages"]?.elements ?? []
        let results = messages.reversed().prefix { $0["role"]?.string == "tool" }.reversed()
        let last = messages.last { $0["role"]?.string == "user" }
        return Question(
            model: model,
            isStreamed: body["stream"]?.bool ?? true,
            lastUserText: last?["content"]?.string ?? "",
            toolResults: results.map { $0["content"]?.string ?? "" },
            tools: (body["tools"]?.elements ?? []).compactMap { $0["function"]?["name"]?.string },
            promptCharacters: messages.reduce(0) { $0 + ($1["content"]?.string?.count ?? 0) },
            maxTokens: body["options"]?["num_predict"]?.integer,
            stops: (body["options"]?["stop"]?.elements ?? []).compactMap(\.string),
            images: last?["images"]?.elements?.count ?? 0,
            schema: body["format"]?.members == nil ? nil : body["format"],
            thinks: OllamaDialect.thinks(body)
        )
    }

    static func thinks(_ body: JSON) -> Bool { body["think"]?.bool ?? (body["think"]?.string != nil) }

    /// - Returns: the model's name, which may leave the tag out.
    func model(of body: JSON) throws(Refusal) -> String {
        let model = body["model"]?.string ?? ""
        guard models.contains(model) || models.contains("\(model):latest") else {
            throw Refusal(status: 404, message: "model '\(model)' not found")
        }
        return model
    }

    func check(_ body: JSON, _ shape: Shape) throws(Refusal) {
        do {
            try shape.check(body)
        } catch {
            throw Refusal(status: 400, message: "json: cannot unmarshal \(error.path): \(error.fault)")
        }
        let messages = body["messages"]?.elements ?? []
        for image in messages.flatMap({ $0["images"]?.elements ?? [] }) + (body["images"]?.elements ?? []) {
            guard Picture.isBase64(image.string ?? "") else {
                throw Refusal(status: 400, message: "illegal base64 data in 'images'")
            }
        }
    }

    /// Results follow the calls they answer, by the tool's name. The server would not mind; its models would.
    private func checkTools(_ body: JSON) throws(Refusal) {
        var open: [String] = []
        for message in body["messages"]?.elements ?? [] {
            if message["role"]?.string == "tool" {
                guard let name = message["tool_name"]?.string, let place = open.firstIndex(of: name) else {
                    throw Refusal(status: 400, message: "the result of a tool that was not called: \(message)")
                }
                open.remove(at: place)
            } else {
                open = (message["tool_calls"]?.elements ?? []).compactMap { $0["function"]?["name"]?.string }
            }
        }
    }

    func error(_ refusal: Refusal, number: Int) -> JSON { ["error": .string(refusal.message)] }

    func errorEvent(_ refusal: Refusal, number: Int) -> String { "\(error(refusal, number: number))\n" }

    func headers(number: Int) -> [(String, String)] { [] }
}
