/// What the history promises: who did what, what is on trial, what is kept and what comes back.
import NetTypes
import Testing

@testable import Runtime

@Suite struct HistoryTests {
    private static let operatorNamed = History.Actor(user: "op", process: 7)

    private func entry(_ what: String, _ configuration: Int? = nil) -> History.Entry {
        History.Entry(at: 1, by: Self.operatorNamed, what: what, result: "", configuration: configuration)
    }

    private func kept(_ number: Int, _ digest: String) -> History.Kept {
        History.Kept(number: number, digest: digest, files: ["martlet.yaml"])
    }

    /// Installs texts as the daemon does; on trial until a moment of boot `b` where one is given.
    private func install(_ digest: String, in history: inout History, until deadline: UInt64? = nil) {
        let texts = kept(history.number(of: digest), digest)
        history.install(
            texts,
            { self.entry("apply", $0) },
            onTrialUntil: deadline.map { Instant(nanoseconds: $0) },
            boot: "b",
            reasons: ["why"]
        )
    }

    @Test func newTextsGetANewNumberAndKeptOnesTheirOwn() {
        var history = History()
        for digest in ["a", "b", "a"] { install(digest, in: &history) }
        #expect(history.entries.map(\.configuration) == [1, 2, 1])
        #expect(history.running == 1 && history.previous == 2)
        install("c", in: &history)
        #expect(history.running == 3)
    }

    @Test func aTrialThatIsConfirmedStays() {
        var history = History()
        install("a", in: &history)
        install("b", in: &history, until: 100)
        #expect(history.trial?.configuration == 2 && history.trial?.previous == 1)
        let confirmed = history.confirm(entry("confirm"))
        #expect(confirmed)
        #expect(history.trial == nil && history.running == 2 && history.unconfirmed == nil)
        let again = history.confirm(entry("confirm"))
        #expect(!again, "there is nothing left to confirm")
    }

    @Test func aTrialThatIsNotConfirmedGivesWayAndIsRemembered() {
        var history = History()
        install("a", in: &history)
        install("b", in: &history, until: 100)
        history.revert { self.entry("revert", $0) }
        #expect(history.running == 1 && history.trial == nil)
        #expect(history.unconfirmed?.digest == "b")
        #expect(history.entries.last?.configuration == 1)
        install("c", in: &history)
        #expect(history.unconfirmed?.digest == "b", "another text does not vouch for it")
        install("b", in: &history)
        #expect(history.unconfirmed == nil, "now somebody meant it")
    }

    @Test func theFirstConfigurationHasNothingToGoBackTo() {
        var history = History()
        install("a", in: &history, until: 100)
        #expect(history.trial == nil && history.running == 1)
    }

    @Test(arguments: [
        (50 as UInt64, "b", 50 as Int64, "half of it is left"), (100, "b", 0, "the moment itself is too late"),
        (200, "b", 0, "long past"), (50, "other", 0, "a reboot ends every trial"),
    ])
    func aDeadlineIsOfItsOwnBoot(now: UInt64, boot: String, left: Int64, why: String) {
        var history = History()
        install("a", in: &history)
        install("b", in: &history, until: 100)
        #expect(history.trial?.remaining(at: Instant(nanoseconds: now), boot: boot).nanoseconds == left, "\(why)")
    }

    @Test func theHistoryIsBoundedAndKeepsWhatIsNeeded() {
        var history = History()
        install("first", in: &history)
        for number in 0..<3 * History.mostConfigurations { install("\(number)", in: &history) }
        #expect(history.kept.count == History.mostConfigurations)
        #expect(history.kept(1) == nil)
        let before = history.running
        install("trial", in: &history, until: 100)
        for _ in 0..<2 * History.mostEntries { history.append(entry("drain wan.cable")) }
        #expect(history.entries.count == History.mostEntries)
        #expect(history.kept(history.trial?.previous ?? 0) != nil && history.trial?.previous == before)
    }

    @Test func theResultBelongsToTheLastChangeOfConfiguration() {
        var history = History()
        install("a", in: &history)
        history.append(entry("drain wan.cable"))
        history.conclude("1 change")
        #expect(history.entries.map(\.result) == ["1 change", ""])
    }
}
