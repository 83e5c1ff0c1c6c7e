import LabText

/// How does OpenAI take a question and refuse one?
struct OpenAIDialect: Dialect {
    var key: String
    var models: [String]

    let chatPath = "/v1/chat/completions"

    func admit(_ request: Request) throws(Refusal) {
        guard let authorization = request.header("authorization") else {
            throw Refusal(status: 401, message: "No API key was given; it belongs in the Authorization header.")
        }
        guard authorization == "Bearer \(key)" else {
            throw Refusal(status: 401, message: "This API key is not a right one.", code: "invalid_api_key")
        }
    }

    func question(_ body: JSON) throws(Refusal) -> Question {
        do {
            try OpenAIShape.request.check(body)
        } catch {
            throw OpenAIDialect.refusal(error)
        }
        try checkValues(body)
        try OpenAIConversation.check(body["messages"]?.elements ?? [])
        let model = body["model"]?.string ?? ""
        guard models.contains(model) else {
            throw Refusal(status: 404, message: "There is no model `\(model)` for you.", code: "model_not_found")
        }
        return read(body, model: model)
    }

    static func refusal(_ problem: Shape.Problem) -> Refusal {
        switch problem.fault {
        case .unknown:
            Refusal(
                status: 400,
                message: "Unknown parameter: '\(problem.path)'.",
                field: problem.path,
                code: "unknown_parameter"
            )
        case .missing:
            Refusal(
                status: 400,
                message: "Missing required parameter: '\(problem.path)'.",
                field: problem.path,
                code: "missing_required_parameter"
            )
        case .wrong(let expected):
            Refusal(
                status: 400,
                message: "Wrong type for '\(problem.path)': expected \(expected).",
                field: problem.path,
                code: "invalid_type"
            )
        }
    }

    private func checkValues(_ body: JSON) throws(Refusal) {
        if body["stream_options"]?.members != nil && body["stream"]?.bool != true {
            throw wrong("stream_options", "'stream_options' is only for a streamed answer.")
        }
        if body["max_tokens"]?.integer != nil && body["max_completion_tokens"]?.integer != nil {
            throw wrong("max_tokens", "'max_tokens' and 'max_completion_tokens' exclude each other.")
        }
        for (field, range) in [("temperature", 0.0...2.0), ("top_p", 0.0...1.0)] {
            if let value = body[field]?.number, !range.contains(value) {
                throw wrong(field, "'\(field)' is out of range.")
            }
        }
        for field in ["max_tokens", "max_completion_tokens", "n"] {
            if let value = body[field]?.integer, value < 1 { throw wrong(field, "'\(field)' is below 1.") }
        }
        if let effort = body["reasoning_effort"]?.string, !OpenAIShape.efforts.contains(effort) {
            throw wrong("reasoning_effort", "'\(effort)' is no effort.")
        }
        if (body["stop"]?.elements?.count ?? 0) > 4 { throw wrong("stop", "'stop' takes at most 4 texts.") }
        if body["response_format"] != nil { try checkFormat(body) }
        let tools = body["tools"]?.elements
        if tools == [] { throw wrong("tools", "'tools' is an empty array.") }
        if tools == nil && body["tool_choice"] != nil { throw wrong("tool_choice", "'tool_choice' without 'tools'.") }
        for name in (tools ?? []).compactMap({ $0["function"]?["name"]?.string }) where !ToolName.isValid(name) {
            throw wrong("tools", "'\(name)' is no name for a function.")
        }
    }

    private func checkFormat(_ body: JSON) throws(Refusal) {
        guard let format = body["response_format"]?["json_schema"] else { return }
        guard format["strict"]?.bool == true else { return }
        guard let schema = format["schema"], StrictSchema.isOne(schema) else {
            throw wrong("response_format", "A strict schema closes its objects and requires all their properties.")
        }
    }

