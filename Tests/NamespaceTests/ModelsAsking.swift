/// How do the model plane's tests ask: the gateway as its clients do, the daemon as its operator does?
import Glibc
import Lab
import LabText
import Testing

extension ModelsSite {
    static let words = "seven martlets fly over the wide river"

    /// A request under way; POST when there is a body.
    func begin(
        _ path: String,
        _ body: JSON? = nil,
        key: String? = "ci",
        at endpoint: String? = nil,
        within limit: Duration = .seconds(30)
    ) throws -> WebRequest {
        try WebRequest(
            to: endpoint ?? "\(Site.lan.v4):\(Self.port)",
            path: path,
            headers: key.map { ["authorization: Bearer \(Self.clientKey($0))"] } ?? [],
            body: body,
            within: limit,
            from: site.client,
            in: site.workspace
        )
    }

    /// A request to its end.
    func ask(_ path: String, _ body: JSON? = nil, key: String? = "ci", at endpoint: String? = nil) throws -> WebAnswer {
        try begin(path, body, key: key, at: endpoint).finish()
    }

    static let chatPath = "/v1/chat/completions"

    static func question(_ model: String, isStreamed: Bool, _ text: String = words) -> JSON {
        [
            "model": .string(model), "stream": .bool(isStreamed),
            "messages": [["role": "user", "content": .string(text)]],
        ]
    }

    func chat(_ model: String, isStreamed: Bool, _ text: String = words) throws -> WebAnswer {
        try ask(Self.chatPath, Self.question(model, isStreamed: isStreamed, text))
    }

    /// A stream of one piece after another, once its first words have come.
    func beginStream(_ model: String, pieces: Int) throws -> WebRequest {
        let text = Array(repeating: "word", count: pieces).joined(separator: " ")
        let request = try begin(Self.chatPath, Self.question(model, isStreamed: true, text))
        try eventually("the stream's first words", within: .seconds(10)) { request.soFar.text.contains("word") }
        return request
    }

    /// Runs `martlet` as root.
    func martlet(_ arguments: String...) throws -> Command.Result {
        try site.router.attempt([try Programs.built("martlet"), "--socket", socket] + arguments)
    }

    /// What `martlet show TABLE --json` says.
    func show(_ table: String) throws -> JSON {
        let result = try martlet("show", table, "--json")
        guard result.status == 0 else { return .null }
        return try JSON.parse(result.output)
    }

    /// The record of the decision that an answer names, as soon as the daemon has it.
    func decision(_ answer: WebAnswer) throws -> Decision {
        let id = try #require(answer.headers["x-martlet-decision"]?.string)
        return try eventually("decision \(id)", within: .seconds(5), every: .milliseconds(20)) {
            try show("decisions").elements?.first { $0["id"]?.string == id }.map { Decision(id: id, json: $0) }
        }
    }

    /// Applies a file that differs from `file` in what `change` does.
    func apply(_ file: ModelsFile) throws -> Command.Result {
        let path = site.workspace.path("applied.yaml")
        try TextFile.write(file.text(socket: socket), to: path)
        return try martlet("apply", path, "--no-confirm")
    }
}

/// A decision record, as far as the tests look at it.
struct Decision {
    var id: String
    var json: JSON

    var outcome: String? { json["outcome"]?.string }
    private var attempts: [JSON] { json["attempts"]?.elements ?? [] }
    var members: [String] { attempts.compactMap { $0["member"]?.string } }
    var paths: [String] { attempts.compactMap { $0["path"]?.string } }
    /// The class of each attempt's failure; nil for the one that answered.
    var failures: [String?] { attempts.map { $0["failure"]?.string } }
    var milliseconds: Double { Double(json["duration"]?.integer ?? 0) / 1e6 }
    var candidates: [JSON] { json["candidates"]?.elements ?? [] }
}

extension WebAnswer {
    /// What the model said, whether it was streamed or not.
    var text: String {
        if let body { return Self.choice(body)?["message"]?["content"]?.string ?? "" }
        return eventData.compactMap { Self.choice($0)?["delta"]?["content"]?.string }.joined()
    }

    /// Whether a stream ended as a success does.
    var saysDone: Bool { eventData.last == "[DONE]" }
    var finishReasons: [String] { eventData.compactMap { Self.choice($0)?["finish_reason"]?.string } }
    /// The `code` of an error: the body's, or that of the last event.
    var errorCode: String? {
        (body ?? eventData.last).flatMap { try? JSON.parse($0) }?["error"]?["code"]?.string
    }
    var milliseconds: Double { ended.milliseconds(since: began) }

    private static func choice(_ text: String) -> JSON? { (try? JSON.parse(text))?["choices"]?[0] }
}

/// Milliseconds with one digit.
func rounded(_ milliseconds: Double) -> String { "\((milliseconds * 10).rounded() / 10) ms" }
