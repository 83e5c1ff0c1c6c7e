import LabText

/// How does OpenAI take a question by its Responses API, and refuse one?
struct ResponsesDialect: Dialect {
    var key: String
    var models: [String]
    /// Stands in what it seals: another provider cannot open it.
    var name: String
    /// What was said and answered before.
    let shelf = ResponseShelf()

    let chatPath = "/v1/responses"

    func admit(_ request: Request) throws(Refusal) {
        try OpenAIDialect(key: key, models: models).admit(request)
    }

    func question(_ body: JSON) throws(Refusal) -> Question {
        try check(body, ResponsesShape.request)
        try checkValues(body)
        let items = try conversation(body)
        return read(body, items, model: try model(of: body))
    }

    func check(_ body: JSON, _ shape: Shape) throws(Refusal) {
        do {
            try shape.check(body)
            for (index, item) in (body["input"]?.elements ?? []).enumerated() {
                let place = "input[\(index)]"
                if item["type"] == nil {
                    try ResponsesShape.message.check(item, path: place)
                } else {
                    try ResponsesShape.item.check(item, path: place)
                }
            }
        } catch {
            throw OpenAIDialect.refusal(error)
        }
    }

    func model(of body: JSON) throws(Refusal) -> String {
        let model = body["model"]?.string ?? ""
        guard models.contains(model) else {
            throw Refusal(status: 400, message: "The model '\(model)' is not here.", code: "model_not_found")
        }
        return model
    }

    private func checkValues(_ body: JSON) throws(Refusal) {
        for (field, range) in [("temperature", 0.0...2.0), ("top_p", 0.0...1.0)] {
            if let value = body[field]?.number, !range.contains(value) {
                throw wrong(field, "'\(field)' is out of range.")
            }
        }
        if let most = body["max_output_tokens"]?.integer, most < 1 {
            throw wrong("max_output_tokens", "'max_output_tokens' is below 1.")
        }
        if body["stream_options"]?.members != nil && body["stream"]?.bool != true {
            throw wrong("stream_options", "'stream_options' is only for a streamed answer.")
        }
        if body["background"]?.bool == true && body["store"]?.bool == false {
            throw wrong("background", "'background' needs 'store'.")
        }
        if body["previous_response_id"]?.string != nil, body["conversation"]?.members != nil {
            throw wrong("previous_response_id", "'previous_response_id' and 'conversation' exclude each other.")
        }
        for tool in body["tools"]?.elements ?? [] { try check(tool: tool) }
        if let format = body["text"]?["format"], format["strict"]?.bool == true {
            guard let schema = format["schema"], StrictSchema.isOne(schema) else {
                throw wrong(
                    "text.format.schema",
                    "A strict schema closes its objects and requires all their properties."
                )
            }
        }
    }

    /// Unsaid, `strict` is true here, unlike in the API before.
    private func check(tool: JSON) throws(Refusal) {
        guard ToolName.isValid(tool["name"]?.string ?? "") else {
            throw wrong("tools", "That is no name for a function.")
        }
        guard tool["strict"]?.bool ?? true, let parameters = tool["parameters"], parameters != .null else { return }
        guard StrictSchema.isOne(parameters) else {
            throw wrong("tools", "Unless 'strict' is false, a function's schema is a strict one.")
        }
    }

    func wrong(_ field: String, _ message: String, status: Int = 400, code: String = "invalid_value") -> Refusal {
        Refusal(status: status, message: message, field: field, code: code)
    }

    private func read(_ body: JSON, _ items: [JSON], model: String) -> Question {
        let choice = body["tool_choice"]
        let tools = (body["tools"]?.elements ?? []).compactMap { $0["name"]?.string }
        let forced = choice?["name"]?.string ?? (choice?.string == "required" ? tools.first : nil)
        let results = items.reversed().prefix { $0["type"]?.string == "function_call_output" }.reversed()
        let last = items.last { $0["role"]?.string == "user" }
        return Question(
            model: model,
            isStreamed: body["stream"]?.bool == true,
            lastUserText: ContentText.of(last?["content"]),
            toolResults: results.map { ContentText.of($0["output"]) },
            tools: choice?.string == "none" ? [] : tools,
            forcedTool: forced,
            promptCharacters: ResponsesDialect.characters(items),
            maxTokens: body["max_output_tokens"]?.integer,
            stops: [],
            images: (last?["content"]?.elements ?? []).count { $0["type"]?.string == "input_image" },
            schema: body["text"]?["format"]?["schema"],
            thinks: body["reasoning"]?["effort"]?.string.map { $0 != "none" } ?? false,
            body: body,
            items: items
        )
    }

    static func characters(_ items: [JSON]) -> Int {
        items.reduce(0) { $0 + ContentText.of($1["content"]).count + ContentText.of($1["output"]).count }
    }

    func error(_ refusal: Refusal, number: Int) -> JSON {
        OpenAIDialect(key: key, models: models).error(refusal, number: number)
    }

    func headers(number: Int) -> [(String, String)] {
        OpenAIDialect(key: key, models: models).headers(number: number)
    }

    func modelList(_ models: [String], name: String) -> JSON {
        OpenAIDialect(key: key, models: models).modelList(models, name: name)
    }

    func modelEntry(_ model: String, name: String) -> JSON {
        OpenAIDialect(key: key, models: models).modelEntry(model, name: name)
    }
}
