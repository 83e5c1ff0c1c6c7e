/// Does each file of the catalogue reach a provider that behaves as that one does? Mocks that refuse what the real one is said to refuse: another
/// credential, another address, another version, a field that it does not know.
import ConfigModel
import ConfigYAML
import Foundation
import Inference
import NetTypes
import Synchronization
import Testing

@testable import Gateway
@testable import Runtime

extension OverSockets {
    @Suite struct CatalogueTests {
        /// What one provider insists on, said here once more and apart from the catalogue.
        struct Strictness: Sendable {
            let name: String
            var address: String
            var credential = "authorization: Bearer sk-there"
            var more: [String] = []
            /// Fields that it answers with an error.
            var unknown: Set<String> = []
            /// The same in a message: what a model of another provider thought.
            var unknownInMessages: Set<String> = []
            /// How many letters and digits names of calls have; nil: any will do.
            var callIDs: Int?
            /// Fields by which a client would choose what its key may not have, or what costs more than the member's price says.
            var choosing: Set<String> = []
            /// How it calls the most tokens of an answer.
            var tokens = "max_completion_tokens"
        }

        private static let variable = "MARTLET_TEST_CATALOGUE_KEY"
        private static let older = "max_tokens"

        /// Those whose dialect is not OpenAI's: what it cannot say is refused before it is the provider's affair, and how they answer is tried
        /// elsewhere.
        private static let others: Set = ["anthropic", "google", "ollama", "openai-responses"]

