import LabText

/// What does a local server say of itself, besides serving? Its models with what they have room for, and what it has to do: as strictly as
/// the real one, which answers nothing that it does not have.
struct LocalServer: Sendable {
    enum Kind: String, Sendable {
        case ollama
        case vllm
        /// Started without `--metrics`: its slots tell what it does.
        case llamaCpp = "llama.cpp"
    }

    /// One model.
    struct Model: Sendable {
        var name: String
        var context: Int
        var isLoaded: Bool
    }

    var kind: Kind
    var models: [Model]
    var running = 0
    var waiting = 0

    /// Slots of llama.cpp.
    private static let slots = 4

    init(_ kind: Kind, models: [String], context: Int = 8192) {
        self.kind = kind
        self.models = models.map { Model(name: $0, context: context, isLoaded: true) }
    }

    /// A state that cannot be understood.
    struct Unknown: Error, CustomStringConvertible {
        var description: String
    }

    /// Changes what `POST /_mock/server` names: `running`, `waiting`, `models`.
    mutating func change(_ json: JSON) throws(Unknown) {
        guard let members = json.members, members.allSatisfy({ ["running", "waiting", "models"].contains($0.name) })
        else { throw Unknown(description: "an object of running, waiting and models is wanted") }
        running = json["running"]?.integer ?? running
        waiting = json["waiting"]?.integer ?? waiting
        guard let list = json["models"]?.elements else { return }
        var all: [Model] = []
        for entry in list {
            guard let name = entry["name"]?.string, let context = entry["context"]?.integer else {
                throw Unknown(description: "a model has name and context")
            }
            all.append(Model(name: name, context: context, isLoaded: entry["loaded"]?.bool ?? true))
        }
        models = all
    }

    /// The answer at one of its own addresses; nil for all others.
    func reply(to request: Request) throws(Refusal) -> Reply? {
        switch (kind, request.method, request.path) {
        case (.ollama, "GET", "/api/tags"): return answer(["models": .array(models.map(tag))])
        case (.ollama, "GET", "/api/ps"): return answer(["models": .array(models.filter(\.isLoaded).map(loaded))])
        case (.ollama, "POST", "/api/show"): return try show(try Planner.body(of: request))
        case (.vllm, "GET", "/v1/models"): return answer(["object": "list", "data": .array(models.map(entry))])
        case (.vllm, "GET", "/metrics"): return metrics
        case (.llamaCpp, "GET", "/v1/models"): return answer(["object": "list", "data": .array(models.map(entry))])
        case (.llamaCpp, "GET", "/props"):
            let context = JSON.integer(models.first?.context ?? 0)
            return answer(["default_generation_settings": ["n_ctx": context], "total_slots": .integer(Self.slots)])
        case (.llamaCpp, "GET", "/metrics"):
            throw Refusal(status: 501, message: "This server does not support metrics endpoint.")
        case (.llamaCpp, "GET", "/slots"):
            return answer(.array((0..<Self.slots).map { ["id": .integer($0), "is_processing": .bool($0 < running)] }))
        case (.ollama, _, _), (.vllm, _, _), (.llamaCpp, _, _): return nil
        }
    }

    private func answer(_ json: JSON) -> Reply { .json(json, outcome: "inspected") }

    // MARK: Ollama

    private func digest(of model: Model) -> String { "sha-of-\(model.name)-\(model.context)" }

    private func tag(_ model: Model) -> JSON {
        ["name": .string(model.name), "model": .string(model.name), "digest": .string(digest(of: model)), "size": 1]
    }

    private func loaded(_ model: Model) -> JSON {
        [
            "name": .string(model.name), "model": .string(model.name), "digest": .string(digest(of: model)),
            "context_length": .integer(model.context), "size_vram": 1,
        ]
    }

    private func show(_ body: JSON) throws(Refusal) -> Reply {
        guard let members = body.members, members.allSatisfy({ ["model", "verbose"].contains($0.name) }) else {
            throw Refusal(status: 400, message: "json: unknown field")
        }
        guard let model = models.first(where: { $0.name == body["model"]?.string }) else {
            throw Refusal(status: 404, message: "model not found")
        }
        let info: JSON = ["general.architecture": "llama", "llama.context_length": .integer(model.context)]
        return answer(["details": ["format": "gguf"], "model_info": info, "capabilities": ["completion"]])
    }

    // MARK: vLLM and llama.cpp

    private func entry(_ model: Model) -> JSON {
        switch kind {
        case .vllm:
            [
                "id": .string(model.name), "object": "model", "owned_by": "vllm", "root": .string(model.name),
                "parent": .null, "max_model_len": .integer(model.context),
            ]
        case .ollama, .llamaCpp: ["id": .string(model.name), "object": "model", "owned_by": "llamacpp"]
        }
    }

    private var metrics: Reply {
        let labels = "{engine=\"0\",model_name=\"\(models.first?.name ?? "")\"}"
        let text = """
            # HELP vllm:num_requests_running Number of requests in model execution batches.
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running\(labels) \(running).0
            # TYPE vllm:num_requests_waiting gauge
            vllm:num_requests_waiting\(labels) \(waiting).0

            """
        let head = [("content-type", "text/plain; version=0.0.4"), ("content-length", String(text.utf8.count))]
        return Reply(steps: [.head(status: 200, headers: head), .body(text), .end], outcome: "inspected")
    }
}
