import NetTypes
import Testing

@testable import PolicyEngine

@Suite struct DampingTests {
    private let rule = DampingRule.standard
    private func at(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func theThirdFailureWithinAQuarterOfAnHourKeepsOutUntilThePenaltyHasHalvedEnough() throws {
        var damping = Damping(at: at(0))
        damping.failed(at: at(0), under: rule)
        damping.failed(at: at(60), under: rule)
        #expect(damping.reuseAt == nil && damping.penalty(at: at(60), under: rule) == 1954)
        damping.failed(at: at(120), under: rule)
        #expect(damping.penalty(at: at(120), under: rule) == 2865)
        let until = try #require(damping.reuseAt)
        // 2865 → 750 takes log2(2865 / 750) = 1.93 half-lives of 15 minutes.
        #expect((1730...1745).contains((until - at(120)).milliseconds / 1000))
        #expect(damping.penalty(at: until, under: rule) == 750)
        let justBefore = Instant(nanoseconds: until.nanoseconds - 1)
        #expect(damping.settle(at: justBefore) == false && damping.settle(at: until) == true && damping.reuseAt == nil)
    }

    @Test func aFailureWhileKeptOutPutsTheReturnOff() throws {
        var damping = Damping(at: at(0))
        for _ in 0..<3 { damping.failed(at: at(0), under: rule) }
        let first = try #require(damping.reuseAt)
        damping.failed(at: at(600), under: rule)
        #expect(try #require(damping.reuseAt) > first)
    }

    @Test func nobodyIsKeptOutForLongerThanTheCeilingAllows() throws {
        var damping = Damping(at: at(0))
        for _ in 0..<500 { damping.failed(at: at(0), under: rule) }
        #expect(damping.penalty(at: at(0), under: rule) == 750 * 16)
        // Whole units of penalty: the last of them ends a few seconds early.
        #expect((3590...3600).contains((try #require(damping.reuseAt) - at(0)).milliseconds / 1000))
    }

    @Test func aThresholdAboveTheCeilingIsStillReached() {
        let odd = DampingRule(halfLife: .seconds(60), suppress: 5000, reuse: 1)
        var damping = Damping(at: at(0))
        for _ in 0..<5 { damping.failed(at: at(0), under: odd) }
        #expect(damping.reuseAt != nil)
    }
}
