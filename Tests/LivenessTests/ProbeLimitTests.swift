/// When an answering member is degraded, and when it is well again; and whose fault a silence is.
import Chance
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct ProbeLimitTests {
    /// Rounds of one target every 200 ms; for each, how long the answer takes, nil when there is none.
    private func signals(_ limits: ProbeLimits, _ trips: [Int64?], rounds: Int = 10) throws -> [String] {
        let plan = try #require(
            ProbePlan(
                targets: [ProbeTarget(try address("192.0.2.53"))],
                need: 1,
                interval: .milliseconds(200),
                timeout: .milliseconds(150),
                rounds: rounds,
                limits: limits
            )
        )
        var one = schedule(plan)
        return trips.enumerated().map { index, trip in
            let begin = Int64(index + 1) * 200
            let request = one.turn(at: ms(begin)).requests[0]
            let actions =
                trip.map { one.answer(request, at: ms(begin + $0)).1 } ?? one.refused(request, .noRoute, at: ms(begin))
            switch actions.signals.first {
            case .success: return "+"
            case .degraded(let cause): return cause.name
            default: return "-"
            }
        }
    }

    /// Three of eight lost, then a lucky run: of thirteen that is still too many, of sixteen it would do, but the window is not yet full.
    @Test func aWindowThatIsNotYetFullAcquitsNobody() throws {
        let limits = ProbeLimits(loss: Fraction(millionths: 250_000), latency: nil, jitter: nil)
        let trips: [Int64?] = [5, nil, nil, 5, nil, 5, 5, 5] + Array(repeating: 5, count: 11)
        #expect(try signals(limits, trips, rounds: 18).suffix(3) == ["loss-limit", "+", "+"])
        #expect(try signals(limits, trips, rounds: 20).suffix(3) == ["loss-limit", "loss-limit", "loss-limit"])
    }

    @Test func lossBeyondItsLimitDegradesUntilItHasFallenFarEnough() throws {
        let limits = ProbeLimits(loss: Fraction(millionths: 250_000), latency: nil, jitter: nil)
        // Of ten: two lost are kept, three are too many; it takes two again to be well.
        let trips: [Int64?] = Array(repeating: 5, count: 10) + [nil, nil, 5, nil] + Array(repeating: 5, count: 9)
        let seen = try signals(limits, trips)
        #expect(Array(seen[..<14]) == Array(repeating: "+", count: 10) + ["-", "-", "+", "-"])
        #expect(seen[14..<20].allSatisfy { $0 == "loss-limit" }, "\(seen)")
        #expect(seen[20...].allSatisfy { $0 == "+" }, "\(seen)")
    }

    @Test func fewSamplesProveNothing() throws {
        let limits = ProbeLimits(loss: Fraction(millionths: 100_000), latency: nil, jitter: nil)
        #expect(try signals(limits, [nil, 5, 5, 5, 5, 5, 5]) == ["-", "+", "+", "+", "+", "+", "+"])
    }

    @Test func latencyAndJitterHaveLimitsOfTheirOwn() throws {
        let slow = ProbeLimits(loss: nil, latency: .milliseconds(50), jitter: nil)
        let trips: [Int64?] = Array(repeating: 10, count: 10) + Array(repeating: 100, count: 10)
        let seen = try signals(slow, trips + Array(repeating: 10, count: 12))
        #expect(
            seen.prefix(14).allSatisfy { $0 == "+" } && seen[14...20].allSatisfy { $0 == "latency-limit" },
            "\(seen)"
        )
        #expect(seen.last == "+")
        let shaky = ProbeLimits(loss: nil, latency: nil, jitter: .milliseconds(30))
        let swinging = (0..<20).map { Int64($0 % 2 == 0 ? 10 : 90) }
        #expect(try signals(shaky, swinging).last == "jitter-limit")
        #expect(try signals(shaky, Array(repeating: 90, count: 20)).last == "+", "slow, but steady")
    }

    @Test func theFiguresSayWhatTheWindowHolds() throws {
        var window = ProbeWindow(rounds: 4)
        #expect(window.figures == .none)
        for trip in [40, 10, 20, 30, 50] as [UInt32] {
            window.add(ProbeWindow.Round(sent: 2, lost: trip == 50 ? 1 : 0, trip: trip, differences: 1, difference: 10))
        }
        let figures = window.figures
        #expect(figures.sent == 8 && figures.lost == 1 && figures.lossMillionths == 125_000)
        #expect(figures.roundTrips == 4 && figures.latency == Span(nanoseconds: 27_000))
        #expect(figures.median == Span(nanoseconds: 20_000) && figures.percentile95 == Span(nanoseconds: 50_000))
        #expect(figures.differences == 4 && figures.jitter == Span(nanoseconds: 10_000))
    }

    /// The window against one that keeps everything and sorts it each time.
    @Test func theWindowAgreesWithASlowOne() {
        var rng = SeededGenerator(8)
        for length in [4, 7, 32] {
            var window = ProbeWindow(rounds: length)
            var all: [ProbeWindow.Round] = []
            for _ in 0..<300 {
                let isLost = Int.random(in: 0..<4, using: &rng) == 0
                let trip = isLost ? ProbeWindow.Round.none : UInt32.random(in: 0...50, using: &rng)
                all.append(ProbeWindow.Round(sent: 1, lost: isLost ? 1 : 0, trip: trip))
                window.add(all[all.count - 1])
                let last = all.suffix(length)
                let trips = last.map(\.trip).filter { $0 != ProbeWindow.Round.none }.sorted()
                #expect(window.figures.lost == last.count { $0.lost > 0 } && window.figures.sent == last.count)
                #expect(window.figures.roundTrips == trips.count)
                let median = trips.isEmpty ? nil : Span(nanoseconds: Int64(trips[(trips.count - 1) / 2]) * 1000)
                #expect(window.figures.median == median)
            }
        }
    }
}

