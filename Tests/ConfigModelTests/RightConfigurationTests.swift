/// Right files are read into the values that the planes work with.
import ConfigModel
import Forwarding
import Foundation
import Liveness
import NetTypes
import PolicyEngine
import Testing

@testable import ConfigSyntax
@testable import Inference

@Suite struct RightConfigurationTests {
    @Test(arguments: Fixtures.all(in: "right"))
    func aRightFileHasNoErrors(_ fixture: Fixtures.Fixture) {
        let checked = fixture.check()
        #expect(checked.configuration != nil, "\(fixture.rendered())")
        #expect(checked.errors.isEmpty)
    }

    @Test func theWholeExampleChecksAndNamesWhatIsNotServed() throws {
        let fixture = Fixtures.fixture("right/operator-surface.yaml")
        let checked = fixture.check()
        let unserved = checked.unserved.map(\.message)
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_GOLDEN"] != nil {
            try fixture.rendered().write(to: fixture.expectation, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: fixture.expectation, encoding: .utf8)
        #expect(fixture.rendered() == expected)
        for feature in ["network.services.site"] {
            #expect(unserved.contains("'\(feature)' is not served by this version"), "\(feature)")
        }
    }

    @Test func theShippedExampleIsServedWhole() {
        let root = Fixtures.tests.deletingLastPathComponent()
        let fixture = Fixtures.Fixture(url: root.appending(path: "etc/martlet/martlet.yaml"))
        let checked = fixture.check()
        #expect(checked.errors.isEmpty && checked.unserved.isEmpty, "\(fixture.rendered())")
        #expect(checked.configuration?.network?.groups.isEmpty == false)
        #expect(checked.configuration?.models?.groups.isEmpty == false)
    }

    @Test func networkMembersKeepGatewaysFamiliesWeightsAndProbes() throws {
        let checked = Fixtures.fixture("right/operator-surface.yaml").check()
        let network = try #require(checked.configuration?.network)
        let wan = try #require(network.groups.first { $0.definition.name.value == "wan" })
        #expect(wan.members.map(\.name.value) == ["fiber", "cable", "lte"])
        #expect(wan.members[0].gateway4?.value == IPAddress("203.0.113.1"))
        #expect(wan.members[0].gateway6?.value == IPAddress("fe80::1"))
        #expect(wan.definition.members.map(\.weight) == [3, 1, 1])
        #expect(wan.definition.members.map(\.tier) == [1, 1, 2])
        #expect(wan.definition.members.map(\.scopes) == [[.v4, .v6], [.v4], [.v4, .v6]])
        #expect(wan.definition.members[0].hysteresis == Hysteresis(downAfter: 3, upAfter: 5))
        #expect(wan.flows == .resilient && wan.whenAllDown == .keepLast && wan.definition.keepsLast)
        let place = try #require(wan.members[0].gateway4).place
        #expect(checked.sources.line(at: place)?.contains("fiber") == true)
    }

    @Test func probesKeepTheirTimes() throws {
        let probes = try #require(Fixtures.fixture("right/operator-surface.yaml").check().configuration).probes
        #expect(probes.map(\.name.value) == ["internet", "web"])
        #expect(probes[0].interval == .milliseconds(200) && probes[0].timeout == .milliseconds(150))
        #expect(probes[1].interval == .seconds(1) && probes[1].timeout == .seconds(1))
        guard case .icmp(let targets) = probes[0].kind else {
            Issue.record("internet is an ICMP probe")
            return
        }
        #expect(targets.map(\.value.description) == ["192.0.2.53", "198.51.100.53"])
    }

    @Test func aProbeWithoutTimesHasTheStandardOnes() throws {
        let text = "version: 1\nnetwork: { probes: { a: { icmp: 192.0.2.1, every: 300ms }, b: { icmp: 192.0.2.1 } } }\n"
        let probes = try #require(Fixtures.check(text).configuration).probes
        #expect(probes[0].timeout == .milliseconds(300))
        #expect(probes[1].interval == .seconds(1) && probes[1].timeout == .seconds(1) && probes[1].need == 1)
        #expect(probes[1].hysteresis == Hysteresis(downAfter: 3, upAfter: 3))
    }

