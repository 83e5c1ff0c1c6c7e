/// Which reports about our own objects are news?
import NetTypes
import Testing

@testable import Forwarding

@Suite struct EchoTests {
    private static let id = NexthopID(0x4D41_0007)

    private static func hop(_ interface: UInt32) -> Nexthop {
        Nexthop(
            id: id,
            family: .v4,
            kind: .via(gateway: IPAddress("203.0.113.1")!, interface: interface, onlink: false),
            routeProtocol: 219
        )
    }

    private static func setting(_ interface: UInt32) -> KernelChange {
        KernelChange(.setNexthop(hop(interface)), cause: nil)
    }

    private let first = Self.hop(11)
    private let second = Self.hop(12)

    @Test func theEchoOfAnEarlierChangeDoesNotTurnTheViewBack() {
        var view = Networks.view()
        view.expect(Self.setting(11))
        view.expect(Self.setting(12))
        let news1 = view.apply(.nexthop(first))
        #expect(!news1)
        #expect(view.nexthops[Self.id] == second)
        let news2 = view.apply(.nexthop(second))
        #expect(!news2)
        let news3 = view.apply(.nexthop(first))
        #expect(news3, "after both echoes it is somebody else")
    }

    @Test func whatAStrangerDidBeforeOurChangeIsOverwrittenAndNoNews() {
        var view = Networks.view()
        view.expect(Self.setting(11))
        let news4 = view.apply(.nexthopGone(Self.id))
        #expect(!news4)
        let news5 = view.apply(.nexthop(first))
        #expect(!news5)
        #expect(view.nexthops[Self.id] == first)
    }

    @Test func whatAStrangerDidAfterOurChangeIsNews() {
        var view = Networks.view()
        view.expect(Self.setting(11))
        _ = view.apply(.nexthop(first))
        let news6 = view.apply(.nexthopGone(Self.id))
        #expect(news6)
        #expect(view.nexthops[Self.id] == nil)
    }

    @Test func aLostEchoDoesNotBlindTheViewOnceTheKernelHasAnswered() {
        var view = Networks.view()
        view.expect(Self.setting(11))
        view.accepted(Self.setting(11))
        let news7 = view.apply(.nexthop(second))
        #expect(news7)
        #expect(view.nexthops[Self.id] == second)
    }

    @Test func aDumpOlderThanAChangeOnItsWayDoesNotUndoIt() {
        var view = Networks.view(Networks.links + [.nexthop(first)])
        view.expect(Self.setting(12))
        view.dumpBegan(.nexthops)
        let news8 = view.apply(.nexthop(first))
        #expect(!news8)
        let news9 = view.dumpEnded(.nexthops)
        #expect(!news9)
        #expect(view.nexthops[Self.id] == second)
    }

    @Test func aDumpThatIsSilentAboutAnObjectRemovesItAndWhatStandsOnIt() {
        let key = Route.Key(table: 254, prefix: Networks.prefix("10.0.0.0/8"), metric: 77)
        let route = Route(key: key, action: .nexthop(Self.id), routeProtocol: 219)
        var view = Networks.view(Networks.links + [.nexthop(first), .route(route)])
        view.dumpBegan(.nexthops)
        let news10 = view.dumpEnded(.nexthops)
        #expect(news10)
        #expect(view.nexthops.isEmpty && view.routes.isEmpty)
    }

    @Test func aRefusedChangePutsBackWhatItDisplaced() {
        var view = Networks.view(Networks.links + [.nexthop(first)])
        let displaced = view.expect(Self.setting(12))
        view.refused(Self.setting(12), displaced: displaced)
        #expect(view.nexthops[Self.id] == first)
        let news11 = view.apply(.nexthop(second))
        #expect(news11, "no echo is waited for any more")
    }

    @Test func aRefusedChangePutsNothingBackWhenTheLinkHasGoneMeanwhile() {
        var view = Networks.view(Networks.links + [.nexthop(first)])
        let displaced = view.expect(Self.setting(12))
        _ = view.apply(.link(Networks.link(12, "eth1", carrier: false)))
        view.refused(Self.setting(12), displaced: displaced)
        #expect(view.nexthops[Self.id] == nil)
    }
}
