/// What a prober that was not running may conclude.
import Chance
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct ProbeStandstillTests {
    @Test func aDeadlineThatPassedDuringAStandstillIsVoid() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        _ = one.turn(at: ms(200))
        #expect(one.turn(at: ms(5000)).results.isEmpty)
        #expect(one.voided == 1)
        #expect(one.window.figures.sent == 0, "nothing is known of those requests")
    }

    @Test func aDeadlineThatIsALittleLateIsAFailure() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        _ = one.turn(at: ms(200))
        _ = one.turn(at: ms(275))
        #expect(one.turn(at: ms(350 + 74)).signals == [.failure(.probeTimeout)])
    }

    @Test func aStandstillOverHalfTimeAloneStillWaitsForTheAnswer() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        #expect(one.turn(at: ms(349)).isEmpty)
        #expect(one.answer(request, at: ms(349)).1.signals == [.success])
    }

    @Test func whatIsKnownToHaveFailedFailsAlsoAfterAStandstill() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        #expect(one.turn(at: ms(349)).isEmpty, "half-time came 74 ms late")
        #expect(one.refused(request, .noDevice, at: ms(349)).signals == [.failure(.noDevice)])
    }

    @Test func missedRoundsAreNotMadeUpFor() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        #expect(one.turn(at: ms(3700)).requests.isEmpty, "half an interval late: left out")
        #expect(one.wake == ms(3800))
        #expect(one.turn(at: ms(3800)).requests.count == 1)
    }

    @Test func aRoundLateByLessThanAQuarterOfItsIntervalBegins() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        #expect(one.turn(at: ms(250)).requests.count == 1)
        #expect(one.wake == ms(325))
    }

    @Test func aMachineThatIsAlwaysLateStillProbesEveryOtherRound() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        var rounds = 0
        for tick in 1...20 { rounds += one.turn(at: ms(Int64(tick) * 200 + 120)).requests.count }
        #expect(rounds == 10)
    }

    /// The promise at the head of ProbeSchedule.swift, for standstills of every length at every time. The kernel is
    /// taken to stand still too: what would have arrived meanwhile arrives at the end.
    @Test func noStandstillFailsAMemberThatAnswersWithinHalfItsTimeout() throws {
        var rng = SeededGenerator(7)
        for _ in 0..<400 {
            let rtt = Int64.random(in: 1..<75, using: &rng)
            let from = Int64.random(in: 150..<700, using: &rng)
            let until = from + Int64.random(in: 0..<1500, using: &rng)
            var world = StandstillWorld(schedule(try plan(["192.0.2.53"])), rtt: rtt, from: from, until: until)
            world.run(to: 3000)
            #expect(world.failures == 0, "rtt \(rtt), standstill \(from)…\(until)")
            #expect(world.successes >= 2, "rtt \(rtt), standstill \(from)…\(until)")
        }
    }
}

/// One schedule, one target that always answers, and one stretch in which nothing runs. Times in milliseconds.
private struct StandstillWorld {
    private var schedule: ProbeSchedule
    private let rtt: Int64
    private let from: Int64
    private let until: Int64
    private var flying: [(ProbeRequest, at: Int64)] = []
    private(set) var failures = 0
    private(set) var successes = 0

    init(_ schedule: ProbeSchedule, rtt: Int64, from: Int64, until: Int64) {
        (self.schedule, self.rtt, self.from, self.until) = (schedule, rtt, from, until)
    }

    private func put(off time: Int64) -> Int64 { time > from && time < until ? until : time }

    mutating func run(to end: Int64) {
        for now in 0..<end where put(off: now) == now {
            for (request, at) in flying where at == now { count(schedule.answer(request, at: ms(at)).1, at: now) }
            flying.removeAll { $0.at == now }
            guard schedule.wake <= ms(now) else { continue }
            count(schedule.turn(at: ms(now)), at: now)
        }
    }

    private mutating func count(_ actions: [ProbeAction], at now: Int64) {
        for action in actions {
            switch action {
            case .send(let request):
                flying.append((request, put(off: now + rtt)))
            case .abandon, .target, .traced: Issue.record("no business of an echo")
            case .report(let result):
                if result.signal == .success { successes += 1 } else { failures += 1 }
            }
        }
    }
}