    @Test func routesKeepTheirDestinationsAndWaysOut() throws {
        let network = try #require(Fixtures.fixture("right/operator-surface.yaml").check().configuration?.network)
        #expect(
            network.routes.map(\.destination) == [
                .default, .prefix(try IPPrefix(parsing: "10.20.0.0/16")),
                .prefix(try IPPrefix(parsing: "192.0.2.0/24")),
            ]
        )
        guard case .group(let name) = network.routes[0].use, case .via(let gateway, device: nil) = network.routes[1].use
        else {
            Issue.record("default uses a group, the second a gateway")
            return
        }
        #expect(name.value == "wan" && gateway.value.description == "10.0.0.2")
        #expect(network.routes[2].use == .blackhole)
        #expect(network.ownership == .standard)
    }

    @Test func ownershipIsReadAsWritten() throws {
        let text = """
            version: 1
            network:
              ownership: { protocol: 99, metric: 5, nexthop-ids: 0x100-0x1FF, rules: 100-199, tables: 300-399,
                           marks: 0xF0000, nftables-table: mine }
            """
        let window = try #require(Fixtures.check(text).configuration?.network).ownership
        #expect(window.routeProtocol == 99 && window.metric == 5 && window.nexthopIDs == 0x100...0x1FF)
        #expect(window.rulePreferences == 100...199 && window.tables == 300...399)
        #expect(window.markMask.bits == 0xF0000 && window.tableName == "mine")
    }

    @Test func modelsKeepProvidersGroupsPoliciesAndKeys() throws {
        let models = try #require(Fixtures.fixture("right/operator-surface.yaml").check().configuration?.models)
        #expect(models.listen.map(\.endpoint.description) == ["127.0.0.1:8080", "0.0.0.0:8443"])
        let openai = try #require(models.providers.first)
        #expect(openai.url == ProviderURL(scheme: .https, host: .name("api.openai.com"), port: 443, pathPrefix: "/v1"))
        #expect(openai.path?.value == "wan")
        guard case .credential(let name)? = openai.key else {
            Issue.record("the key is a credential")
            return
        }
        #expect(name.value == "openai")
        let chat = try #require(models.groups.first)
        #expect(
            chat.definition.strategy == .hybrid
                && chat.definition.terms.aims
                    == Aims(
                        cost: Fraction(millionths: 400_000),
                        latency: Fraction(millionths: 300_000),
                        quality: Fraction(millionths: 300_000)
                    )
        )
        #expect(chat.definition.members.map(\.scopes) == [[.any], [.any], [.any]])
        #expect(chat.members[1].limits.tokens?.value == Rate(Count(value: 400_000, unit: nil), per: .minute))
        #expect(models.policies.map(\.name.value) == ["code", "vision", "eu-only", "trial", "default"])
        #expect(models.keys[0].budget?.value == Budget(Money(picoDollars: 20_000_000_000_000), per: .day))
    }

    @Test func whatIsKnownOfAModelStandsAtItsMemberOrInTheCatalogue() throws {
        let text = """
            version: 1
            models:
              listen: [127.0.0.1:8080]
              providers: { local: { dialect: openai, url: http://127.0.0.1:8000/v1 } }
              catalogue: { org/llama-3.1: { context: 131072, max-output: 8192, capabilities: [tools, json-schema] } }
              groups:
                chat:
                  members:
                    known: { provider: local, model: org/llama-3.1, context: 32768 }
                    other: { provider: local, model: tiny }
                    plain: { provider: local, model: small, capabilities: [] }
              keys: { ci: { hash: "sha256:\(String(repeating: "1", count: 64))" } }

            """
        let models = try #require(Fixtures.check(text).configuration?.models)
        let facts = models.groups[0].members.map { models.facts(of: $0) }
        #expect(
            facts == [
                ModelFacts(context: 32768, maxOutput: 8192, capabilities: [.chat, .tools, .jsonSchema]),
                ModelFacts(), ModelFacts(capabilities: .chat),
            ]
        )
    }

    @Test func aPolicysConditionAnswersRequests() throws {
        let models = try #require(Fixtures.fixture("right/operator-surface.yaml").check().configuration?.models)
        var sketch = RequestSketch(prompt: "```\ndef f(x): return x\n```", model: "auto")
        sketch.team = "legal"
        var facts = try sketch.facts()
        let verdicts = models.policies.map { policy in policy.match.evaluate { facts.value($0) } }
        #expect(verdicts == [true, false, true, false, true])
    }

    @Test func filesMergeByNameAndAppendListsInOrder() throws {
        let configuration = try #require(Fixtures.fixture("right/merged").check().configuration)
        #expect(configuration.network?.groups[0].members.map(\.name.value) == ["fiber", "cable"])
        #expect(configuration.models?.policies.map(\.name.value) == ["first", "second"])
        #expect(configuration.sources.files.count == 3)
        let cable = try #require(configuration.network?.groups[0].members[1])
        #expect(configuration.sources.cause(cable.place).hasSuffix("10-cable.yaml:5"))
    }

    @Test func aFileWithAVersionAloneConfiguresNothing() throws {
        let configuration = try #require(Fixtures.fixture("right/nothing.yaml").check().configuration)
        #expect(configuration.network == nil && configuration.models == nil)
        #expect(configuration.control == .standard)
    }
}
