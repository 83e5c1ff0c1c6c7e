import ConfigSyntax
import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

/// Somebody keeps undoing what we do: nobody is helped by both being busy for ever.
@Suite struct RepairPaceTests {
    private static let route = Route(
        key: Route.Key(table: 254, prefix: IPPrefix(containing: IPAddress("10.1.0.0")!, length: 16), metric: 77),
        action: .blackhole,
        routeProtocol: 219
    )
    private static let change = KernelChange(.setRoute(route), cause: nil)

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }

    @Test func theFirstRepairsGoAtOnceAndTheNextWaitLongerAndLonger() {
        var pace = RepairPace()
        var pauses: [Int64] = []
        var now: Int64 = 1000
        for _ in 0..<16 {
            pace.drifted(Self.change.target, at: at(now))
            let due = pace.pauses(after: at(now)).first ?? at(now)
            #expect(pace.isDue(Self.change, at: due))
            pauses.append((due - at(now)).nanoseconds / 1_000_000)
            now += pauses.last ?? 0
            pace.sent(Self.change)
        }
        #expect(pauses.prefix(8) == [0, 0, 0, 100, 200, 400, 800, 1600])
        #expect(pauses.last == NetworkPlane.longestRetry.nanoseconds / 1_000_000)
    }

    @Test func anObjectThatWasLeftAloneForAMinuteBeginsAnew() {
        var pace = RepairPace()
        for _ in 0..<10 {
            pace.drifted(Self.change.target, at: at(1000))
            pace.sent(Self.change)
        }
        #expect(!pace.isDue(Self.change, at: at(1001)))
        pace.drifted(Self.change.target, at: at(61_001))
        pace.sent(Self.change)
        #expect(pace.isDue(Self.change, at: at(61_001)))
    }

    @Test func anotherChangeOfTheSameObjectWaitsForNothing() {
        var pace = RepairPace()
        for _ in 0..<10 {
            pace.drifted(Self.change.target, at: at(1000))
            pace.sent(Self.change)
        }
        #expect(!pace.isDue(Self.change, at: at(1001)))
        #expect(pace.isDue(KernelChange(.deleteRoute(Self.route), cause: nil), at: at(1001)))
    }

    /// Looking through all that is remembered for each object of a flushed table would keep the turns busy for seconds.
    @Test(.timeLimit(.minutes(1)))
    func aFlushOfMoreThanIsRememberedCostsNoLookAtAllOfItEachTime() {
        var pace = RepairPace()
        func change(_ number: Int) -> KernelChange {
            let address = IPAddress(v4: UInt32(0x0A00_0000 + number))
            let key = Route.Key(table: 254, prefix: IPPrefix(containing: address, length: 32), metric: 77)
            return KernelChange(.setRoute(Route(key: key, action: .blackhole, routeProtocol: 219)), cause: nil)
        }
        func fight(_ change: KernelChange, at now: Instant) {
            for _ in 0..<10 {
                pace.drifted(change.target, at: now)
                pace.sent(change)
            }
        }
        for number in 0..<200_000 { pace.drifted(change(number).target, at: at(1000)) }
        fight(change(300_000), at: at(1000))
        #expect(pace.isDue(change(300_000), at: at(1001)), "nobody remembers it")
        fight(change(300_000), at: at(62_000))
        #expect(!pace.isDue(change(300_000), at: at(62_001)), "the old ones have made room")
    }

    /// A stranger that removes a route whenever it is there, as fast as it is put back.
    @Test func aFightIsFoughtAtAPaceThatCostsNothing() throws {
        var rig = try Rig.running()
        let route = try #require(rig.router.network?.view.routes.values.first { $0.key.prefix.length == 16 })
        for _ in 0..<600 {
            if rig.waiting.isEmpty { rig.sleep(.milliseconds(100)) } else { rig.settle() }
            if rig.router.network?.view.route(at: route.key) != nil { rig.tell(.kernel([.routeGone(route)])) }
        }
        let repairs = rig.sent.count { $0.target == .route(route.key) }
        #expect((5...12).contains(repairs))
        // A link that comes is another matter: whoever repairs then is not fighting.
        rig.settle()
        rig.tell(.kernel([.routeGone(route)]))
        #expect(rig.waiting.isEmpty)
        rig.tell(.kernel([Rig.link(13, "eth2")]))
        #expect(rig.waiting.first?.changes.map(\.target) == [.route(route.key)])
    }
}
