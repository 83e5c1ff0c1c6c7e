import LabText

/// How does Gemini's API take a question and refuse one? The model and what is wanted of it stand in the path.
struct GeminiDialect: Dialect {
    var key: String
    var models: [String]

    let chatPath = "/v1beta/models"
    let modelsPath = "/v1beta/models"

    func admit(_ request: Request) throws(Refusal) {
        guard request.header("authorization") == nil, request.header("x-api-key") == nil else {
            throw Refusal(status: 401, message: "This key is of another kind.")
        }
        guard let given = request.header("x-goog-api-key") else {
            throw Refusal(status: 403, message: "Method doesn't allow unregistered callers.")
        }
        guard given == key else {
            throw Refusal(status: 400, message: "API key not valid.", code: "API_KEY_INVALID")
        }
    }

    /// What a path asks for: `/v1beta/models/MODEL:VERB?QUERY`.
    struct Asked {
        var model: String
        var verb: String
        var query: String

        init?(_ path: String) {
            let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
            guard let resource = parts.first, resource.hasPrefix("/v1beta/models/"),
                let colon = resource.lastIndex(of: ":")
            else { return nil }
            model = String(resource[..<colon].dropFirst("/v1beta/models/".count))
            verb = String(resource[colon...].dropFirst())
            query = parts.count > 1 ? parts[1] : ""
        }
    }

    func takesChat(_ path: String) -> Bool {
        guard let asked = Asked(path) else { return false }
        return (asked.verb, asked.query) == ("generateContent", "")
            || (asked.verb, asked.query) == ("streamGenerateContent", "alt=sse")
    }

    func question(_ body: JSON) throws(Refusal) -> Question {
        throw Refusal(status: 404, message: "The model is named in the path.")
    }

    func question(_ body: JSON, at path: String) throws(Refusal) -> Question {
        let body = Self.plain(body)
        try check(body, GeminiShape.request)
        let model = Asked(path)?.model ?? ""
        guard models.contains(model) else {
            throw Refusal(status: 404, message: "models/\(model) is not found for API version v1beta.")
        }
        try checkValues(body)
        try GeminiConversation.check(body["contents"]?.elements ?? [])
        return read(body, model: model, isStreamed: Asked(path)?.verb == "streamGenerateContent")
    }

    /// What is somebody else's inside a request, and has the names that they gave.
    private static let strangers: Set<String> = [
        "args", "response", "properties", "parametersJsonSchema", "responseJsonSchema", "partMetadata",
    ]

    /// The API takes each of its names in two spellings: `inline_data` is `inlineData`.
    static func plain(_ json: JSON) -> JSON {
        if let elements = json.elements { return .array(elements.map(plain)) }
        guard let members = json.members else { return json }
        return .object(
            members.map { member in
                let words = member.name.split(separator: "_")
                let name = words.dropFirst().reduce(words.first.map(String.init) ?? "") {
                    $0 + $1.prefix(1).uppercased() + $1.dropFirst()
                }
                return JSON.Member(name, strangers.contains(name) ? member.value : plain(member.value))
            }
        )
    }

    func check(_ body: JSON, _ shape: Shape) throws(Refusal) {
        do {
            try shape.check(body)
        } catch {
            throw Refusal(status: 400, message: "Invalid JSON payload received. '\(error.path)': \(error.fault)")
        }
    }

    private func checkValues(_ body: JSON) throws(Refusal) {
        let settings = body["generationConfig"]
        for (field, range) in [("temperature", 0.0...2.0), ("topP", 0.0...1.0)] {
            if let value = settings?[field]?.number, !range.contains(value) { throw wrong("\(field) is out of range") }
        }
        if let most = settings?["maxOutputTokens"]?.integer, most < 1 { throw wrong("maxOutputTokens is below 1") }
        if (settings?["stopSequences"]?.elements?.count ?? 0) > 5 { throw wrong("more than 5 stop sequences") }
        if settings?["responseSchema"] ?? settings?["responseJsonSchema"] != nil,
            settings?["responseMimeType"]?.string != "application/json"
        {
            throw wrong("a response schema needs the response mime type application/json")
        }
        var names: Set<String> = []
        for tool in Self.declarations(body) {
            guard let name = tool["name"]?.string, ToolName.isValid(name), names.insert(name).inserted else {
                throw wrong("a function's name is none, or given twice")
            }
            guard tool["parameters"] == nil || tool["parametersJsonSchema"] == nil else {
                throw wrong("parameters and parametersJsonSchema exclude each other")
            }
        }
        let calling = body["toolConfig"]?["functionCallingConfig"]
        for name in (calling?["allowedFunctionNames"]?.elements ?? []).compactMap(\.string) {
            guard calling?["mode"]?.string == "ANY" || calling?["mode"]?.string == "VALIDATED", names.contains(name)
            else {
                throw wrong("allowedFunctionNames: '\(name)' is not declared, or the mode does not take names")
            }
        }
    }

