/// Which requests the filters of `show decisions` leave.
import ArgumentParser
import Inference
import NetTypes
import Testing

@testable import martlet

@Suite struct DecisionFilterTests {
    /// The sample: key ci, model "chat\n!", chat.big failed, chat.spare answered.
    @Test(
        arguments: [
            (DecisionFilter(), true, "nothing asked"),
            (DecisionFilter(key: "ci"), true, "its key"), (DecisionFilter(key: "cd"), false, "another key"),
            (DecisionFilter(model: "chat\n!"), true, "the client's word"),
            (DecisionFilter(model: "gpt"), true, "the provider's word"),
            (DecisionFilter(model: "chat"), false, "only a part of it"),
            (DecisionFilter(member: "chat.big"), true, "it was asked, though another answered"),
            (DecisionFilter(member: "chat"), true, "the group"), (DecisionFilter(member: "big"), false, "no full name"),
            (DecisionFilter(outcome: .answered), true, "its outcome"),
            (DecisionFilter(outcome: .failed), false, "another outcome"),
            (DecisionFilter(since: .seconds(60)), true, "a minute ago is within a minute"),
            (DecisionFilter(since: .seconds(59)), false, "and not within less"),
            (DecisionFilter(key: "ci", outcome: .failed), false, "all must hold"),
        ] as [(DecisionFilter, Bool, Comment)]
    )
    func aFilterAdmitsWhatItAsksFor(_ filter: DecisionFilter, _ admits: Bool, _ why: Comment) {
        let minuteLater = Samples.decision.startedUnix + 60_000_000
        #expect(filter.admits(Samples.decision, now: minuteLater) == admits, why)
    }

    @Test func aClockThatWasSetBackHidesNothing() {
        #expect(DecisionFilter(since: .seconds(1)).admits(Samples.decision, now: 0))
    }

    @Test func theOptionsAreTheFilter() throws {
        let line = "show decisions --key ci --model m --member chat.big --outcome client-gone --since 10min"
        let command = try Martlet.parseAsRoot(line.split(separator: " ").map(String.init)) as? ShowDecisions
        let wanted = DecisionFilter(
            key: "ci",
            model: "m",
            member: "chat.big",
            outcome: .clientGone,
            since: .seconds(600)
        )
        #expect(command?.filter == wanted)
    }
}
