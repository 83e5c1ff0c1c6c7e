/// All schedules together: whose turn it is, who an answer is for, what a new configuration changes.
import Chance
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct ProbeTableTests {
    static func subject(_ index: Int, _ plan: ProbePlan, scope: HealthScope = .v4) -> ProbeTable.Subject {
        ProbeTable.Subject(name: "wan.m\(index)", scope: scope, plan: plan)
    }

    @Test func anAnswerFindsItsScheduleAndOthersAreStray() throws {
        var table = ProbeTable(nonces: nonces)
        let one = try plan(["192.0.2.53"])
        let identifiers = table.configure([Self.subject(0, one), Self.subject(1, one)], at: ms(0))
        #expect(Set(identifiers.compactMap { $0 }).count == 2)
        var requests: [ProbeRequest] = []
        while requests.count < 2, let wake = table.nextWake { requests += table.due(at: wake).requests }
        let now = try #require(requests.isEmpty ? nil : ms(399))
        for (index, request) in requests.enumerated() {
            let results = table.received(.reply(request.echo), from: request.target.address, at: now).results
            #expect(
                results.map(\.signal) == [.success] || table.schedule(request.echo.identifier)!.late == 1,
                "\(index)"
            )
        }
        let unknown = Echo(identifier: identifiers[0]! ^ identifiers[1]! ^ 0x4000, sequence: 0, nonce: 0)
        #expect(table.received(.reply(unknown), from: one.targets[0].address, at: now).isEmpty)
        #expect(table.strays == 1)
    }

    @Test func aScheduleWhosePlanStaysGoesOn() throws {
        var table = ProbeTable(nonces: nonces)
        let one = try plan(["192.0.2.53"])
        _ = table.configure([Self.subject(0, one), Self.subject(1, one)], at: ms(0))
        let wake = try #require(table.nextWake)
        let request = try #require(table.due(at: wake).requests.first)
        let keptName = try #require(table.schedule(request.echo.identifier)).member
        let kept = ProbeTable.Subject(name: keptName, scope: .v4, plan: one)
        #expect(table.configure([kept], at: wake) == [request.echo.identifier])
        #expect(table.count == 1)
        let results = table.received(.reply(request.echo), from: request.target.address, at: wake + .milliseconds(3))
            .results
        #expect(results.map(\.member) == [keptName])
    }

    @Test func aChangedPlanBeginsAnewAndOldAnswersAreStray() throws {
        var table = ProbeTable(nonces: nonces)
        _ = table.configure([Self.subject(0, try plan(["192.0.2.53"]))], at: ms(0))
        let wake = try #require(table.nextWake)
        let request = try #require(table.due(at: wake).requests.first)
        _ = table.configure([Self.subject(0, try plan(["192.0.2.54"]))], at: wake)
        #expect(table.received(.reply(request.echo), from: request.target.address, at: wake).isEmpty)
        #expect(table.strays == 1)
    }

    @Test func aSubjectNamedTwiceIsProbedOnce() throws {
        var table = ProbeTable(nonces: nonces)
        let one = Self.subject(0, try plan())
        let identifiers = table.configure([one, one], at: ms(0))
        #expect(identifiers[0] != nil && identifiers[1] == nil)
        #expect(table.count == 1)
    }

    @Test func withoutSubjectsNothingIsEverDue() throws {
        var table = ProbeTable(nonces: nonces)
        _ = table.configure([Self.subject(0, try plan())], at: ms(0))
        #expect(table.nextWake != nil)
        #expect(table.configure([], at: ms(1)).isEmpty)
        #expect(table.nextWake == nil && table.due(at: ms(100_000)).isEmpty)
    }

    @Test func roundsOfManyMembersAreSpreadOverTheInterval() throws {
        var table = ProbeTable(nonces: nonces)
        let one = try plan(["192.0.2.53"])
        _ = table.configure((0..<1000).map { Self.subject($0, one) }, at: ms(0))
        var perSlice = [Int](repeating: 0, count: 20)
        while let wake = table.nextWake, wake < ms(200) {
            perSlice[Int(wake.nanoseconds / 10_000_000)] += table.due(at: wake).requests.count
        }
        #expect(perSlice.reduce(0, +) == 1000)
        // 50 expected in each 10 ms; five standard deviations of the binomial are 34.
        #expect(perSlice.allSatisfy { (16...84).contains($0) }, "\(perSlice)")
    }

    @Test func afterAStandstillThereIsNoBurst() throws {
        var table = ProbeTable(nonces: nonces)
        let one = try plan(["192.0.2.53"])
        _ = table.configure((0..<1000).map { Self.subject($0, one) }, at: ms(0))
        let sent = table.due(at: ms(7777)).requests.count
        // Whose round was due in the last quarter interval: 250 expected, five standard deviations are 68.
        #expect(sent < 320)
        #expect(table.due(at: ms(7777)).isEmpty)
    }

    @Test func everyScheduleHasOneTurnEvenAtTheEndOfTime() throws {
        var table = ProbeTable(nonces: nonces)
        _ = table.configure([Self.subject(0, try plan())], at: ms(0))
        _ = table.due(at: Instant(nanoseconds: .max))
        _ = table.due(at: Instant(nanoseconds: .max))
        #expect(table.count == 1)
    }

    /// The same random history given to the table and to a plain list of schedules that are all looked at each time.
    @Test func theTableDoesWhatLookingAtEveryScheduleWouldDo() throws {
        var rng = SeededGenerator(21)
        var table = ProbeTable(nonces: nonces)
        var model = SlowTable()
        // Targets of each subject's own: what members learn from each other has tests of its own.
        let plan = { (subject: Int, count: Int) in
            try #require(
                ProbePlan(
                    targets: (0..<count).map { ProbeTarget(IPAddress(v4: 0xC000_0200 + UInt32(8 * subject + $0))) },
                    need: 1,
                    interval: .milliseconds(Int64(40 * count)),
                    timeout: .milliseconds(Int64(30 * count))
                )
            )
        }
        var now = ms(0)
        var flying: [ProbeRequest] = []
        var compared = 0
        for step in 0..<20_000 {
            if step % 500 == 0 {
                let subjects = try (0..<30).filter { _ in Bool.random(using: &rng) }.map {
                    Self.subject($0, try plan($0, Int.random(in: 1...5, using: &rng)))
                }
                let identifiers = table.configure(subjects, at: now)
                model.configure(subjects, identifiers) { table.schedule($0) }
            }
            #expect(table.nextWake == model.nextWake)
            now = now + Span(nanoseconds: Int64.random(in: 0...3_000_000, using: &rng))
            let actions = table.due(at: now)
            #expect(ordered(actions) == ordered(model.due(at: now)))
            flying += actions.requests
            compared += actions.count
            while !flying.isEmpty, Int.random(in: 0..<3, using: &rng) > 0 {
                let request = flying.remove(at: Int.random(in: 0..<flying.count, using: &rng))
                let reply = ICMPMessage.reply(request.echo)
                let mine = table.received(reply, from: request.target.address, at: now)
                #expect(mine == model.received(reply, from: request.target.address, at: now))
                compared += mine.count
            }
        }
        #expect(compared > 10_000, "the histories are full of events: \(compared)")
    }

    /// Which of two schedules due at the same call comes first is the table's own matter.
    private func ordered(_ actions: [ProbeAction]) -> [String] { actions.map { "\($0)" }.sorted() }
}

/// The obvious table: every schedule in a list, every one asked every time.
private struct SlowTable {
    private var schedules: [ProbeSchedule] = []

    mutating func configure(
        _ subjects: [ProbeTable.Subject],
        _ identifiers: [UInt16?],
        _ begun: (UInt16) -> ProbeSchedule?
    ) {
        schedules = zip(subjects, identifiers).compactMap { subject, identifier in
            guard let identifier else { return nil }
            let old = schedules.first {
                $0.member == subject.name && $0.plan == subject.plan && $0.identifier == identifier
            }
            return old ?? begun(identifier)
        }
    }

    var nextWake: Instant? { schedules.map(\.wake).min() }

    mutating func due(at now: Instant) -> [ProbeAction] {
        schedules.indices.filter { schedules[$0].wake <= now }.flatMap { schedules[$0].turn(at: now) }
    }

    mutating func received(_ message: ICMPMessage, from source: IPAddress, at now: Instant) -> [ProbeAction] {
        guard let index = schedules.firstIndex(where: { $0.identifier == message.identifier }) else { return [] }
        return schedules[index].received(message, from: source, at: now).1
    }
}
