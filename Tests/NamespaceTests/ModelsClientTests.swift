/// Does the gateway serve the real clients, whatever the dialect of the provider behind it? What came of every case of every client at every
/// provider stands in `Tests/Fixtures/clients.jsonl`, of which `docs/models-matrix.md` is made.
import Foundation
import Glibc
import Lab
import LabText
import Testing

/// `scripts/test` makes the clients' environment and names its interpreter.
private let python = ProcessInfo.processInfo.environment["MARTLET_PYTHON"]

extension ModelsSuites {
    @Suite(
        .serialized,
        .enabled(if: python != nil, "MARTLET_PYTHON names no interpreter with the clients' packages: run scripts/test")
    )
    struct ModelsClientTests {
        /// One of the real clients, and how it is let loose.
        struct Client: Sendable {
            /// As `docs/models-matrix.md` calls it.
            let name: String
            let script: String
            /// Where a script is for several.
            var which: [String] = []
            /// Below the gateway's address.
            var path = ""
            /// What the script is told of some models.
            var more: [String] = []
        }

        private static let clients = [
            Client(name: "openai", script: "client_check.py", path: "/v1", more: ["--uncounted", "local"]),
            Client(name: "openai, Responses API", script: "responses_check.py", path: "/v1", more: ["--own", "new"]),
            Client(name: "anthropic", script: "anthropic_check.py", path: "/anthropic", more: foreign),
            Client(name: "google-genai", script: "google_check.py", more: ["--uncounted", "local"]),
            Client(name: "ollama", script: "ollama_check.py"),
            Client(name: "mistralai", script: "mistral_check.py", path: "/mistral"),
            Client(name: "langchain-openai", script: "langchain_check.py", which: ["openai"]),
            Client(name: "langchain-openai, Responses API", script: "langchain_check.py", which: ["responses"]),
            Client(name: "langchain-anthropic", script: "langchain_check.py", which: ["anthropic"]),
            Client(name: "instructor", script: "instructor_check.py"),
            Client(name: "pydantic-ai", script: "pydantic_ai_check.py", which: ["openai"]),
            Client(name: "pydantic-ai, Responses API", script: "pydantic_ai_check.py", which: ["responses"]),
            Client(name: "pydantic-ai, Anthropic", script: "pydantic_ai_check.py", which: ["anthropic"]),
        ]

        private static let foreign = ["--foreign", "chat.first,gem,local,new"]

        /// The models that are asked for, and what their providers speak. Each has one provider, so that nobody stands in.
        private static let upstreams: [(model: String, dialect: String)] = [
            ("chat.first", "openai"), ("talk.first", "anthropic"), ("gem", "gemini"),
            ("local", "ollama"), ("new", "responses"),
        ]

        /// A call that fails after its beginning, and one that fails at once, are among the cases: the lab's providers fail where they are
        /// asked to.
        @Test func everyClientIsServedByEveryProviderOrToldWhichFieldCannotBe() throws {
            let models = try ModelsSite { file, secrets in try? Self.addOthers(to: &file, secrets) }
            _ = try models.site.mockProvider(.gemini, place: 0, key: Self.geminiKey, port: Self.geminiPort)
            _ = try models.site.mockProvider(.ollama, place: 1, key: "", port: ModelsSite.ollamaPort)
            let own = ModelsSite.responsesPort
            _ = try models.site.mockProvider(.responses, place: 0, key: ModelsSite.openaiKey, port: own)
            let all = Self.upstreams.map(\.model).joined(separator: ",")
            var lines: [String] = []
            for client in Self.clients {
                let rows = try Self.rows(client, models, model: all, client.more)
                for upstream in Self.upstreams {
                    let ofUpstream = rows.filter { $0["model"]?.string == upstream.model }
                    lines.append(Self.line(client, upstream.dialect, ofUpstream))
                }
            }
            try ClientRecord.expect(lines)
            // What only some of the providers have.
            try Self.check("google_check.py", models, model: "gem,chat.first", "embeddings")
            try Self.check("google_check.py", models, model: "gem", "count_tokens")
            try Self.check("ollama_check.py", models, model: "chat.first,local", "embed")
            try Self.check("responses_check.py", path: "/v1", models, model: "kept", Self.ofKept)
            models.tearDown()
        }

