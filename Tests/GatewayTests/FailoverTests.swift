/// With the first provider failing in every way there is, the client gets its answer from the second, and the record says why.
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Gateway

struct FailoverRow: Sendable, CustomTestStringConvertible {
    let name: String
    let failure: FailureClass
    let isStreamed: Bool
    /// nil: nobody listens.
    let first: Behaviour?

    var testDescription: String { name }

    static let all: [FailoverRow] = [
        .init(name: "refuses", failure: .connectRefused, isStreamed: false, first: nil),
        .init(name: "hangs, plain", failure: .headTimeout, isStreamed: false, first: Mock.hang),
        .init(name: "hangs, streamed", failure: .headTimeout, isStreamed: true, first: Mock.hang),
        .init(name: "answers 500", failure: .serverError, isStreamed: false, first: Mock.status(500)),
        .init(name: "answers 429", failure: .rateLimited, isStreamed: true, first: Mock.status(429)),
        .init(name: "answers 401", failure: .unauthorised, isStreamed: false, first: Mock.status(401)),
        .init(name: "error as first event", failure: .errorFirstEvent, isStreamed: true, first: Mock.errorFirst),
        .init(name: "sends no HTTP", failure: .malformed, isStreamed: false, first: Mock.garbage),
        .init(name: "resets", failure: .reset, isStreamed: false, first: Mock.reset),
        .init(name: "drops before content", failure: .truncated, isStreamed: true, first: Mock.dropBeforeContent),
    ]
}

extension OverSockets {
    @Suite struct FailoverTests {
        @Test(arguments: FailoverRow.all)
        func theSecondProviderAnswersAndTheRecordSaysWhy(_ row: FailoverRow) throws {
            let first = try row.first.map { try MockProvider($0) }
            let dead = try TestSocket.listening().port
            let second = try MockProvider(row.isStreamed ? Mock.stream : Mock.plain)
            let gateway = try GatewayUnderTest(ports: [first?.port ?? dead, second.port])
            let client = try TestClient(gateway.port)
            let answer = try #require(client.chat(isStreamed: row.isStreamed))
            #expect(answer.status == 200 && answer.isComplete)
            #expect(row.isStreamed ? answer.body.hasSuffix("data: [DONE]\n\n") : answer.body == Mock.plainBody)
            let record = try #require(gateway.record())
            #expect(record.attempts.map(\.failure) == [row.failure, nil])
            #expect(record.outcome == .answered)
            #expect(answer.head.header("x-martlet-decision") == record.id)
            #expect(second.requests.first?.contains(#""model":"model-1""#) == true)
            #expect(
                eventually { gateway.all.contains { $0.isAgainst("chat.m0") } },
                "every one of these counts for the member's health"
            )
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func afterContentTheStreamEndsWithAnErrorEvent() throws {
            let first = try MockProvider(Mock.dropMidStream)
            let second = try MockProvider(Mock.stream)
            let gateway = try GatewayUnderTest(ports: [first.port, second.port])
            let answer = try #require(try TestClient(gateway.port).chat(isStreamed: true))
            #expect(answer.status == 200 && answer.isComplete)
            #expect(answer.body.contains("one"))
            #expect(answer.body.contains(#"data: {"error":"#))
            #expect(!answer.body.contains("[DONE]"))
            #expect(gateway.record()?.outcome == .brokenOff)
            #expect(second.requests.isEmpty)
            try gateway.stop()
        }

        @Test func whenAllAreExhaustedTheClientIsToldNotToRetry() throws {
            let first = try MockProvider(Mock.status(500))
            let gateway = try GatewayUnderTest(ports: [first.port, first.port])
            let answer = try #require(try TestClient(gateway.port).chat(isStreamed: false))
            #expect(answer.status == 502)
            #expect(answer.head.header("x-should-retry") == "false")
            #expect(answer.body.contains(#""code":"upstream_error""#))
            try gateway.stop()
        }

        @Test func aDeadIdleConnectionIsReplacedWithoutTheClientNoticing() throws {
            let provider = try MockProvider { connection in
                // Keeps the connection open for the next request, and closes when that comes.
                connection.write(Mock.answer(200, Mock.plainBody))
                _ = connection.read()
                return .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            #expect(client.chat(isStreamed: false)?.status == 200)
            #expect(client.chat(isStreamed: false)?.status == 200)
            #expect(provider.connections == 2)
            let record = try #require(gateway.record(1))
            #expect(record.attempts.count == 1 && record.attempts.first?.failure == nil)
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}
