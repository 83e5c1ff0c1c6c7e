/// What becomes of groups, members, routes and paths, case by case.
import NetTypes
import PolicyEngine
import Testing

@testable import Forwarding

@Suite struct ResolverTests {
    private static func wan(_ whenAllDown: WhenAllDown = .keepLast, _ routes: [RouteDefinition] = []) -> Plane {
        let all = routes + [Networks.route("default", Networks.to("wan"))]
        return Plane(
            Networks.configuration([Networks.group("wan", Networks.uplinks, whenAllDown: whenAllDown)], routes: all)
        )
    }

    private func members(_ plane: Plane, _ family: AddressFamily = .v4) -> [WeightedNexthop]? {
        let id = plane.numbers.nexthop(NexthopName.of(plane.configuration.groups[0], family))
        let found = plane.wish.nexthops.first { $0.object.id == id }?.object.kind
        return if case .group(let members)? = found { members } else { nil }
    }

    private func id(_ plane: Plane, _ name: String) throws -> NexthopID { try #require(plane.numbers.nexthop(name)) }

    struct AllDown: Sendable {
        let rule: WhenAllDown
        let isGroupKept: Bool
        let why: String
    }

    @Test(arguments: [
        AllDown(rule: .keepLast, isGroupKept: true, why: "those that carried it go on"),
        AllDown(rule: .blackhole, isGroupKept: true, why: "parked on the blackhole, its routes stay"),
        AllDown(rule: .unreachable, isGroupKept: false, why: "its routes say so themselves"),
    ]) func whenAllAreDown(row: AllDown) throws {
        var plane = Self.wan(row.rule)
        for member in ["wan.fiber", "wan.cable"] { plane.fail(member, .v4) }
        let fiber = try id(plane, NexthopName.member("wan.fiber", .v4))
        let cable = try id(plane, NexthopName.member("wan.cable", .v4))
        let park = try id(plane, NexthopName.park(.v4))
        let held = members(plane)?.map(\.id)
        #expect((held != nil) == row.isGroupKept, "\(row.why)")
        switch row.rule {
        case .keepLast: #expect(held == [cable])
        case .blackhole: #expect(held == [park])
        case .unreachable: #expect(plane.action("0.0.0.0/0") == .unreachable)
        }
        #expect(members(plane, .v6)?.count == 2, "the other family is none of its business")
        #expect(fiber != cable)
    }

    @Test func aLinkWithoutCarrierLeavesTheOtherMember() throws {
        var plane = Self.wan()
        _ = plane.view.apply(.link(Networks.link(11, "eth0", carrier: false)))
        #expect(members(plane)?.map(\.id) == [try id(plane, NexthopName.member("wan.cable", .v4))])
        #expect(plane.wish.pending.map(\.name) == ["wan.fiber ipv4", "wan.fiber ipv6"])
        #expect(plane.wish.pending.allSatisfy { $0.why == Absence.noCarrier })
    }

    struct MemberRoute: Sendable {
        let rule: WhenAllDown
        let admin: Admin
        let isDown: Bool
        let goesOn: Bool
        let why: String
    }

    @Test(arguments: [
        MemberRoute(rule: .blackhole, admin: .up, isDown: false, goesOn: true, why: "it is healthy"),
        MemberRoute(rule: .blackhole, admin: .up, isDown: true, goesOn: false, why: "the group's rule is its own"),
        MemberRoute(rule: .keepLast, admin: .up, isDown: true, goesOn: true, why: "keep-last keeps it"),
        MemberRoute(rule: .keepLast, admin: .drain, isDown: false, goesOn: true, why: "what runs may finish"),
        MemberRoute(rule: .keepLast, admin: .down, isDown: false, goesOn: false, why: "the operator does not want it"),
    ]) func aRouteToOneMember(row: MemberRoute) throws {
        let use = RouteDefinition.Use.member(group: Networks.located("wan"), member: Networks.located("cable"))
        var plane = Self.wan(row.rule, [Networks.route("10.9.0.0/16", use)])
        plane.set(row.admin, "wan.cable")
        if row.isDown { plane.fail("wan.cable", .v4) }
        let hop = try id(plane, NexthopName.member("wan.cable", .v4))
        #expect(plane.action("10.9.0.0/16") == (row.goesOn ? .nexthop(hop) : .blackhole), "\(row.why)")
    }

    @Test func aGroupOfOneFamilyHasOneKernelGroupAndOneDefault() {
        let alone = [Networks.member("fiber", dev: "eth0", v4: "203.0.113.1")]
        let routes = [Networks.route("default", Networks.to("wan"))]
        let plane = Plane(Networks.configuration([Networks.group("wan", alone)], routes: routes))
        #expect(plane.action("0.0.0.0/0") != nil)
        #expect(plane.action("::/0") == nil)
        #expect(members(plane, .v6) == nil)
        #expect(
            plane.wish.rules.map(\.object.family) == AddressFamily.allCases,
            "its mark is refused in the other family"
        )
    }

