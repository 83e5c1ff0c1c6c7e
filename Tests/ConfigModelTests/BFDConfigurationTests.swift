/// What a `bfd` probe becomes.
import ConfigModel
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine
import Testing

@Suite struct BFDConfigurationTests {
    private func probe(_ name: String) throws -> (ProbeDefinition, BFDProbe) {
        let configuration = try #require(Fixtures.fixture("right/bfd.yaml").check().configuration)
        let probe = try #require(configuration.probes.first { $0.name.value == name })
        guard case .bfd(let session) = probe.kind else { throw Other() }
        return (probe, session)
    }

    private struct Other: Error {}

    @Test func aSessionOfWhichNothingIsSaidHasTheDefaults() throws {
        let (probe, session) = try probe("fast")
        let hundred = Span.milliseconds(100)
        let standard = BFDParameters(transmit: hundred, receive: hundred, multiplier: 3, isPassive: false)
        #expect(session.parameters == standard)
        #expect(session.authentication == nil && session.upAfter == .zero)
        #expect(probe.hysteresis == Hysteresis(downAfter: 1, upAfter: 1))
    }

    @Test func everyValueIsTaken() throws {
        let (_, session) = try probe("safe")
        #expect(session.parameters.transmit == .milliseconds(10))
        #expect(session.parameters.receive == .milliseconds(50))
        #expect(session.parameters.multiplier == 5 && session.parameters.isPassive)
        #expect(session.upAfter == .seconds(5))
        let plan = BFDAuthenticationPlan(try #require(session.authentication))
        #expect(plan == BFDAuthenticationPlan(type: .meticulousSHA1, keyID: 7, key: .credential("bfd")))
    }

    @Test func aMemberIsDownWithItsFirstFailure() throws {
        let configuration = try #require(Fixtures.fixture("right/bfd.yaml").check().configuration)
        let members = try #require(configuration.network).groups.flatMap(\.definition.members)
        #expect(members.allSatisfy { $0.hysteresis == Hysteresis(downAfter: 1, upAfter: 1) })
    }
}