struct TargetWatchTests {
    /// Members `wan.m0`, `wan.m1`, … with targets .53 and .54; `answers` says which requests are answered. Plays rounds and
    /// gives the reports and each member's signals.
    private func play(
        members: Int,
        need: Int = 2,
        rounds: Int,
        _ answers: (_ member: Int, _ target: Int, _ round: Int) -> Bool
    ) throws -> (targets: [TargetReport], signals: [[String]]) {
        var table = ProbeTable(nonces: nonces)
        let one = try plan(["192.0.2.53", "192.0.2.54"], need: need)
        _ = table.configure((0..<members).map { ProbeTableTests.subject($0, one) }, at: ms(0))
        var reports: [TargetReport] = []
        var signals = Array(repeating: [String](), count: members)
        var begun = Array(repeating: 0, count: members)
        while begun.contains(where: { $0 < rounds }) || signals.contains(where: { $0.count < rounds }) {
            let now = try #require(table.nextWake)
            var actions = table.due(at: now)
            for request in actions.requests {
                let name = try #require(table.schedule(request.schedule)).member
                let member = try #require(Int(name.dropFirst(5)))
                let target = Int(request.number % 2)
                let round = Int(request.number / 2)
                begun[member] = round + 1
                if answers(member, target, round) {
                    actions += table.received(
                        .reply(request.echo),
                        from: request.target.address,
                        at: now + .milliseconds(5)
                    )
                }
            }
            for action in actions {
                switch action {
                case .target(let report): reports.append(report)
                case .report(let result):
                    let member = try #require(Int(result.member.dropFirst(5)))
                    signals[member].append(result.signal == .success ? "+" : "-")
                case .send, .abandon, .traced: continue
                }
            }
        }
        return (reports, signals.map { Array($0.prefix(rounds)) })
    }

    @Test func aTargetThatIsSilentOverAllMembersIsNamedAndNoLongerCounted() throws {
        let (targets, signals) = try play(members: 3, rounds: 12) { _, target, round in
            target == 1 || round < 3 || round > 8
        }
        #expect(targets.map(\.isDead) == [true, false])
        #expect(targets[0].target.description == "192.0.2.53" && targets[0].members == ["wan.m0", "wan.m1", "wan.m2"])
        for seen in signals {
            #expect(seen.contains("-"), "the first silences are not yet known for what they are")
            #expect(seen.count { $0 == "-" } <= 3 && seen.suffix(6).allSatisfy { $0 == "+" }, "\(seen)")
        }
    }