        static let providers: [Strictness] = [
            .init(
                name: "alibaba",
                address: "/compatible-mode/v1/chat/completions",
                unknown: ["logit_bias", "service_tier", "store", "user"],
                tokens: older
            ),
            .init(
                name: "anthropic",
                address: "/v1/messages",
                credential: "x-api-key: sk-there",
                more: ["anthropic-version: 2023-06-01"],
                unknown: ["max_completion_tokens", "seed", "user", "store"],
                tokens: older
            ),
            .init(
                name: "azure",
                address: "/openai/deployments/gpt-4.1/chat/completions?api-version=2024-10-21",
                credential: "api-key: sk-there",
                unknown: ["service_tier", "store"]
            ),
            .init(name: "azure-v1", address: "/openai/v1/chat/completions", credential: "api-key: sk-there"),
            .init(
                name: "cerebras",
                address: "/v1/chat/completions",
                unknown: ["frequency_penalty", "presence_penalty", "logit_bias", "service_tier", "store"],
                unknownInMessages: ["reasoning_content"]
            ),
            .init(
                name: "cohere",
                address: "/compatibility/v1/chat/completions",
                unknown: ["logit_bias", "n", "parallel_tool_calls", "service_tier", "store", "user"],
                tokens: older
            ),
            .init(
                name: "deepinfra",
                address: "/v1/openai/chat/completions",
                unknown: ["logit_bias", "parallel_tool_calls", "store"],
                tokens: older
            ),
            .init(
                name: "deepseek",
                address: "/v1/chat/completions",
                unknown: ["logit_bias", "n", "seed", "store", "user"],
                tokens: older
            ),
            .init(
                name: "fireworks",
                address: "/inference/v1/chat/completions",
                unknown: ["service_tier", "store"],
                tokens: older
            ),
            .init(
                name: "github-models",
                address: "/inference/chat/completions",
                more: ["x-github-api-version: 2022-11-28"],
                unknown: ["logit_bias", "service_tier", "store", "user"]
            ),
            .init(
                name: "google",
                address: "/v1beta/models/gemini-x:generateContent",
                credential: "x-goog-api-key: sk-there",
                unknown: ["model", "messages", "stream", "max_completion_tokens", "stop"],
                tokens: "generationConfig.maxOutputTokens"
            ),
            .init(
                name: "groq",
                address: "/openai/v1/chat/completions",
                unknown: ["logit_bias", "logprobs"],
                unknownInMessages: ["reasoning_content"],
                choosing: ["compound_custom"]
            ),
            .init(
                name: "hyperbolic",
                address: "/v1/chat/completions",
                unknown: ["tools", "tool_choice", "parallel_tool_calls", "service_tier", "store"],
                tokens: older
            ),
            .init(name: "llama-cpp", address: "/v1/chat/completions"),
            .init(name: "lm-studio", address: "/v1/chat/completions", tokens: older),
            .init(name: "localai", address: "/v1/chat/completions", tokens: older),
            .init(
                name: "mistral",
                address: "/v1/chat/completions",
                unknown: ["logit_bias", "logprobs", "service_tier", "store", "stream_options", "user", "seed"],
                unknownInMessages: ["reasoning_content"],
                callIDs: 9,
                tokens: older
            ),
            .init(
                name: "moonshot",
                address: "/v1/chat/completions",
                unknown: ["logit_bias", "logprobs", "parallel_tool_calls", "service_tier", "store", "user"],
                tokens: older
            ),
            .init(name: "nebius", address: "/v1/chat/completions", tokens: older),
            .init(
                name: "novita",
                address: "/openai/v1/chat/completions",
                unknown: ["parallel_tool_calls", "service_tier", "store", "user"],
                tokens: older
            ),
            .init(
                name: "nvidia",
                address: "/v1/chat/completions",
                unknown: ["logit_bias", "parallel_tool_calls", "service_tier", "store", "user"],
                tokens: older
            ),
            .init(
                name: "ollama",
                address: "/api/chat",
                unknown: ["max_completion_tokens", "stop", "temperature", "tool_choice", "user"],
                tokens: "options.num_predict"
            ),
            .init(name: "openai", address: "/v1/chat/completions"),
            .init(
                name: "openai-responses",
                address: "/v1/responses",
                unknown: ["max_completion_tokens", "messages", "stop", "stream_options", "response_format"],
                tokens: "max_output_tokens"
            ),
            .init(
                name: "openrouter",
                address: "/api/v1/chat/completions",
                unknown: ["service_tier", "store"],
                choosing: ["models", "plugins", "preset", "provider", "route", "transforms"],
                tokens: older
            ),
            .init(
                name: "perplexity",
                address: "/chat/completions",
                unknown: [
                    "logit_bias", "logprobs", "n", "parallel_tool_calls", "seed", "service_tier", "stop", "store",
                    "stream_options", "tool_choice", "tools", "user",
                ],
                tokens: older
            ),
            .init(
                name: "sambanova",
                address: "/v1/chat/completions",
                unknown: [
                    "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "n", "seed", "store", "user",
                ],
                tokens: older
            ),
            .init(name: "sglang", address: "/v1/chat/completions"),
            .init(
                name: "tgi",
                address: "/v1/chat/completions",
                unknown: ["parallel_tool_calls", "service_tier", "store", "user"],
                tokens: older
            ),
            .init(
                name: "together",
                address: "/v1/chat/completions",
                unknown: ["service_tier", "store", "user"],
                tokens: older
            ),
            .init(name: "vllm", address: "/v1/chat/completions"),
            .init(
                name: "xai",
                address: "/v1/chat/completions",
                unknown: ["logit_bias", "service_tier", "store"]
            ),
            .init(
                name: "zai",
                address: "/api/paas/v4/chat/completions",
                unknown: [
                    "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "n", "parallel_tool_calls",
                    "seed",
                    "service_tier", "store", "stream_options", "user",
                ],
                tokens: older
            ),
        ]

