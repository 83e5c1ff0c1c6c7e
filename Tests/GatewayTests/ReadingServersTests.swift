/// What the gateway reads of local servers over real connections, and what it makes of their queues.
import Inference
import NetTypes
import PolicyEngine
import Synchronization
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct ReadingServersTests {
        /// Pages by their paths; what has none is 404. Chat is answered as ever.
        private final class Server: Sendable {
            let pages: Mutex<[String: String]>
            let mock: MockProvider

            init(_ pages: [String: String]) throws {
                let relay = Relay()
                self.pages = Mutex(pages)
                mock = try MockProvider(reading: { request, connection in
                    let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? ""
                    guard path != "/v1/chat/completions" else { return Mock.plain(connection) }
                    let page = relay.server?.pages.withLock { $0[path] }
                    return connection.write(page ?? Mock.answer(404, "{}")) ? .keep : .close
                })
                relay.server = self
            }

            private final class Relay: @unchecked Sendable {
                weak var server: Server?
            }

            subscript(path: String) -> String? {
                get { pages.withLock { $0[path] } }
                set { pages.withLock { $0[path] = newValue } }
            }

            /// Requests for anything but chat.
            var asked: [String] {
                mock.requests.compactMap { $0.split(separator: "\r\n").first.map(String.init) }
            }
        }

        private static func page(_ body: String) -> String { Mock.answer(200, body) }

        private static func metrics(_ running: Int) -> String {
            page("vllm:num_requests_running{engine=\"0\"} \(running).0\nvllm:num_requests_waiting{engine=\"0\"} 0.0\n")
        }

        private static let models = page(#"{"data":[{"id":"llama","max_model_len":4096}]}"#)

        private static func probe(_ kind: ProviderProbe.Kind, every: Span = .milliseconds(100)) -> ProviderProbe {
            ProviderProbe(kind: kind, every: every, timeout: .milliseconds(10_000), downAfter: 1)
        }

        private static func outcomes(_ gateway: GatewayUnderTest) -> [ProbeOutcome] {
            gateway.all.flatMap { if case .probed(_, let outcomes, _) = $0 { outcomes } else { [] as [ProbeOutcome] } }
        }

        /// The kind, its pages, and what is read of them.
        private static let rows: [(kind: ProviderProbe.Kind, pages: [String: String], reading: ServerReading)] = [
            (
                .vllm, ["/v1/models": models, "/metrics": metrics(3)],
                ServerReading(models: [ServedModel("llama", context: 4096)], running: 3, waiting: 0)
            ),
            (
                .ollama,
                [
                    "/api/tags": Mock.streamHead.replacing("text/event-stream", with: "application/json")
                        + Mock.chunk(#"{"models":[{"name":"#) + Mock.chunk(#""q:latest","digest":"d"}]}"#)
                        + "0\r\n\r\n",
                    "/api/ps": page(#"{"models":[]}"#),
                    "/api/show": page(#"{"model_info":{"qwen3.context_length":40960}}"#),
                ],
                ServerReading(models: [ServedModel("q:latest", context: 40960, isLoaded: false)])
            ),
            (
                .llamaCpp,
                [
                    "/v1/models": page(#"{"data":[{"id":"model.gguf"}]}"#),
                    "/props": page(#"{"default_generation_settings":{"n_ctx":2048}}"#),
                    "/slots": page(#"[{"is_processing":true}]"#),
                ],
                ServerReading(models: [ServedModel("model.gguf", context: 2048)], takesAnyName: true, running: 1)
            ),
        ]

        @Test func everyKindIsReadOverConnections() throws {
            for row in Self.rows {
                let server = try Server(row.pages)
                let gateway = try GatewayUnderTest(ports: [server.mock.port]) {
                    $0.providers[0].probe = Self.probe(row.kind)
                }
                #expect(eventually(within: 20) { Self.outcomes(gateway).count > 1 }, "\(row.kind)")
                let first = try #require(Self.outcomes(gateway).first)
                #expect(first.failure == nil && first.reading == row.reading, "\(row.kind): \(first)")
                try gateway.stop()
            }
        }

        @Test func everyQuestionHasTheProvidersQuery() throws {
            let server = try Server(["/v1/models?k=v": Self.models, "/metrics?k=v": Self.metrics(2)])
            let gateway = try GatewayUnderTest(ports: [server.mock.port]) {
                $0.providers[0].probe = Self.probe(.vllm)
                $0.providers[0].quirks = ProviderQuirks(query: "k=v")
            }
            #expect(eventually(within: 20) { Self.outcomes(gateway).contains { $0.reading?.running == 2 } })
            try gateway.stop()
        }

        @Test func aServerThatIsNotThereIsReadWhenItIs() throws {
            let server = try Server([:])
            let gateway = try GatewayUnderTest(ports: [server.mock.port]) { $0.providers[0].probe = Self.probe(.vllm) }
            #expect(eventually(within: 20) { Self.outcomes(gateway).contains { $0.failure == .malformed } })
            server["/v1/models"] = Self.models
            #expect(
                eventually(within: 20) { Self.outcomes(gateway).contains { $0.reading?.models.first?.name == "llama" } }
            )
            try gateway.stop()
        }

        @Test func aPageLargerThanIsReadIsPassedOver() throws {
            let huge = String(repeating: "x 1\n", count: 1 << 20)
            let server = try Server(["/v1/models": Self.models, "/metrics": Self.page(huge)])
            let gateway = try GatewayUnderTest(ports: [server.mock.port]) {
                $0.providers[0].probe = Self.probe(.vllm, every: .seconds(60))
            }
            #expect(eventually(within: 20) { !Self.outcomes(gateway).isEmpty })
            let first = try #require(Self.outcomes(gateway).first)
            #expect(first.failure == nil && first.reading?.models.count == 1 && first.reading?.queue == nil)
            try gateway.stop()
        }

        @Test func aLongQueueIsPassedOverUntilItIsShort() throws {
            let server = try Server(["/v1/models": Self.models, "/metrics": Self.metrics(9)])
            let cloud = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [server.mock.port, cloud.port]) {
                $0.providers[0].probe = Self.probe(.vllm)
                $0.deployments[0].queueAtMost = 4
            }
            let client = try TestClient(gateway.port)
            /// Whether the cloud was asked.
            func spills() -> Bool {
                let before = cloud.requests.count
                _ = client.ask(TestClient.request(body: TestClient.chat(isStreamed: false)))
                return cloud.requests.count > before
            }
            #expect(eventually(within: 20) { spills() })
            server["/metrics"] = Self.metrics(0)
            #expect(eventually(within: 20) { !spills() })
            server["/metrics"] = Self.metrics(4)
            #expect(eventually(within: 20) { spills() })
            #expect(gateway.records.contains { $0.candidates.contains { $0.cause == "queue" } })
            try gateway.stop()
        }
    }
}
