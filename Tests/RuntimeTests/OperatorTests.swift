/// What the operator changes at run time: drains that last, reloads that keep, the last way out.
import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct OperatorTests {
    private func override(_ member: String, _ admin: Admin) -> Override {
        Override(plane: .network, member: member, admin: admin)
    }

    @Test func aDrainIsKeptAndUndone() throws {
        var rig = try Rig.running()
        let drain = override("wan.fiber", .drain)
        let effects = rig.tell(.admin(drain, by: "op"))
        #expect(effects.changes.count == 1)
        #expect(effects.notes.contains(.admin(drain, by: "op")))
        #expect(rig.router.overrides == [drain])
        rig.settle()
        let heard1 = rig.tell(.admin(drain, by: "op"))
        #expect(heard1.isEmpty, "it is no change")
        let heard2 = rig.tell(.admin(override("wan.fiber", .up), by: "op"))
        #expect(heard2.changes.count == 1)
        #expect(rig.router.overrides.isEmpty)
    }

    @Test func overridesOfTheLastRunAndOfVanishedMembersApplyAgain() throws {
        var rig = Rig()
        rig.tell(.overrides([override("wan.cable", .drain)]))
        try rig.configure(Rig.network)
        #expect(rig.router.network?.groups.member(named: "wan.cable")?.admin == .drain)
        let without = Rig.network.replacing(
            "        cable: { dev: eth1, via: 198.51.100.1, probe: internet }\n",
            with: ""
        )
        try rig.configure(without)
        #expect(rig.router.network?.groups.member(named: "wan.cable") == nil)
        try rig.configure(Rig.network)
        #expect(rig.router.network?.groups.member(named: "wan.cable")?.admin == .drain)
    }

    @Test func theLastWayOutIsKnown() throws {
        var rig = try Rig.running()
        #expect(!rig.router.isLastWayOut("wan.fiber", in: .network))
        rig.fail("wan.cable")
        #expect(rig.router.isLastWayOut("wan.fiber", in: .network))
        #expect(!rig.router.isLastWayOut("wan.cable", in: .network), "it carries nothing")
        #expect(!rig.router.isLastWayOut("wan.none", in: .network))
    }

    @Test func aReloadWithMembersInAnotherOrderKeepsHealthAndSendsNothing() throws {
        var rig = try Rig.running()
        rig.fail("wan.fiber")
        rig.settle()
        let sent = rig.sent.count
        let lines = [
            "        fiber: { dev: eth0, via: 203.0.113.1, weight: 3, probe: internet }\n",
            "        cable: { dev: eth1, via: 198.51.100.1, probe: internet }\n",
        ]
        let turned = Rig.network.replacing(lines[0] + lines[1], with: lines[1] + lines[0])
        #expect(turned != Rig.network)
        try rig.configure(turned)
        #expect(rig.router.network?.groups.member(named: "wan.fiber")?.health(in: .v4)?.verdict == .down)
        #expect(rig.sent.count == sent)
    }

    @Test func whoCarriedTheLoadLastIsKnownAfterAReloadToo() throws {
        var rig = try Rig.running()
        rig.fail("wan.cable")
        rig.fail("wan.fiber")
        rig.settle()
        let sent = rig.sent.count
        try rig.configure(Rig.network + "\n")
        rig.settle()
        #expect(rig.sent.count == sent, "fiber alone goes on carrying")
    }

    @Test func theResultsOfVanishedMembersAreForgotten() throws {
        var rig = try Rig.running()
        rig.fail("wan.cable")
        try rig.configure(
            Rig.network.replacing("        cable: { dev: eth1, via: 198.51.100.1, probe: internet }\n", with: "")
        )
        #expect(rig.router.network?.lastProbes.isEmpty == true)
    }
}