    private func wrong(_ field: String, _ message: String) -> Refusal {
        Refusal(status: 400, message: message, field: field, code: "invalid_value")
    }

    private func read(_ body: JSON, model: String) -> Question {
        let messages = body["messages"]?.elements ?? []
        let choice = body["tool_choice"]
        let tools = (body["tools"]?.elements ?? []).compactMap { $0["function"]?["name"]?.string }
        let forced = choice?["function"]?["name"]?.string ?? (choice?.string == "required" ? tools.first : nil)
        let results = messages.reversed().prefix { $0["role"]?.string == "tool" }.reversed()
        let last = messages.last { $0["role"]?.string == "user" }
        return Question(
            model: model,
            isStreamed: body["stream"]?.bool == true,
            wantsUsage: body["stream_options"]?["include_usage"]?.bool == true,
            lastUserText: ContentText.of(last?["content"]),
            toolResults: results.map { ContentText.of($0["content"]) },
            tools: choice?.string == "none" ? [] : tools,
            forcedTool: forced,
            promptCharacters: messages.reduce(0) { $0 + ContentText.of($1["content"]).count },
            maxTokens: body["max_completion_tokens"]?.integer ?? body["max_tokens"]?.integer,
            stops: body["stop"]?.string.map { [$0] } ?? (body["stop"]?.elements ?? []).compactMap(\.string),
            copies: body["n"]?.integer ?? 1,
            images: (last?["content"]?.elements ?? []).count { $0["type"]?.string == "image_url" },
            schema: body["response_format"]?["json_schema"]?["schema"],
            thinks: body["reasoning_effort"]?.string.map { $0 != "none" } ?? false
        )
    }

    func error(_ refusal: Refusal, number: Int) -> JSON {
        [
            "error": [
                "message": .string(refusal.message), "type": .string(OpenAIDialect.type(of: refusal.status)),
                "param": refusal.field.map { .string($0) } ?? nil, "code": refusal.code.map { .string($0) } ?? nil,
            ]
        ]
    }

    private static func type(of status: Int) -> String {
        switch status {
        case 429: "rate_limit_exceeded"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    func headers(number: Int) -> [(String, String)] {
        [("x-request-id", "req_\(number)"), ("openai-version", "2020-10-01")]
    }
}

/// Is this a schema that an answer can be held to? Both providers want objects closed; all properties are required.
enum StrictSchema {
    static func isOne(_ schema: JSON) -> Bool {
        guard schema["type"]?.string == "object" else { return schema["type"] != nil }
        let names = (schema["properties"]?.members ?? []).map(\.name)
        let required = (schema["required"]?.elements ?? []).compactMap(\.string)
        return schema["additionalProperties"]?.bool == false && Set(names) == Set(required)
    }
}

/// Is this what an image may be? An address of the web, or bytes in base64 (RFC 4648 §4) of a kind that models can see.
enum Picture {
    static let types = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    static func isAddress(_ url: String) -> Bool { url.hasPrefix("https://") || url.hasPrefix("http://") }

    static func isBase64(_ text: String) -> Bool {
        let body = text.utf8.reversed().drop { $0 == UInt8(ascii: "=") }
        return !text.isEmpty && text.utf8.count.isMultiple(of: 4) && text.utf8.count - body.count <= 2
            && body.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
                default: false
                }
            }
    }

    /// `data:TYPE;base64,…`
    static func isData(_ url: String) -> Bool {
        types.contains {
            url.hasPrefix("data:\($0);base64,") && isBase64(String(url.dropFirst("data:\($0);base64,".count)))
        }
    }
}

/// What may a function be called? Both providers: letters, digits, `_` and `-`, at most 64 of them.
enum ToolName {
    static func isValid(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}

/// The words in a message's content, be it a string or a list of parts.
enum ContentText {
    static func of(_ content: JSON?) -> String {
        if let text = content?.string { return text }
        return (content?.elements ?? []).compactMap { $0["text"]?.string }.joined()
    }
}
