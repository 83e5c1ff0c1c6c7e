/// A first provider with every fault there is: each ends within the timeout of its class, the answer comes from the second, and
/// nothing is held against that one. What begins to fail after its first words ends the stream.
import Glibc
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct FaultTests {
        /// How much later than its timeout an answer may come. The bound is 50 ms on a machine of one's own; what it was is printed.
        private static let grace = Span.seconds(3)

        @Test(arguments: FaultRow.all)
        func eachFaultEndsInTimeAndTheSecondProviderAnswers(_ row: FaultRow) throws {
            let first = try FaultyProvider(row.provider)
            let second = try MockProvider { connection in
                connection.write(Mock.answer(200, Mock.plainBody)) ? .keep : .close
            }
            let stream = try MockProvider(Mock.stream)
            for isStreamed in [false, true] {
                let healthy = isStreamed ? stream : second
                let gateway = try GatewayUnderTest(ports: [first.port, healthy.port], timeouts: FaultRow.timeouts) {
                    first.place(in: &$0)
                    // Not to be called a failure on a crowded machine.
                    $0.deployments[1].timeouts = ExchangeTimeouts()
                }
                try Self.check(row, gateway, isStreamed)
                try gateway.stop()
            }
        }

        private static func check(_ row: FaultRow, _ gateway: GatewayUnderTest, _ isStreamed: Bool) throws {
            let client = try TestClient(gateway.port)
            let began = GatewayClock.now()
            let answer = try #require(client.chat(isStreamed: isStreamed))
            let took = GatewayClock.now() - began
            #expect(answer.status == 200 && answer.isComplete)
            #expect(isStreamed ? answer.body.hasSuffix("data: [DONE]\n\n") : answer.body == Mock.plainBody)
            let record = try #require(gateway.record())
            let failure = try #require(record.attempts.first?.failure)
            #expect((isStreamed ? row.streamed : row.plain).contains(failure), "\(failure)")
            #expect(record.attempts.count == 2 && record.attempts.last?.failure == nil)
            let timeout = (isStreamed ? row.streamedTimeout : row.plainTimeout) ?? .zero
            #expect(took < timeout + grace)
            #expect(!gateway.all.contains { $0.isAgainst("chat.m1") }, "the healthy one is never put out")
            let beyond = Double(took.nanoseconds - timeout.nanoseconds) / 1e6
            print(
                "fault: \(row.name), \(isStreamed ? "streamed" : "plain"): \(failure.rawValue), \((beyond * 10).rounded() / 10) ms beyond \(timeout)"
            )
        }

        /// Whoever else was asked might say as much, and would be paid for it too.
        @Test func aPlainAnswerWithoutEndIsGivenUpAtTheFirst() throws {
            let first = try MockProvider { connection in
                connection.write(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                )
                return Fault.endless(Mock.chunk(String(repeating: " ", count: 60_000)))(connection)
            }
            let second = try MockProvider { $0.write(Mock.answer(200, Mock.plainBody)) ? .keep : .close }
            let gateway = try GatewayUnderTest(ports: [first.port, second.port], timeouts: ExchangeTimeouts())
            let answer = try #require(try TestClient(gateway.port).chat(isStreamed: false))
            #expect(answer.status == 502 && answer.body.contains("answer_too_large"))
            #expect(gateway.record()?.attempts.map(\.failure) == [.tooLarge] && second.requests.isEmpty)
            try gateway.stop()
        }

        /// What a provider does after its first words.
        struct Ending: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let failure: FailureClass
            let behaviour: Behaviour

            private static let half = Mock.chunk(#"data: {"id":"x","choices":[{"ind"#)

            static let all: [Ending] = [
                Ending(testDescription: "falls silent", failure: .stall, behaviour: Mock.hang),
                Ending(testDescription: "closes", failure: .truncated) { _ in .close },
                Ending(testDescription: "ends within an event", failure: .truncated) {
                    $0.write(half + "0\r\n\r\n") ? .keep : .close
                },
                Ending(testDescription: "breaks off within an event", failure: .truncated) {
                    $0.write(half)
                    return .close
                },
                Ending(testDescription: "sends what is no chunk", failure: .malformed) {
                    $0.write("nonsense\r\n") ? .keep : .close
                },
            ]
        }

        /// What has begun to answer is followed by no other: the client sees what came, and that it is not the whole.
        @Test(arguments: Ending.all)
        func afterItsFirstWordsAFaultEndsTheStreamWithAnError(_ ending: Ending) throws {
            let (name, behaviour) = (ending.testDescription, ending.behaviour)
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead + Mock.word("one"))
                return behaviour(connection)
            }
            let second = try MockProvider(Mock.stream)
            let timeouts = ExchangeTimeouts(betweenTokens: .milliseconds(300))
            let gateway = try GatewayUnderTest(ports: [provider.port, second.port], timeouts: timeouts)
            for path in ["/v1/chat/completions", "/v1/messages"] {
                let asked = TestClient.request(
                    "POST",
                    path,
                    body: TestClient.chat(isStreamed: true, more: #""max_tokens":5"#)
                )
                let answer = try #require(try TestClient(gateway.port).ask(asked))
                let blocks = answer.body.split(separator: "\n\n").map(String.init)
                #expect(answer.status == 200 && answer.isComplete && answer.body.hasSuffix("}\n\n"))
                #expect(blocks.dropLast().last?.contains("one") == true, "\(name): \(answer.body)")
                let mark = path == "/v1/messages" ? "event: error\ndata: {\"type\":\"error\"," : #"data: {"error":"#
                #expect(blocks.last?.hasPrefix(mark) == true, "\(name): \(answer.body)")
                #expect(!answer.body.contains("[DONE]") && !answer.body.contains("message_stop"))
            }
            #expect(gateway.record(1)?.attempts.map(\.failure) == [ending.failure], "\(name)")
            #expect(second.requests.isEmpty)
            try gateway.stop()
        }

        @Test func anEndlessStreamEndsWithTheWholeAndAnError() throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead)
                while connection.write(Mock.word("more")) { usleep(5000) }
                return .close
            }
            var timeouts = ExchangeTimeouts()
            timeouts.total = .milliseconds(500)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: timeouts)
            let answer = try #require(try TestClient(gateway.port).chat(isStreamed: true))
            #expect(answer.body.contains("more") && answer.body.contains(#"data: {"error":"#))
            #expect(!answer.body.contains("[DONE]"))
            #expect(gateway.record()?.attempts.map(\.failure) == [.total])
            try gateway.stop()
        }
    }
}

extension GatewayReport {
    /// Whether it says something bad of the member.
    func isAgainst(_ name: String) -> Bool {
        switch self {
        case .signal(name, _, let signal, _): signal != .success
        case .pause(name, _, _): true
        default: false
        }
    }
}