    @Test func theSameLinkLocalGatewayOnTwoDevicesAreTwoNextHops() throws {
        let plane = Plane(
            Networks.configuration(routes: [
                Networks.route("2001:db8:1::/48", Networks.via("fe80::1", dev: "eth0")),
                Networks.route("2001:db8:2::/48", Networks.via("fe80::1", dev: "eth1")),
            ])
        )
        let interfaces = plane.wish.nexthops.compactMap { wished -> UInt32? in
            if case .via(_, let interface, _) = wished.object.kind { interface } else { nil }
        }
        #expect(interfaces == [11, 12])
        #expect(plane.action("2001:db8:1::/48") != plane.action("2001:db8:2::/48"))
    }

    @Test func aViaRouteFollowsItsGatewayToAnotherDevice() throws {
        var plane = Plane(Networks.configuration(routes: [Networks.route("10.9.0.0/16", Networks.via("203.0.113.3"))]))
        plane.carryOut()
        let before = plane.action("10.9.0.0/16")
        _ = plane.view.apply(.addressGone(Networks.address(11, "203.0.113.2", 29)))
        #expect(plane.action("10.9.0.0/16") == nil)
        #expect(plane.wish.pending.map(\.why) == [Absence.notConnected])
        _ = plane.view.apply(.address(Networks.address(12, "203.0.113.2", 29)))
        #expect(plane.action("10.9.0.0/16") == before)
        #expect(plane.plan.changes.count == 1, "the next hop alone is replaced")
    }

    struct Presence: Sendable {
        let report: KernelReport
        let absence: Cause?
    }

    @Test(arguments: [
        Presence(report: .link(Networks.link(11, "eth0")), absence: nil),
        Presence(report: .link(Networks.link(11, "eth0", up: false)), absence: Absence.linkDown),
        Presence(report: .link(Networks.link(11, "eth0", carrier: false)), absence: Absence.noCarrier),
        Presence(report: .linkGone(index: 11), absence: Absence.noDevice),
        Presence(report: .addressGone(Networks.address(11, "203.0.113.2", 29)), absence: Absence.noAddress),
    ]) func presence(row: Presence) {
        var view = Networks.view()
        _ = view.apply(row.report)
        #expect(view.absence(of: "eth0", .v4) == row.absence)
    }

    @Test func ofTwoConnectedNetworksTheCloserOneReachesTheGateway() {
        let wide: KernelReport = .address(Networks.address(12, "203.0.113.200", 24))
        let view = Networks.view(Networks.links + [wide])
        #expect(view.link(towards: IPAddress("203.0.113.1")!)?.name == "eth0")
        #expect(view.link(towards: IPAddress("203.0.113.99")!)?.name == "eth1")
        #expect(view.link(towards: IPAddress("192.0.2.1")!) == nil)
    }
}