        private static let geminiKey = "gm-secret-of-the-lab"
        private static let geminiPort = 81

        private static let ofKept = "kept,kept_stream,background,input_tokens,sealed"

        /// `gem` asks a provider that speaks Gemini's dialect, `local` one that speaks Ollama's, `new` one that speaks the Responses API, and
        /// nobody else; `kept` asks one that is let to keep responses. What makes another answer and cannot be said at the first two is left out and named; at the others it is refused.
        private static func addOthers(to file: inout ModelsFile, _ secrets: ModelsSite.Secrets) throws {
            let path = secrets.home + "/gemini.key"
            try TextFile.write(geminiKey, to: path, mode: 0o600)
            try #require(chown(path, uid_t(Account().user), gid_t(Account().group)) == 0)
            let gemini = "http://\(Site.providers[0].v4):\(geminiPort)"
            let ollama = "http://\(Site.providers[1].v4):\(ModelsSite.ollamaPort)"
            file.providers.append("gem: { dialect: gemini, url: \"\(gemini)\", key: { file: \(path) }, path: wan }")
            file.providers.append("llama: { dialect: ollama, url: \"\(ollama)\", path: wan }")
            file.providers.append(ModelsSite.provider("new", .responses, secrets.openai))
            file.groups.append(ModelsFile.group("new", [("new", "gpt-5")]))
            let keeper = ModelsSite.provider("keeper", .responses, secrets.openai, more: "keeps-responses: true")
            file.providers.append(keeper)
            file.groups.append(ModelsFile.group("kept", [("keeper", "gpt-5"), ("new", "gpt-5-mini")]))
            let report = ModelsFile.patient + ", not-carried: report"
            file.groups.append(ModelsFile.group("gem", [("gem", "gemini-pro")], report))
            file.groups.append(ModelsFile.group("local", [("llama", "qwen3")], report))
        }

        /// What a client's cases printed. One that went wrong must be one that was refused by a field's name.
        private static func rows(
            _ client: Client,
            _ models: ModelsSite,
            model: String,
            _ more: [String]
        ) throws -> [JSON] {
            var arguments = [try #require(python), ModelsSite.tests + "/Clients/\(client.script)"] + client.which
            arguments += ["--key", ModelsSite.clientKey("ci"), "--model", model]
            arguments += ["--base-url", "http://\(Site.lan.v4):\(ModelsSite.port)\(client.path)"]
            let result = try models.site.client.attempt(arguments + more, within: .seconds(120))
            let rows = try JSON.parseLines(result.output)
            for row in rows where row["ok"]?.bool != true && row["refused"] == nil {
                Issue.record("\(client.name): \(row)")
            }
            #expect(!rows.isEmpty, "\(client.name): \(result.errorOutput)")
            return rows
        }

        private static func check(
            _ script: String,
            path: String = "",
            _ models: ModelsSite,
            model: String,
            _ names: String
        ) throws {
            let client = Client(name: script, script: script, path: path)
            let rows = try rows(client, models, model: model, ["--cases", names])
            #expect(rows.allSatisfy { $0["ok"]?.bool == true }, "\(rows)")
        }

        /// One client at one provider: the cases that were served, and those that were refused with the field.
        private static func line(_ client: Client, _ dialect: String, _ rows: [JSON]) -> String {
            let served = rows.filter { $0["ok"]?.bool == true }.compactMap { $0["case"] }
            let refused = rows.compactMap { row -> JSON.Member? in
                guard let name = row["case"]?.string, let field = row["refused"] else { return nil }
                return JSON.Member(name, field)
            }
            let line: JSON = [
                "client": .string(client.name), "upstream": .string(dialect), "served": .array(served),
                "refused": .object(refused),
            ]
            return line.description
        }
    }
}
