/// What strangers lose with a next hop of ours: their routes over it, and groups that hold nothing else.
import NetTypes
import Testing

@testable import Forwarding

@Suite struct LossTests {
    private static let wan = Networks.configuration([Networks.group("wan", Networks.uplinks)])
    private static let none = Networks.configuration([])

    private func stranger(_ prefix: String, over id: NexthopID, metric: UInt32 = 5) -> Route {
        let key = Route.Key(table: 254, prefix: Networks.prefix(prefix), metric: metric)
        return Route(key: key, action: .nexthop(id), routeProtocol: 12)
    }

    /// A kernel with our group and what strangers made over it; and the group's id and those of its members.
    private func leaning() throws -> (plane: Plane, group: NexthopID, members: [NexthopID], routes: [Route]) {
        var plane = Plane(Self.wan)
        plane.carryOut()
        let group = try #require(plane.numbers.nexthop(NexthopName.of(plane.configuration.groups[0], .v4)))
        let members = try #require(plane.view.nexthops[group]?.kind.members?.map(\.id))
        let routes = [stranger("10.98.0.0/16", over: group), stranger("10.99.0.0/16", over: members[0])]
        for route in routes { _ = plane.view.apply(.route(route)) }
        return (plane, group, members, routes)
    }

    @Test func aPlanNamesThem() throws {
        let (plane, _, members, routes) = try leaning()
        var view = plane.view
        let mixed = Nexthop(
            id: NexthopID(7),
            family: .v4,
            kind: .group([WeightedNexthop(id: members[1], weight: 1), WeightedNexthop(id: NexthopID(6), weight: 1)]),
            routeProtocol: 12
        )
        let whole = Nexthop(
            id: NexthopID(8),
            family: .v4,
            kind: .group([WeightedNexthop(id: members[1], weight: 1)]),
            routeProtocol: 12
        )
        for nexthop in [mixed, whole] { _ = view.apply(.nexthop(nexthop)) }
        let over = stranger("10.97.0.0/16", over: whole.id, metric: 77)
        _ = view.apply(.route(over))
        let plan = Difference.plan(from: view, to: Plane(Self.none, view).wish, window: .standard)
        #expect(
            plan.losses
                == [.members([members[1]], of: mixed), .group(whole), .route(over)] + routes.map { .route($0) }
        )
    }

    @Test func whatStaysTakesNothingAlong() throws {
        let (plane, _, _, _) = try leaning()
        #expect(plane.plan.losses.isEmpty)
    }

    @Test func aMemberThatGoesTakesItsOwnAlongAndTheGroupNothing() throws {
        let (plane, _, members, routes) = try leaning()
        let smaller = Networks.configuration([Networks.group("wan", [Networks.uplinks[1]])])
        let plan = Difference.plan(from: plane.view, to: Plane(smaller, plane.view).wish, window: .standard)
        #expect(plan.losses == [.route(routes[1])], "\(members)")
    }

    @Test func theWatcherTellsOfRoutesOverOursAndOfNoOthers() throws {
        let ours = OwnershipWindow.standard.nexthopIDs.lowerBound
        #expect(OwnershipWindow.standard.concerns(stranger("10.98.0.0/16", over: NexthopID(ours))))
        #expect(!OwnershipWindow.standard.concerns(stranger("10.98.0.0/16", over: NexthopID(7))))
    }
}
