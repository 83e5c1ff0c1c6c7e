/// Does the gateway serve the real clients of each dialect, whatever the dialect of the provider behind it?
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
            let script: String
            /// Below the gateway's address.
            let path: String
            /// The group whose first provider speaks the client's own dialect.
            let own: String
            /// Cases that are run when none is named.
            let cases: Int

            static let openai = Client(script: "client_check.py", path: "/v1", own: "chat", cases: 25)
            static let anthropic = Client(script: "anthropic_check.py", path: "/anthropic", own: "talk", cases: 33)
            static let google = Client(script: "google_check.py", path: "", own: "gem", cases: 35)
            static let ollama = Client(script: "ollama_check.py", path: "", own: "local", cases: 29)
            static let responses = Client(script: "responses_check.py", path: "/v1", own: "new", cases: 31)
        }

        @Test func theRealClientsAreServedByBothDialectsAlikeAndUnderstandHowAnAnswerFails() throws {
            let models = try ModelsSite()
            for client in [Client.openai, .anthropic, .responses] {
                for name in ["chat", "talk"] { try Self.check(client, models, model: name) }
            }
            // Each group was served by its own first provider all along.
            let answered = try models.show("decisions").elements?.map { Decision(id: "", json: $0) }
                .filter { $0.outcome == "answered" }.flatMap(\.members)
            #expect(Set(answered ?? []) == ["chat.first", "talk.first"])
            for (provider, name) in [(models.openai, "chat"), (models.anthropic, "talk")] {
                for client in [Client.openai, .anthropic, .responses] {
                    try provider.mode("error-mid-stream", times: 1)
                    try Self.check(client, models, model: name, ["broken_stream"])
                }
            }
            for provider in [models.openai, models.anthropic] { try provider.mode("529") }
            for client in [Client.openai, .anthropic, .responses] {
                try Self.check(client, models, model: "talk", ["overloaded"])
            }
            models.tearDown()
        }

        /// Gemini's API on either side: its client at all three providers, and all clients at its provider.
        @Test func geminiIsServedAndServesLikeTheOthers() throws {
            let models = try ModelsSite { file, secrets in try? Self.addGemini(to: &file, secrets) }
            let gemini = try models.site.mockProvider(.gemini, place: 0, key: Self.geminiKey, port: Self.geminiPort)
            for name in ["gem", "chat", "talk"] { try Self.check(.google, models, model: name) }
            for client in [Client.openai, .anthropic, .responses] { try Self.check(client, models, model: "gem") }
            for name in ["gem", "chat"] { try Self.check(.google, models, model: name, ["embeddings"]) }
            try Self.check(.google, models, model: "gem", ["count_tokens"])
            for (provider, name) in [(gemini, "gem"), (models.anthropic, "talk.first")] {
                try provider.mode("error-mid-stream", times: 1)
                try Self.check(.google, models, model: name, ["broken_stream"])
            }
            for client in [Client.openai, .anthropic] {
                try gemini.mode("error-mid-stream", times: 1)
                try Self.check(client, models, model: "gem", ["broken_stream"])
            }
            try gemini.mode("503")
            for client in [Client.google, .openai, .anthropic] {
                try Self.check(client, models, model: "gem", ["overloaded"])
            }
            models.tearDown()
        }

        private static let geminiKey = "gm-secret-of-the-lab"
        private static let geminiPort = 81

        /// `gem` asks a provider that speaks Gemini's dialect, and nobody else.
        private static func addGemini(to file: inout ModelsFile, _ secrets: ModelsSite.Secrets) throws {
            let path = secrets.home + "/gemini.key"
            try TextFile.write(geminiKey, to: path, mode: 0o600)
            try #require(chown(path, uid_t(Account().user), gid_t(Account().group)) == 0)
            let url = "http://\(Site.providers[0].v4):\(geminiPort)"
            file.providers.append("gem: { dialect: gemini, url: \"\(url)\", key: { file: \(path) }, path: wan }")
            file.groups.append(
                ModelsFile.group("gem", [("gem", "gemini-pro")], ModelsFile.patient + ", not-carried: report")
            )
        }

        /// What an OpenAI client cannot ask of Ollama: two texts are two paragraphs there, a tool cannot be forced, and images are
        /// sent along.
        private static let ofOpenAI = [
            "plain", "system_message", "length_limit", "streamed", "streamed_with_usage", "tools_plain",
            "tools_parallel", "tools_streamed", "tools_streamed_parallel", "tool_round_trip", "early_disconnect",
            "stop_streamed",
            "tool_results_streamed", "schema", "thinking", "unknown_model_streamed",
        ]

        private static let ofAnthropic = [
            "text", "length_limit", "stop", "tools", "tools_parallel", "tool_results", "schema", "thinking", "pieces",
            "events", "early_disconnect",
        ]

        private static let ofResponses = [
            "retrieve", "wrong_key", "helper", "parsed", "early_disconnect",
        ]

        /// What a provider of their own API does like the others.
        private static let asOwn = [
            "conversation", "length_limit", "tools", "tools_parallel", "tool_choice_forced", "tool_results", "image",
            "schema", "thinking", "unknown_model", "helper", "parsed", "early_disconnect",
        ]

        @Test func ollamaServesAndIsServed() throws {
            let models = try ModelsSite { file, _ in
                let address = "http://\(Site.providers[1].v4):\(ModelsSite.ollamaPort)"
                file.providers.append("llama: { dialect: ollama, url: \"\(address)\", path: wan }")
                file.groups.append(ModelsFile.group("local", [("llama", "qwen3")]))
            }
            let ollama = try models.site.mockProvider(.ollama, place: 1, key: "", port: ModelsSite.ollamaPort)
            for name in ["chat", "talk", "local"] { try Self.check(.ollama, models, model: name) }
            for name in ["chat.first", "local"] { try Self.check(.ollama, models, model: name, ["embed"]) }
            try Self.check(.openai, models, model: "local", Self.ofOpenAI)
            try Self.check(.anthropic, models, model: "local", Self.ofAnthropic)
            try Self.check(.responses, models, model: "local", Self.ofResponses)
            for (provider, name) in [(models.openai, "chat"), (ollama, "local")] {
                for client in name == "local" ? [Client.ollama, .openai, .anthropic] : [.ollama] {
                    try provider.mode("error-mid-stream", times: 1)
                    try Self.check(client, models, model: name, ["broken_stream"])
                }
            }
            try ollama.mode("503")
            try Self.check(.ollama, models, model: "local", ["overloaded"])
            models.tearDown()
        }

        /// The Responses API has no stop texts; of all else that clients ask for nothing is missing there.
        private static let withoutStops: [(client: Client, cases: [String])] = [
            (
                .openai,
                [
                    "models", "plain", "system_message", "conversation", "length_limit", "streamed",
                    "streamed_with_usage",
                    "tools_plain", "tools_parallel", "tools_streamed", "tools_streamed_parallel", "tool_choice_forced",
                    "tool_round_trip", "unknown_model", "malformed_request", "early_disconnect", "assistant_first",
                    "tool_results_streamed", "image", "schema", "thinking", "unknown_model_streamed",
                ]
            ),
            (
                .anthropic,
                paired(["system_parts", "tool_choice", "unknown_model"]) + ["pieces", "events", "early_disconnect"]
            ),
            (.google, paired(["usage", "system", "conversation", "tool_choice"]) + ["early_disconnect", "array"]),
            (.ollama, paired(["conversation", "generate"]) + ["pieces", "early_disconnect"]),
            (.responses, asOwn),
        ]

        /// In one piece and in several.
        private static func paired(_ more: [String]) -> [String] {
            let names =
                ["text", "length_limit", "tools", "tools_parallel", "tool_results", "image", "schema", "thinking"]
                + more
            return names + names.map { $0 + "_streamed" }
        }

        @Test func aProviderOfTheResponsesAPIServesAllClients() throws {
            let models = try ModelsSite { file, secrets in
                file.providers.append(ModelsSite.provider("new", .responses, secrets.openai))
                file.groups.append(
                    ModelsFile.group("new", [("new", "gpt-5")], ModelsFile.patient + ", not-carried: report")
                )
            }
            let key = ModelsSite.openaiKey
            let provider = try models.site.mockProvider(.responses, place: 0, key: key, port: ModelsSite.responsesPort)
            for (client, cases) in Self.withoutStops { try Self.check(client, models, model: "new", cases) }
            for client in [Client.responses, .anthropic] {
                try provider.mode("error-mid-stream", times: 1)
                try Self.check(client, models, model: "new", ["broken_stream"])
            }
            try provider.mode("503")
            for client in [Client.responses, .anthropic] {
                try Self.check(client, models, model: "new", ["overloaded"])
            }
            let refused = try provider.requests().filter { $0["outcome"]?.string == "refused" }
            #expect(refused.isEmpty, "\(refused)")
            models.tearDown()
        }

        private static func check(
            _ client: Client,
            _ models: ModelsSite,
            model: String,
            _ cases: [String] = []
        ) throws {
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Clients/\(client.script)")
            var arguments = [try #require(python), script.path, "--key", ModelsSite.clientKey("ci"), "--model", model]
            arguments += ["--base-url", "http://\(Site.lan.v4):\(ModelsSite.port)\(client.path)"]
            if !cases.isEmpty { arguments += ["--cases", cases.joined(separator: ",")] }
            if model != client.own, client.script.hasPrefix("anthropic") { arguments.append("--foreign") }
            if model == "local", client.script.hasPrefix("client") { arguments.append("--uncounted") }
            let result = try models.site.client.attempt(arguments)
            let rows = try JSON.parseLines(result.output)
            for row in rows {
                let (name, detail) = (row["case"]?.string ?? "?", row["detail"]?.string ?? "")
                #expect(row["ok"]?.bool == true, "\(client.script), \(model): \(name): \(detail)")
            }
            // The client of the Responses API names some cases that it runs in both ways.
            #expect(
                rows.count >= (cases.isEmpty ? client.cases : cases.count) && result.status == 0,
                "\(result.errorOutput)"
            )
        }
    }
}
