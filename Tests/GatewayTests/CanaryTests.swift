/// What a member is asked when the daemon wants to know whether it works.
import ConfigSyntax
import Inference
import PolicyEngine
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct CanaryTests {
        @Test func aCanaryIsARequestToItsMemberWhateverPoliciesSay() throws {
            let (first, second) = (try MockProvider(Mock.plain), try MockProvider(Mock.plain))
            let any = try Match.compile(
                try Expression(parsing: "any"),
                schema: RequestFact.schema,
                sets: SetTable([])
            ).get()
            let gateway = try GatewayUnderTest(ports: [first.port, second.port]) {
                let place = Place(file: 0, line: 1, column: 1)
                $0.policies = [
                    GatewayPolicy(
                        name: "none",
                        place: place,
                        match: any,
                        target: .reject(reason: "closed"),
                        fallsThrough: false
                    )
                ]
            }
            gateway.send(.canary(member: "chat.m1"))
            let record = try #require(gateway.record())
            #expect(record.key == MemberCanary.key && record.outcome == .answered && record.policy == nil)
            #expect(record.attempts.map(\.member) == ["chat.m1"] && record.cost?.provider == "p\(second.port)")
            #expect(first.requests.isEmpty && second.requests.count == 1)
            #expect(second.requests.first?.hasSuffix(#""messages":[{"role":"user","content":"ping"}]}"#) == true)
            #expect(
                eventually {
                    gateway.all.contains { if case .signal("chat.m1", _, .success, _) = $0 { true } else { false } }
                }
            )
            try gateway.stop()
        }

        @Test func oneThatFailsIsToldOfNobodyElseAndTriedNowhereElse() throws {
            let (first, second) = (try MockProvider(Mock.status(500)), try MockProvider(Mock.plain))
            let gateway = try GatewayUnderTest(ports: [first.port, second.port])
            gateway.send(.canary(member: "chat.m0"))
            let record = try #require(gateway.record())
            #expect(record.outcome == .failed && record.attempts.map(\.failure) == [.serverError])
            #expect(eventually { gateway.all.contains { $0.isAgainst("chat.m0") } } && second.requests.isEmpty)
            gateway.send(.canary(member: "chat.nobody"))
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200, "it serves on")
            try gateway.stop()
        }

        @Test func oneThatHangsEndsInTimeAndWithTheGateway() throws {
            let silent = try MockProvider { $0.read().isEmpty ? .keep : .close }
            let gateway = try GatewayUnderTest(ports: [silent.port])
            gateway.send(.canary(member: "chat.m0"))
            #expect(gateway.record()?.attempts.map(\.failure) == [.headTimeout])
            gateway.send(.canary(member: "chat.m0"))
            #expect(eventually { silent.requests.count == 2 })
            try gateway.stop()
            #expect(eventually { silent.closedByPeer == 2 })
        }
    }
}
