/// What stands in our nftables table, case by case: the rest is held by packets (RouterSteeringTests).
import ConfigModel
import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct RulesetTests {
    private static func text(_ groups: String, _ more: String = "") -> String {
        """
        version: 1
        network:
          groups: { \(groups) }
        \(more.isEmpty ? "" : more + "\n")
        """
    }

    private static let wan =
        "wan: { members: { fiber: { dev: eth0, via: 203.0.113.1 }, cable: { dev: eth1, via: { v4: 198.51.100.1, v6: fe80::1 } } } }"

    private func ruleset(_ groups: String = wan, _ more: String = "") throws -> Ruleset {
        let rig = try Rig.running(Self.text(groups, more))
        return try #require(rig.router.network?.resolver.ruleset()?.object)
    }

    private func chain(_ name: String, of ruleset: Ruleset) -> [Ruleset.Rule]? {
        ruleset.chains.first { $0.name == name }?.rules
    }

    private func elements(_ name: String, of ruleset: Ruleset) -> [Ruleset.Element] {
        guard case .listed(let elements)? = ruleset.sets.first(where: { $0.declaration.name == name })?.elements else {
            return []
        }
        return elements
    }

    @Test func aDeviceIsAnUplinkOnlyInTheFamiliesThatMembersLeaveByIn() throws {
        let ruleset = try ruleset()
        let arrivals = elements("arrivals", of: ruleset)
        #expect(arrivals.map(\.value) == [.verdict(.jump("arrivals-eth0")), .verdict(.jump("arrive-wan.cable"))])
        let first = try #require(chain("arrivals-eth0", of: ruleset))
        #expect(first.count == 1, "one family only")
        #expect(first.first?.expressions.contains(.compare(.first, .equal, [2])) == true, "NFPROTO_IPV4")
    }

    @Test func neighboursAreThoseOfTheUplinks() throws {
        let ruleset = try ruleset()
        let near = { (name: String) -> [String] in
            guard case .addresses(let ranges)? = ruleset.sets.first(where: { $0.declaration.name == name })?.elements
            else { return [] }
            return ranges.ranges.map { "\($0.lowerBound)-\($0.upperBound)" }
        }
        #expect(near("near-4") == ["198.51.100.0-198.51.100.7", "203.0.113.0-203.0.113.7"])
        #expect(near("near-6") == ["fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])
    }

    /// Two groups over the same uplinks are what most sites have: a connection shows its next hop, not the group that chose it.
    @Test func membersThatShareAWayOutShareTheMarkOfItsFlows() throws {
        let second =
            "backup: { members: { other: { dev: eth1, via: 198.51.100.1, weight: 2 }, more: { dev: eth1, via: 198.51.100.3 } } }"
        var rig = try Rig.running(Self.text(Self.wan + ", " + second))
        let network = try #require(rig.router.network)
        let resolver = network.resolver
        let cable = try #require(network.numbers.path("wan.cable")?.mark)
        #expect(resolver.markOfFlows(on: "backup.other", .v4) == cable)
        #expect(resolver.markOfFlows(on: "backup.more", .v4) == network.numbers.path("backup.more")?.mark)
        let ruleset = try #require(resolver.ruleset()?.object)
        let departures = try #require(chain("depart-eth1", of: ruleset))
        #expect(departures.map(\.comment) == ["wan.cable", "wan.cable", "backup.more"], "both families of the first")
        let held = { (rig: Rig) -> Int in
            rig.router.network?.resolver.ruleset().map { elements("held", of: $0.object).count } ?? -1
        }
        #expect(held(rig) == 3, "three ways of IPv4; IPv6 has no address to leave with")
        rig.tell(.admin(Override(plane: .network, member: "wan.cable", admin: .down), by: "test"))
        #expect(held(rig) == 3, "the other member on its way may hold flows still")
        rig.tell(.admin(Override(plane: .network, member: "wan.fiber", admin: .down), by: "test"))
        #expect(held(rig) == 2, "nobody shares this one")
    }

    @Test func noNamesCollide() throws {
        let policies = """
              policies:
                - { name: a, match: 'src in 10.0.0.0/8 or src in fd00::/8', use: main, otherwise: reject }
                - { name: a-1, match: 'proto == tcp', use: main-by-cost, otherwise: reject }
                - { name: a-if, match: 'not (src in 10.0.0.0/8 and not (udp.dport == 1 and tcp.sport == 2))', use: main }
                - { name: cheap, match: 'any', use: main, strategy: cost }
              routes: { default: main }
            """
        let groups = ["main", "main-by-cost"].map { name in
            "\(name): { flows: sticky, members: { f: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 } } } }"
        }
        var rig = try Rig.running(Self.text(groups.joined(separator: ", "), policies))
        // One family leads to the group, the other is refused: a policy of two ways.
        rig.tell(.kernel([Rig.link(11, "eth0")]))
        let ruleset = try #require(rig.router.network?.resolver.ruleset()?.object)
        let (chains, sets) = (ruleset.chains.map(\.name), ruleset.sets.map(\.declaration.name))
        #expect(Set(chains).count == chains.count, "\(chains)")
        #expect(Set(sets).count == sets.count, "\(sets)")
        #expect(
            ["policy-a", "policy-a-1", "to-main.by.cost", "to-main-by-cost"].allSatisfy(chains.contains),
            "\(chains)"
        )
    }

    @Test func aSetThatIsReadAgainChangesElementsAlone() throws {
        let policies = """
              sets: { guests: { file: guests.txt } }
              policies: [{ name: guests, match: 'src in @guests', use: wan.cable }]
            """
        var rig = Rig()
        try rig.configure(Self.text(Self.wan, policies), lists: ["guests.txt": "10.1.0.0/16\n10.3.0.0/16\n"])
        rig.readKernel()
        rig.settle()
        let content = SetContent(
            set: "guests",
            addresses: AddressRanges([try IPPrefix(parsing: "10.1.0.0/16"), try IPPrefix(parsing: "10.9.0.0/24")]),
            duplicates: 0
        )
        let effects = rig.tell(.set(.init(set: "guests", content: content, problem: nil)))
        let steps = effects.flatMap { effect -> [RulesetChange.Step] in
            guard case .program(_, _, let changes) = effect else { return [] }
            return changes.flatMap { change -> [RulesetChange.Step] in
                guard case .changeRuleset(let change) = change.operation else { return [] }
                return change.steps
            }
        }
        #expect(steps.count == 2, "\(steps)")
        #expect(
            steps.allSatisfy { step in
                switch step {
                case .addElements(let set, let elements), .deleteElements(let set, let elements):
                    set.name == "set-guests-4" && elements.count == 1
                default: false
                }
            }
        )
        #expect(
            rig.tell(.set(.init(set: "guests", content: nil, problem: "guests.txt:1:1: nonsense"))).notes
                == [.listRefused(feed: "@guests", problem: "guests.txt:1:1: nonsense")]
        )
        #expect(rig.router.network?.configuration.setContents == [content], "it stays, and is recorded so")
    }

    @Test func aPolicysOwnStrategyHasAGroupOfItsOwn() throws {
        let members =
            "a: { dev: eth0, via: 203.0.113.1, cost: 4 USD/GB }, b: { dev: eth1, via: 198.51.100.1, cost: 1 USD/GB }"
        let policies = """
              policies:
                - { name: cheap, match: 'proto == udp', use: wan, strategy: cost }
                - { name: same, match: 'proto == tcp', use: wan, strategy: weighted }
              routes: { default: wan }
            """
        var rig = try Rig.running(Self.text("wan: { members: { \(members) } }", policies))
        let held = { (rig: Rig) -> [String?: [String]] in
            guard let network = rig.router.network else { return [:] }
            return network.resolver.groupNexthops(0).reduce(into: [:]) { all, wished in
                all[network.nameOf(wished.object.id)] = wished.object.kind.members?.compactMap { network.nameOf($0.id) }
            }
        }
        #expect(held(rig) == ["group wan": ["wan.a", "wan.b"], "group wan by cost": ["wan.b"]])
        let targets = rig.router.network?.configuration.policies.compactMap { policy in
            rig.router.network?.configuration.target(of: policy).map { rig.router.network?.configuration.name(of: $0) }
        }
        #expect(targets == ["to wan by cost", "to wan"], "the group's own strategy is no other")
        let drained = rig.tell(.admin(Override(plane: .network, member: "wan.b", admin: .drain), by: "test"))
        #expect(drained.changes.count == 2, "a message for each kernel group")
        #expect(held(rig) == ["group wan": ["wan.a"], "group wan by cost": ["wan.a"]])
    }
}
