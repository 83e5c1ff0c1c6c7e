/// What Prometheus reads of model requests: names, labels, and that the numbers are those of the decisions.
import ConfigModel
import ConfigYAML
import Foundation
import Inference
import NetTypes
import Runtime
import Testing

@testable import Daemon

@Suite struct ModelMetricsTests {
    private static let text = """
        version: 1
        models:
          listen: [127.0.0.1:8080]
          providers: { cloud: { dialect: anthropic, url: "http://127.0.0.1:8000" } }
          groups: { chat: { members: { big: { provider: cloud, model: claude-1 } } } }
          keys: { ci: { hash: "sha256:\(String(repeating: "1", count: 64))" } }

        """

    private func page(_ reports: [GatewayReport], _ text: String = text) throws -> String {
        let tree = ConfigLoader.read(Array(text.utf8), name: "martlet.yaml")
        let configuration = try #require(Configuration.check(tree).configuration)
        var router = Router()
        let now = Instant(nanoseconds: 1)
        func tell(_ kind: Event.Kind) { _ = router.turn(Event(at: now, draw: 0, kind)) }
        tell(.configured(configuration))
        for report in reports { tell(.fact(.gateway(report))) }
        return MetricsPage.text(Answers(router: router, now: now), [])
    }

    /// A streamed request whose first attempt was refused.
    private func record() throws -> DecisionRecord {
        let text = #"""
            {"id":"0","startedAt":0,"startedUnix":0,"duration":30000000,"requestedModel":"a stranger's word",
            "group":"chat","isStreamed":true,"draw":7,"generation":1,"candidates":[],"outcome":"answered","status":200,
            "bytesToClient":1,"contentAfter":10000000,"usage":{"input":100,"cachedInput":40,"output":11},"attempts":[
            {"member":"chat.big","upstreamModel":"claude-1","endpoint":"a:1","reusedConnection":false,"startedAfter":0,
            "failure":"connect-refused","total":20000000,"bytesSent":0,"bytesReceived":0},
            {"member":"chat.big","upstreamModel":"claude-1","endpoint":"a:1","reusedConnection":false,"startedAfter":0,
            "firstToken":5000000,"total":20000000,"bytesSent":1,"bytesReceived":2}]}
            """#
        return try JSONDecoder().decode(DecisionRecord.self, from: Data(text.utf8))
    }

    private static let names =
        #"gen_ai_operation_name="chat",gen_ai_provider_name="anthropic",martlet_provider="cloud",martlet_member="chat.big""#
    private static let client = names + #",gen_ai_request_model="claude-1""#
    private static let server = names + #",gen_ai_request_model="chat",gen_ai_response_model="claude-1""#

    @Test(
        arguments: [
            (#"gen_ai_server_request_duration_seconds_bucket{\#(server),le="0.02"} 0"#, "30 ms are above 20"),
            (#"gen_ai_server_request_duration_seconds_bucket{\#(server),le="0.04"} 1"#, "and below 40"),
            (#"gen_ai_server_request_duration_seconds_bucket{\#(server),le="+Inf"} 1"#, "all"),
            ("gen_ai_server_request_duration_seconds_sum{\(server)} 0.03", "in seconds"),
            ("gen_ai_server_time_to_first_token_seconds_sum{\(server)} 0.01", "to the client"),
            ("gen_ai_server_time_per_output_token_seconds_sum{\(server)} 0.002", "20 ms for ten tokens"),
            (
                #"gen_ai_client_operation_duration_seconds_count{\#(client),error_type="connect-refused"} 1"#,
                "with its class"
            ),
            ("gen_ai_client_operation_duration_seconds_count{\(client)} 1", "without one"),
            ("gen_ai_client_operation_time_to_first_chunk_seconds_sum{\(client)} 0.005", "from the provider"),
            (#"gen_ai_client_token_usage_sum{\#(client),gen_ai_token_type="input"} 100"#, "tokens in"),
            (#"gen_ai_client_token_usage_bucket{\#(client),gen_ai_token_type="output",le="16"} 1"#, "and out"),
            (#"martlet_model_tokens_total{\#(client),class="cached_read"} 40"#, "a part of them"),
            (#"martlet_model_attempts_total{\#(client),failure="connect-refused"} 1"#, "one failed"),
            (#"martlet_model_attempts_total{\#(client),failure="none"} 1"#, "one did not"),
            (#"martlet_model_failovers_total{group="chat"} 1"#, "so there was a second"),
            ("martlet_model_requests_serving 5", "of both loops"),
            ("martlet_gateway_reports_dropped_total 7", "nobody knows what they were"),
        ] as [(String, Comment)]
    )
    func thePageSaysWhatWasDecided(_ line: String, _ why: Comment) throws {
        let reports: [GatewayReport] = [
            .decisions([try record()]), .serving(loop: 0, requests: 2), .serving(loop: 1, requests: 3),
            .dropped(reports: 7),
        ]
        let page = try page(reports)
        #expect(page.contains(line + "\n"), why)
        #expect(!page.contains("stranger"))
    }

    @Test func whatIsPassedOnIsTheProviders() throws {
        var record = try record()
        record.operation = .passThrough
        record.group = nil
        record.attempts.removeFirst()
        record.attempts[0].member = "cloud"
        record.attempts[0].upstreamModel = ""
        let labels =
            #"gen_ai_operation_name="pass_through",gen_ai_provider_name="anthropic",martlet_provider="cloud",martlet_member="cloud""#
        let text = try page([.decisions([record])])
        #expect(text.contains("gen_ai_client_operation_duration_seconds_count{\(labels),"))
    }

    @Test func aLocalServersQueueIsTheProviders() throws {
        let reading = ServerReading(models: [ServedModel("llama")], running: 3)
        let outcome = ProbeOutcome(path: nil, failure: nil, after: .zero, reading: reading)
        let text = Self.text.replacing(#":8000" }"#, with: #":8000", probe: { kind: sglang } }"#)
        let page = try page([.probed(provider: "cloud", [outcome], at: Instant(nanoseconds: 1))], text)
        #expect(page.contains(#"martlet_provider_requests{provider="cloud",state="running"} 3"# + "\n"))
        #expect(!page.contains(#"state="waiting""#), "what it does not say is not 0")
    }

    @Test func everyFamilyIsSaidOnceAndEveryLineIsAPair() throws {
        let lines = try page([.decisions([try record()])]).split(separator: "\n")
        let families = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        #expect(Set(families).count == families.count)
        for line in lines where !line.hasPrefix("#") {
            #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
        }
    }
}