        /// Everything that a client of OpenAI's says now and then.
        private static func ask(isStreamed: Bool, to provider: String) -> String {
            // What Anthropic's dialect cannot say is refused before it is a provider's affair.
            let wide =
                #""n":1,"seed":7,"logprobs":false,"logit_bias":{},"frequency_penalty":0,"presence_penalty":0,"service_tier":"auto","store":false,"#
            let tools =
                #""tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}],"tool_choice":"auto","parallel_tool_calls":true,"#
            let call = #"{"id":"call_1_0","type":"function","function":{"name":"look","arguments":"{}"}}"#
            let choices = providers.filter { $0.name == provider }.flatMap(\.choosing).map { "\"\($0)\":[\"x\"]," }
                .joined()
            return
                #"{"model":"chat","stream":\#(isStreamed),"max_completion_tokens":50,"temperature":0.5,"stop":["END"],"#
                + (others.contains(provider) ? "" : wide) + choices + tools
                + #""user":"u-1","messages":[{"role":"user","content":"hello"},"#
                + #"{"role":"assistant","content":"hi","reasoning_content":"be brief"},{"role":"user","content":"so?"},"#
                + #"{"role":"assistant","tool_calls":[\#(call)]},{"role":"tool","tool_call_id":"call_1_0","content":"1"}]}"#
        }

        /// What a provider finds wrong with a request; nil if nothing.
        private static func objection(to request: String, by strict: Strictness) -> (status: Int, String)? {
            let line = String(request.prefix { $0 != "\r\n" })
            guard line == "POST \(strict.address) HTTP/1.1" else { return (404, "no such address: \(line)") }
            for wanted in [strict.credential] + strict.more {
                let parts = wanted.split(separator: ":", maxSplits: 1)
                guard request.header(String(parts[0])) == String(parts[1].dropFirst()) else {
                    return (401, "lacks \(parts[0])")
                }
            }
            let others = ["authorization", "x-api-key", "api-key", "x-goog-api-key"].filter {
                !strict.credential.hasPrefix($0 + ":")
            }
            if let other = others.first(where: { request.header($0) != nil }) { return (401, "has \(other)") }
            guard let end = request.range(of: "\r\n\r\n"),
                let body = try? JSONSerialization.jsonObject(with: Data(request[end.upperBound...].utf8))
                    as? [String: Any]
            else { return (400, "no JSON") }
            if let unknown = body.keys.first(where: strict.unknown.union(strict.choosing).contains) {
                return (400, "unknown field \(unknown)")
            }
            let messages = body["messages"] as? [[String: Any]] ?? []
            if let unknown = messages.lazy.flatMap(\.keys).first(where: strict.unknownInMessages.contains) {
                return (400, "unknown field \(unknown) of a message")
            }
            if let length = strict.callIDs {
                let id = messages.compactMap { $0["tool_call_id"] as? String }.first ?? ""
                let made = messages.compactMap { ($0["tool_calls"] as? [[String: Any]])?.first?["id"] as? String }
                guard id.wholeMatch(of: /[A-Za-z0-9]+/) != nil, id.count == length, made == [id] else {
                    return (400, "a call named \(id) of \(made)")
                }
            }
            let tokens = strict.tokens.split(separator: ".").reduce(body as Any?) {
                ($0 as? [String: Any])?[String($1)]
            }
            guard tokens as? Int == 50 else { return (400, "lacks \(strict.tokens)") }
            let other = strict.tokens == older ? "max_completion_tokens" : older
            return body[other] == nil ? nil : (400, "unknown field \(other)")
        }

        private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../etc/martlet/providers").standardized

        /// The file of one provider with a mock behind its address, the way an operator brings it in.
        /// - Parameter model: nil: one that the file need not know.
        static func models(
            _ name: String,
            at port: UInt16,
            notCarried: String,
            model: String? = nil
        ) throws -> ModelsConfiguration {
            let text = try String(contentsOf: folder.appending(path: "\(name).yaml"), encoding: .utf8)
            let address = try #require(text.firstMatch(of: /url: (https?:\/\/[^\/\n]+)/))
            let file = text.replacingOccurrences(of: address.1, with: "http://127.0.0.1:\(port)")
            let model = model ?? ["azure": "gpt-4.1", "google": "gemini-x"][name] ?? "some/model"
            let own = """
                version: 1
                models:
                  listen: [127.0.0.1:1]
                  providers: { \(name): { key: { file: /dev/null } } }
                  groups: { chat: { not-carried: \(notCarried), members: { m0: { provider: \(name), model: \(model) } } } }
                  keys: { ci: { hash: "sha256:1111111111111111111111111111111111111111111111111111111111111111" } }
                """
            let tree = ConfigLoader.read([("martlet.yaml", Array(own.utf8)), ("\(name).yaml", Array(file.utf8))])
            let checked = Configuration.check(tree)
            return try #require(checked.configuration?.models, "\(checked.errors)")
        }

