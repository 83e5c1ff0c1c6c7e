import NetTypes
import Testing

@testable import PolicyEngine

@Suite struct DecayTests {
    private static let halfLife = Span.seconds(900)

    @Test(
        arguments: [
            (0, 1000), (900, 500), (1800, 250), (450, 707), (9000, 0), (1_000_000, 0),
        ] as [(Int64, UInt32)]
    )
    func anAmountHalvesWithEachHalfLife(seconds: Int64, left: UInt32) {
        #expect(Decay.left(of: 1000, after: .seconds(seconds), halfLife: Self.halfLife) == left)
    }

    @Test func itNeverGrowsAndKeepsToTheCurve() {
        var last = UInt32.max
        for second in Int64(0)...4000 {
            let left = Decay.left(of: 4_000_000_000, after: .seconds(second), halfLife: Self.halfLife)
            let isFalling = left <= last
            last = left
            var exact = 4e9
            // 2^(−s/900) by repeated multiplication, without a library's power.
            for _ in 0..<second { exact *= 0.999_230_132_9 }
            guard isFalling, abs(Double(left) - exact) < exact / 1000 else {
                Issue.record("\(left) after \(second) s, and \(exact) is right")
                return
            }
        }
    }

    @Test(arguments: [(1000, 750), (2000, 750), (12000, 750), (1000, 999), (5, 0)] as [(UInt32, UInt32)])
    func theTimeToReachIsTheFirstMomentAtWhichItIsReached(amount: UInt32, rest: UInt32) {
        let time = Decay.time(for: amount, toReach: rest, halfLife: Self.halfLife)
        let before = Span(nanoseconds: time.nanoseconds - 1)
        #expect(Decay.left(of: amount, after: time, halfLife: Self.halfLife) <= rest)
        #expect(Decay.left(of: amount, after: before, halfLife: Self.halfLife) > rest)
    }

    @Test func anExtremeHalfLifeTrapsNowhere() {
        #expect(Decay.left(of: 7, after: Span(nanoseconds: .max), halfLife: Span(nanoseconds: .max)) == 3)
        #expect(Decay.left(of: 7, after: Span(nanoseconds: .max), halfLife: .zero) == 0)
        #expect(Decay.left(of: 7, after: Span(nanoseconds: -5), halfLife: .seconds(1)) == 7)
    }
}
