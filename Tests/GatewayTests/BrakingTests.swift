/// Trials and retries as requests meet them.
import ConfigSyntax
import Glibc
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct BrakingTests {
        @Test func whileOneRequestTriesAMemberTheOthersGoElsewhere() throws {
            let slow = try MockProvider { connection in
                usleep(1_000_000)
                return Mock.plain(connection)
            }
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [slow.port, second.port], timeouts: ExchangeTimeouts()) {
                $0.trials = [MemberID(0)]
            }
            let first = try TestClient(gateway.port)
            first.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false)))
            #expect(eventually { slow.requests.count == 1 })
            for _ in 0..<4 { #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200) }
            #expect(slow.requests.count == 1 && second.requests.count == 4)
            #expect(first.answer()?.status == 200)
            #expect(first.chat(isStreamed: false)?.status == 200)
            #expect(slow.requests.count == 2, "the trial is over")
            try gateway.stop()
        }

        @Test func aTrialWhoseClientLeavesMayBeTakenByAnother() throws {
            let silent = try MockProvider(Mock.hang)
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [silent.port, second.port]) { $0.trials = [MemberID(0)] }
            do {
                let leaving = try TestClient(gateway.port)
                leaving.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false)))
                #expect(eventually { silent.requests.count == 1 })
            }
            #expect(gateway.record()?.outcome == .clientGone)
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200)
            #expect(silent.requests.count == 2)
            try gateway.stop()
        }

        @Test func withoutRetriesLeftTheFirstFailureIsTold() throws {
            let first = try MockProvider(Mock.status(500))
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [first.port, second.port]) {
                $0.retryBudgets = [RetryBudget(share: .zero, atLeast: 2)]
            }
            let client = try TestClient(gateway.port)
            let statuses = (0..<4).map { _ in client.chat(isStreamed: false)?.status }
            #expect(statuses == [200, 200, 502, 502])
            #expect(second.requests.count == 2)
            #expect(gateway.record(3)?.attempts.map(\.failure) == [.serverError, .retryBudget])
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}
