/// How fast a silent death is known: within interval × down-after + timeout, plus what the prober itself is late.
import Chance
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct ProbeDetectionTests {
    /// One random member, its time of death, and a prober whose every turn is late by up to `mostLate`.
    struct Case {
        let plan: ProbePlan
        let downAfter: Int
        let rtt: UInt64
        let phase: UInt64
        let death: UInt64
        let mostLate: UInt64

        init(_ rng: inout SeededGenerator) {
            let interval = Int64.random(in: 10...2000, using: &rng)
            let timeout = Int64.random(in: 5...interval, using: &rng)
            let count = Int.random(in: 1...4, using: &rng)
            let targets = (0..<count).map { ProbeTarget(IPAddress(v4: 0xC000_0200 + UInt32($0))) }
            plan =
                ProbePlan(
                    targets: targets,
                    need: Int.random(in: 1...count, using: &rng),
                    interval: .milliseconds(interval),
                    timeout: .milliseconds(timeout)
                )!
            downAfter = Int.random(in: 1...5, using: &rng)
            rtt = UInt64.random(in: 0...UInt64(timeout) * 900_000, using: &rng)
            phase = rng.next()
            death = UInt64.random(in: 0...UInt64(interval) * 8_000_000, using: &rng)
            // Half of the 50 ms slack, as both the request and the judgement may be late; and less than voids or leaves
            // out a round.
            mostLate = min(25_000_000, UInt64(timeout) * 500_000 - 1, UInt64(interval) * 250_000)
        }

        var bound: UInt64 { UInt64(plan.interval.nanoseconds) * UInt64(downAfter) + UInt64(plan.timeout.nanoseconds) }
    }

    @Test(arguments: [true, false])
    func aSilentDeathIsKnownWithinTheBound(proberIsLate: Bool) {
        var rng = SeededGenerator(proberIsLate ? 11 : 12)
        var worst = 0.0
        for _ in 0..<2000 {
            let one = Case(&rng)
            let known = Self.timeOfDown(one, late: proberIsLate, &rng)
            let took = known - one.death
            #expect(took <= one.bound + (proberIsLate ? 2 * one.mostLate : 0), "\(one)")
            #expect(took > 0)
            worst = max(worst, Double(took) / Double(one.bound))
        }
        #expect(worst > 0.9, "the bound is tight: some death comes just after a round was answered")
    }

    /// Runs one member until its health is down. Requests that reach a target after its death stay without answer.
    private static func timeOfDown(_ one: Case, late: Bool, _ rng: inout SeededGenerator) -> UInt64 {
        let start = Instant(nanoseconds: 0)
        var health = Health(Hysteresis(downAfter: one.downAfter, upAfter: 3), since: start)
        var schedule = ProbeSchedule(
            member: "wan.fiber",
            scope: .v4,
            plan: one.plan,
            identifier: 1,
            phase: one.phase,
            nonces: nonces,
            generation: 1,
            at: start
        )
        var flying: [(at: Instant, ProbeRequest)] = []
        while true {
            let delay = late ? UInt64.random(in: 0...one.mostLate, using: &rng) : 0
            let now = Instant(nanoseconds: schedule.wake.nanoseconds + delay)
            var actions: [ProbeAction] = []
            for (at, request) in flying where at <= now { actions += schedule.answer(request, at: at).1 }
            flying.removeAll { $0.at <= now }
            actions += schedule.turn(at: now)
            for action in actions {
                switch action {
                case .send(let request):
                    guard now.nanoseconds + one.rtt / 2 < one.death else { continue }
                    flying.append((Instant(nanoseconds: now.nanoseconds + one.rtt), request))
                case .abandon, .target, .traced: Issue.record("no business of an echo")
                case .report(let result):
                    let change = health.observe(result.signal, at: result.at)
                    if case .became(.down, _) = change { return result.at.nanoseconds }
                }
            }
        }
    }

    @Test func aMemberThatAnswersIsNeverDown() {
        var rng = SeededGenerator(13)
        for _ in 0..<200 {
            let one = Case(&rng)
            let horizon = UInt64(one.plan.interval.nanoseconds) * 40
            var schedule = schedule(one.plan)
            var now = schedule.wake
            while now.nanoseconds < horizon {
                let actions = schedule.turn(at: now)
                #expect(actions.results.isEmpty)
                let arrival = Instant(nanoseconds: now.nanoseconds + one.rtt)
                for request in actions.requests {
                    #expect(!schedule.answer(request, at: arrival).1.signals.contains { $0 != .success })
                }
                now = max(schedule.wake, arrival)
            }
        }
    }
}
