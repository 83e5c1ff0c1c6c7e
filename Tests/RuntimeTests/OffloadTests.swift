/// What the router makes of what forwarding hardware says.
import Forwarding
import NetTypes
import Testing

@testable import Runtime

@Suite struct OffloadTests {
    private func route(_ rig: Rig) throws -> Route {
        try #require(rig.router.network?.view.routes.values.first { $0.key.table == 254 && $0.key.prefix.length == 16 })
    }

    @Test func aRouteThatHardwareRefusesIsNotedOnceAndShownUntilItIsTaken() throws {
        var rig = try Rig.running()
        let route = try route(rig)
        let refused = rig.tell(.kernel([.route(route), .routeOffload(route.key, .failed)]))
        #expect(refused.notes == [.offloadFailed(route.key)])
        #expect(rig.sent.isEmpty && rig.router.network?.driftCount == 0, "nobody meddled")
        #expect(rig.router.network?.view.offloadedRoutes.map(\.key) == [route.key])
        let again = rig.tell(.kernel([.route(route), .routeOffload(route.key, .failed)]))
        #expect(again.notes.isEmpty)
        rig.tell(.kernel([.route(route), .routeOffload(route.key, .offloaded)]))
        #expect(rig.router.network?.view.offload(of: route.key) == .offloaded)
        rig.tell(.kernel([.route(route)]))
        #expect(rig.router.network?.view.offloadedRoutes.isEmpty == true)
    }

    @Test func aDumpTellsThemAnewWithoutANewNote() throws {
        var rig = try Rig.running()
        let route = try route(rig)
        rig.tell(.kernel([.routeOffload(route.key, .failed)]))
        let all = try #require(rig.router.network?.view.routes.values.map { KernelReport.route($0) })
        rig.tell(.dumpBegan(.routes))
        rig.tell(.kernel(all))
        rig.tell(.dumpEnded(.routes))
        let effects = rig.tell(.kernel([.routeOffload(route.key, .failed)]))
        #expect(effects.notes.isEmpty)
        #expect(rig.router.network?.view.offload(of: route.key) == .failed)
        rig.tell(.dumpBegan(.routes))
        rig.tell(.kernel(all))
        rig.tell(.dumpEnded(.routes))
        #expect(rig.router.network?.view.offload(of: route.key) == [])
    }

    @Test func aNextHopsFlagsGoWithIt() throws {
        var rig = try Rig.running()
        let nexthop = try #require(rig.router.network?.view.nexthops.values.first { $0.isGroup })
        rig.tell(.kernel([.nexthop(nexthop), .nexthopOffload(nexthop.id, [.offloaded, .trapped])]))
        #expect(rig.router.network?.view.offload(of: nexthop.id) == [.offloaded, .trapped])
        #expect(rig.sent.isEmpty)
        rig.tell(.kernel([.nexthopGone(nexthop.id)]))
        #expect(rig.router.network?.view.offload(of: nexthop.id) == [])
    }
}