    @Test func aMemberThatReachesOneTargetOnlyIsItselfAtFault() throws {
        let (targets, signals) = try play(members: 3, rounds: 8) { member, target, _ in member != 1 || target == 1 }
        #expect(targets.isEmpty)
        #expect(signals[1].allSatisfy { $0 == "-" } && signals[0].allSatisfy { $0 == "+" })
    }

    @Test func whenNothingAnswersNobodyBlamesATarget() throws {
        let (targets, signals) = try play(members: 2, rounds: 6) { _, _, round in round < 2 }
        #expect(targets.isEmpty)
        #expect(signals.allSatisfy { $0.suffix(3) == ["-", "-", "-"] })
    }

    @Test func oneMemberAloneCannotTell() throws {
        let (targets, signals) = try play(members: 1, rounds: 6) { _, target, _ in target == 1 }
        #expect(targets.isEmpty && signals[0].allSatisfy { $0 == "-" })
    }
}

struct ElsewhereTests {
    @Test func anAnswerByAnotherDeviceDoesNotCountAndIsSaid() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        let (reception, actions) = one.received(
            .reply(request.echo),
            from: request.target.address,
            elsewhere: "eth1",
            at: ms(205)
        )
        #expect(reception == .elsewhere && actions.isEmpty)
        _ = one.turn(at: ms(275))
        let result = one.turn(at: ms(350)).results.first
        #expect(result?.signal == .failure(.answeredElsewhere) && result?.detail == "the answer came in by eth1")
    }

    @Test func theRightAnswerStillCountsAfterIt() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        _ = one.received(.reply(request.echo), from: request.target.address, elsewhere: "eth1", at: ms(205))
        #expect(one.answer(request, at: ms(210)).1.signals == [.success])
    }
}

struct TracedScheduleTests {
    private func traced(at now: Instant) throws -> (table: ProbeTable, identifier: UInt16) {
        var table = ProbeTable(nonces: nonces)
        let subject = ProbeTable.Subject(name: "trial 1", scope: .v4, plan: try plan(), isTraced: true)
        let identifier = try #require(table.configure([subject], at: now)[0])
        return (table, identifier)
    }

    private func outcomes(_ actions: [ProbeAction]) -> [ProbeTrace.Outcome] {
        actions.compactMap { if case .traced(let trace) = $0 { trace.outcome } else { nil } }
    }

    @Test func everyRequestOfATracedScheduleIsAccountedFor() throws {
        var (table, _) = try traced(at: ms(0))
        let begin = try #require(table.nextWake)
        let requests = table.due(at: begin).requests
        let answered = table.answered(requests[0], ProbeAnswer(clock: .process), at: begin + .milliseconds(20))
        #expect(outcomes(answered) == [.answered(.milliseconds(20), .process, warning: nil)])
        _ = table.due(at: begin + .milliseconds(75))
        #expect(outcomes(table.due(at: begin + .milliseconds(150))) == [.failed(ProbeFault(.probeTimeout))])
    }

    /// Else whoever waits for the run would wait for ever.
    @Test func aProberThatWasHeldUpSaysSo() throws {
        var (table, _) = try traced(at: ms(0))
        let begin = try #require(table.nextWake)
        _ = table.due(at: begin)
        let late = outcomes(table.due(at: begin + .seconds(3)))
        #expect(late.count == 2)
        for outcome in late {
            #expect("\(outcome)".contains("held up"))
        }
    }

    @Test func anAnswerToAnEarlierScheduleOfTheSameIdentifierIsStray() throws {
        var (table, identifier) = try traced(at: ms(0))
        let begin = try #require(table.nextWake)
        let old = table.due(at: begin).requests[0]
        _ = table.configure([], at: begin)
        let other = ProbeTable.Subject(name: "wan.b", scope: .v4, plan: try plan())
        #expect(table.configure([other], at: begin) == [identifier])
        _ = table.due(at: try #require(table.nextWake))
        #expect(table.answered(old, ProbeAnswer(clock: .process), at: begin).isEmpty && table.strays == 1)
    }
}