    private func wrong(_ message: String) -> Refusal { Refusal(status: 400, message: message) }

    static func declarations(_ body: JSON) -> [JSON] {
        (body["tools"]?.elements ?? []).flatMap { $0["functionDeclarations"]?.elements ?? [] }
    }

    private func read(_ body: JSON, model: String, isStreamed: Bool) -> Question {
        let contents = body["contents"]?.elements ?? []
        let last = contents.last { $0["role"]?.string != "model" }
        let parts = last?["parts"]?.elements ?? []
        let results = parts.compactMap { $0["functionResponse"]?["response"] }
        let names = Self.declarations(body).compactMap { $0["name"]?.string }
        let calling = body["toolConfig"]?["functionCallingConfig"]
        let mode = calling?["mode"]?.string
        let allowed = calling?["allowedFunctionNames"]?.elements?.first?.string
        let settings = body["generationConfig"]
        let thinking = settings?["thinkingConfig"]
        let system = Self.text(body["systemInstruction"]).count
        return Question(
            model: model,
            isStreamed: isStreamed,
            lastUserText: Self.text(last),
            toolResults: results.map(Self.said),
            tools: mode == "NONE" ? [] : names,
            forcedTool: mode == "ANY" ? allowed ?? names.first : nil,
            promptCharacters: contents.reduce(system) { $0 + Self.text($1).count },
            maxTokens: settings?["maxOutputTokens"]?.integer,
            stops: (settings?["stopSequences"]?.elements ?? []).compactMap(\.string),
            images: parts.count { part in
                let type = part["inlineData"]?["mimeType"] ?? part["fileData"]?["mimeType"]
                return type?.string?.hasPrefix("image/") ?? false
            },
            schema: settings?["responseJsonSchema"] ?? settings?["responseSchema"],
            thinks: thinking?["includeThoughts"]?.bool == true && thinking?["thinkingBudget"]?.integer != 0
        )
    }

    /// What a content says in words.
    static func text(_ content: JSON?) -> String {
        (content?["parts"]?.elements ?? []).filter { $0["thought"]?.bool != true }
            .compactMap { $0["text"]?.string }.joined()
    }

    /// A function's words: `output` and `error` are the API's own names for them.
    private static func said(_ response: JSON) -> String {
        let output = response["output"] ?? response["result"] ?? response["error"] ?? response
        return output.string ?? output.elements?.compactMap(\.string).joined() ?? output.description
    }

    func error(_ refusal: Refusal, number: Int) -> JSON {
        var members: [JSON.Member] = [
            JSON.Member("code", .integer(refusal.status)), JSON.Member("message", .string(refusal.message)),
            JSON.Member("status", .string(GeminiDialect.word(refusal.status))),
        ]
        if let code = refusal.code {
            let detail: JSON = [
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": .string(code),
                "domain": "googleapis.com",
            ]
            members.append(JSON.Member("details", [detail]))
        }
        return ["error": .object(members)]
    }

    private static func word(_ status: Int) -> String {
        switch status {
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 429: "RESOURCE_EXHAUSTED"
        case 503, 529: "UNAVAILABLE"
        case 504: "DEADLINE_EXCEEDED"
        case 500...: "INTERNAL"
        default: "INVALID_ARGUMENT"
        }
    }

    func headers(number: Int) -> [(String, String)] { [("server-timing", "gfet4t7; dur=\(number)")] }
}
