import LabText

/// How does Anthropic take a question and refuse one?
struct AnthropicDialect: Dialect {
    var key: String
    var models: [String]
    var keyHeader: Settings.KeyHeader

    let chatPath = "/v1/messages"
    private static let versions = ["2023-01-01", "2023-06-01", "2026-10-21"]

    func admit(_ request: Request) throws(Refusal) {
        let name = keyHeader.rawValue
        guard let given = request.header(name) else {
            throw Refusal(status: 401, message: "\(name) header is required")
        }
        let wanted =
            switch keyHeader {
            case .xAPIKey: key
            case .authorization: "Bearer \(key)"
            }
        guard given == wanted else { throw Refusal(status: 401, message: "invalid \(name)") }
        guard let version = request.header("anthropic-version") else {
            throw Refusal(status: 400, message: "anthropic-version: header is required")
        }
        guard AnthropicDialect.versions.contains(version) else {
            throw Refusal(status: 400, message: "anthropic-version: \(version) is no version")
        }
    }

    func question(_ body: JSON) throws(Refusal) -> Question {
        do {
            try AnthropicShape.request.check(body)
            for (index, tool) in (body["tools"]?.elements ?? []).enumerated() where AnthropicDialect.isOwn(tool) {
                try AnthropicShape.tool.check(tool, path: "tools[\(index)]")
            }
        } catch {
            throw AnthropicDialect.refusal(error)
        }
        try checkValues(body)
        try AnthropicConversation.check(body["messages"]?.elements ?? [])
        let model = body["model"]?.string ?? ""
        guard models.contains(model) else { throw Refusal(status: 404, message: "model: \(model)") }
        return read(body, model: model)
    }

    private static func isOwn(_ tool: JSON) -> Bool {
        !(tool["type"]?.string.map(AnthropicShape.providerTools.contains) ?? false)
    }

    /// Paths are written with dots throughout: `messages.0.content`.
    private static func refusal(_ problem: Shape.Problem) -> Refusal {
        let path = problem.path.split(separator: "[").joined(separator: ".").split(separator: "]").joined()
        return switch problem.fault {
        case .unknown: Refusal(status: 400, message: "\(path): Extra inputs are not permitted")
        case .missing: Refusal(status: 400, message: "\(path): Field required")
        case .wrong(let expected): Refusal(status: 400, message: "\(path): Input should be \(expected)")
        }
    }

    private func checkValues(_ body: JSON) throws(Refusal) {
        if let most = body["max_tokens"]?.integer, most < 1 { throw wrong("max_tokens: below 1") }
        if let budget = body["thinking"]?["budget_tokens"]?.integer {
            guard budget >= 1024, budget < body["max_tokens"]?.integer ?? 0 else {
                throw wrong("thinking.budget_tokens: at least 1024, and less than max_tokens")
            }
        }
        if let schema = body["output_config"]?["format"]?["schema"], !StrictSchema.isOne(schema) {
            throw wrong("output_config.format.schema: objects must be closed")
        }
        let tools = body["tools"]?.elements ?? []
        if tools.isEmpty && body["tool_choice"] != nil && body["tool_choice"]?["type"]?.string != "none" {
            throw wrong("tool_choice: may only be given with tools")
        }
        var names: Set<String> = []
        for (index, name) in tools.compactMap({ $0["name"]?.string }).enumerated() {
            guard ToolName.isValid(name) else { throw wrong("tools.\(index).name: not a name for a tool") }
            guard names.insert(name).inserted else { throw wrong("tools: names must be unique") }
        }
        for (index, tool) in tools.enumerated() where AnthropicDialect.isOwn(tool) {
            guard tool["input_schema"]?["type"]?.string == "object" else {
                throw wrong("tools.\(index).input_schema.type: Field required")
            }
        }
    }

    private func wrong(_ message: String) -> Refusal {
        Refusal(status: 400, message: message)
    }

    private func read(_ body: JSON, model: String) -> Question {
        let messages = body["messages"]?.elements ?? []
        let last = messages.last { $0["role"]?.string == "user" }
        let results = (last?["content"]?.elements ?? []).filter { $0["type"]?.string == "tool_result" }
        let tools = (body["tools"]?.elements ?? []).compactMap { $0["name"]?.string }
        let choice = body["tool_choice"]?["type"]?.string
        let system = ContentText.of(body["system"]).count
        return Question(
            model: model,
            isStreamed: body["stream"]?.bool == true,
            lastUserText: ContentText.of(last?["content"]),
            toolResults: results.map { ContentText.of($0["content"]) },
            tools: choice == "none" ? [] : tools,
            forcedTool: body["tool_choice"]?["name"]?.string ?? (choice == "any" ? tools.first : nil),
            promptCharacters: messages.reduce(system) { $0 + ContentText.of($1["content"]).count },
            maxTokens: body["max_tokens"]?.integer,
            stops: (body["stop_sequences"]?.elements ?? []).compactMap(\.string),
            images: (last?["content"]?.elements ?? []).count { $0["type"]?.string == "image" },
            schema: body["output_config"]?["format"]?["schema"],
            thinks: thinks(body)
        )
    }

    private func thinks(_ body: JSON) -> Bool {
        switch body["thinking"]?["type"]?.string {
        case "enabled", "adaptive", "between_tools": true
        case "disabled": false
        default: body["output_config"]?["effort"]?.string != nil
        }
    }

    func error(_ refusal: Refusal, number: Int) -> JSON {
        [
            "type": "error",
            "error": [
                "type": .string(AnthropicDialect.type(of: refusal.status)), "message": .string(refusal.message),
            ],
            "request_id": .string("req_\(number)"),
        ]
    }

    private static func type(of status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 504: "timeout_error"
        case 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }

    func headers(number: Int) -> [(String, String)] {
        [("request-id", "req_\(number)")]
    }
}