        static func gateway(
            _ name: String,
            _ port: UInt16,
            notCarried: String,
            model: String? = nil
        ) throws -> GatewayUnderTest {
            setenv(variable, "sk-there", 1)
            let models = try models(name, at: port, notCarried: notCarried, model: model)
            let wanted = ModelPlane(models, keeping: nil, at: Instant(nanoseconds: 1)).snapshot(nil)
            return try GatewayUnderTest(ports: [port], loops: 1) { snapshot in
                snapshot.providers = wanted.providers
                snapshot.providers[0].secret = .environment(variable)
                snapshot.providers[0].probe = nil
                snapshot.deployments[0].model = wanted.deployments[0].model
                snapshot.deployments[0].notCarried = wanted.deployments[0].notCarried
                snapshot.deployments[0].facts = wanted.deployments[0].facts
            }
        }

        @Test func everyFileIsTriedHere() throws {
            let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
            #expect(files == Self.providers.map { $0.name + ".yaml" }.sorted())
            #expect(files.count >= 25)
        }

        @Test(arguments: providers) func itsRequestsAreWhatTheProviderTakes(_ strict: Strictness) throws {
            let objections = Mutex<[String]>([])
            let provider = try MockProvider(reading: { request, connection in
                if let (status, why) = Self.objection(to: request, by: strict) {
                    objections.withLock { $0.append(why) }
                    return Mock.status(status)(connection)
                }
                if Self.others.contains(strict.name) { return Mock.status(529)(connection) }
                return (request.contains(#""stream":true"#) ? Mock.stream : Mock.plain)(connection)
            })
            let gateway = try Self.gateway(strict.name, provider.port, notCarried: "report")
            let client = try TestClient(gateway.port)
            // Google's streams have another address.
            for isStreamed in strict.name == "google" ? [false] : [false, true] {
                let answer = client.ask(TestClient.request(body: Self.ask(isStreamed: isStreamed, to: strict.name)))
                let status = Self.others.contains(strict.name) ? 503 : 200
                #expect(answer?.status == status, "\(objections.withLock { $0 }) \(answer?.body ?? "")")
            }
            #expect(objections.withLock { $0 } == [] && !provider.requests.isEmpty)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func whatAProviderDoesNotTakeIsRefusedByNameUnlessItMayBeLeftOut() throws {
            let provider = try MockProvider(Mock.plain)
            let ask = TestClient.request(body: Self.ask(isStreamed: false, to: "perplexity"))
            for (notCarried, status) in [("refuse", 400), ("report", 200)] {
                let gateway = try Self.gateway("perplexity", provider.port, notCarried: notCarried)
                let client = try TestClient(gateway.port)
                let answer = try #require(client.ask(ask))
                #expect(answer.status == status)
                if status == 400 {
                    #expect(answer.body.contains("is not taken by this model's provider"))
                } else {
                    #expect(answer.head.header("x-martlet-not-carried")?.contains("tools") == true)
                }
                client.socket.hangUp()
                try gateway.stop()
            }
        }

        @Test func theCatalogueKnowsSixtyModels() throws {
            let known = try Self.providers.map { strict in
                try Self.models(strict.name, at: 1, notCarried: "report").providers[0]
            }
            #expect(known.reduce(0) { $0 + $1.models.count } >= 60)
            #expect(known.allSatisfy { $0.tried != nil }, "each says whether it was ever held against the real one")
        }
    }
}
