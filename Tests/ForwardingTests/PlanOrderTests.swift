/// In which order a plan makes and removes, and what one member's failure costs.
import NetTypes
import PolicyEngine
import Testing

@testable import Forwarding

@Suite struct PlanOrderTests {
    private static let routes = (0..<50).map { Networks.route("10.\($0).0.0/16", Networks.to("wan")) }
    private static let wan = Networks.configuration(
        [Networks.group("wan", Networks.uplinks)],
        routes: routes + [Networks.route("default", Networks.to("wan"))]
    )

    /// Where the steps of each kind stand: 0 for the first kind of the house's order.
    private func rank(_ change: KernelChange) -> Int {
        switch change.operation {
        case .setNexthop(let nexthop): nexthop.isGroup ? 1 : 0
        case .setRoute: 2
        case .addRule: 3
        case .changeRuleset: 4
        case .deleteRule: 6
        case .deleteRoute: 7
        case .deleteNexthop(let id, _): id.value < 0x4D41_0000 ? 9 : 8
        }
    }

    @Test func lonesThenGroupsThenRoutesThenRulesThenTheTable() {
        let ranks = Plane(Self.wan).plan.changes.map(rank)
        #expect(ranks == ranks.sorted())
        #expect(Set(ranks) == [0, 1, 2, 3, 4])
    }

    @Test func removalIsTheOtherWayRound() {
        var plane = Plane(Self.wan)
        plane.carryOut()
        plane.configuration = .nothing(within: .standard, at: Networks.nowhere)
        let plan = plane.plan
        #expect(plan.changes.map(rank) == plan.changes.map(rank).sorted())
        let hops = plan.changes.compactMap { change -> Bool? in
            guard case .deleteNexthop(let id, _) = change.operation else { return nil }
            return plane.view.nexthops[id]?.isGroup
        }
        #expect(hops.prefix(2) == [true, true] && !hops.dropFirst(2).contains(true), "groups before what they hold")
    }

    @Test func theUnreachableDefaultOfAPathIsFirstInAndLastOut() {
        var plane = Plane(Self.wan)
        let made = defaults(plane.plan.changes)
        #expect(
            made.count == 8
                && zip(made, made.dropFirst()).allSatisfy {
                    $0.table != $1.table || $0.metric > $1.metric || $0.prefix != $1.prefix
                }
        )
        plane.carryOut()
        plane.configuration = .nothing(within: .standard, at: Networks.nowhere)
        #expect(defaults(plane.plan.changes) == made.reversed())
    }

    private func defaults(_ changes: [KernelChange]) -> [Route.Key] {
        changes.compactMap { change in
            switch change.operation {
            case .setRoute(let route), .deleteRoute(let route):
                OwnershipWindow.standard.tables.contains(route.key.table) ? route.key : nil
            case .setNexthop, .deleteNexthop, .addRule, .deleteRule, .changeRuleset: nil
            }
        }
    }

    @Test func aFailedMemberCostsOneMessagePerFamilyAndNonePerRoute() {
        var plane = Plane(Self.wan)
        plane.carryOut()
        plane.fail("wan.fiber", .v4)
        // What is held follows in nftables, by a batch of its own.
        let planned = { (plane: Plane) in plane.plan.changes.filter { $0.family != .nftables } }
        #expect(planned(plane).map(rank) == [1])
        let fast = Difference.changes(from: plane.view, to: plane.resolver.groupNexthops(0), window: .standard)
        #expect(fast.changes == planned(plane), "the fast way and the plan say the same")
        plane.fail("wan.fiber", .v6)
        #expect(planned(plane).map(rank) == [1, 1])
    }

    /// Numbers may move at a restart; then an id can stand for another kind of object than before.
    @Test func anObjectOfAnotherShapeGoesBeforeItsIdIsUsedAgain() throws {
        let plane = Plane(Self.wan)
        let group = try #require(plane.numbers.nexthop(NexthopName.of(plane.configuration.groups[0], .v4)))
        let member = try #require(plane.numbers.nexthop(NexthopName.member("wan.fiber", .v4)))
        let left: [KernelReport] = [
            .nexthop(Nexthop(id: group, family: .v4, kind: .blackhole, routeProtocol: 219)),
            .nexthop(
                Nexthop(
                    id: member,
                    family: .v4,
                    kind: .group([WeightedNexthop(id: group, weight: 1)]),
                    routeProtocol: 219
                )
            ),
        ]
        let changed = Plane(Self.wan, Networks.view(Networks.links + left))
        let firstTwo = changed.plan.changes.prefix(2).map(\.operation)
        #expect(Set(firstTwo.map(target)) == [group, member])
        #expect(
            changed.plan.changes.filter { if case .deleteNexthop = $0.operation { true } else { false } }.count <= 2
        )
    }

    private func target(_ operation: KernelChange.Operation) -> NexthopID? {
        if case .deleteNexthop(let id, _) = operation { id } else { nil }
    }
}
