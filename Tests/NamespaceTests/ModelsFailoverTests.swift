/// Does a client get its answer when a provider fails, and does the record say why it came from another?
import Lab
import LabText
import Testing

/// One way to fail, and the class it must be recorded as.
private struct Failing {
    var mode: String
    var more: JSON = [:]
    var plain: String
    var streamed: String
    /// Tries at the first provider: the way may be at fault when a connection breaks, so its other path is tried too.
    var ways = (plain: 1, streamed: 1)
}

extension ModelsSuites {
    @Suite(.serialized) struct ModelsFailoverTests {
        /// Whatever happens before the first meaningful piece of the answer.
        private static let early = [
            Failing(mode: "refuse", plain: "connect-refused", streamed: "connect-refused"),
            Failing(mode: "hang", plain: "head-timeout", streamed: "head-timeout"),
            Failing(mode: "500", plain: "server-error", streamed: "server-error"),
            Failing(mode: "429", more: ["retry-after": 0], plain: "rate-limited", streamed: "rate-limited"),
            Failing(mode: "529", plain: "overloaded", streamed: "overloaded"),
            Failing(mode: "401", plain: "unauthorised", streamed: "unauthorised"),
            // A plain request gets the status that the event stands for.
            Failing(mode: "error-first-event", plain: "overloaded", streamed: "error-first-event"),
            Failing(mode: "drop-mid-stream", more: ["pieces": 0], plain: "truncated", streamed: "reset", ways: (2, 2)),
            Failing(mode: "garbage", plain: "malformed", streamed: "truncated", ways: (1, 2)),
        ]

        @Test func theClientGetsItsAnswerFromTheSecondAndTheRecordSaysWhy() throws {
            let models = try ModelsSite()
            for (group, first) in [("chat", models.openai), ("talk", models.anthropic)] {
                for failing in Self.early {
                    try first.mode(failing.mode, failing.more)
                    for isStreamed in [false, true] {
                        try Self.check(models, group, isStreamed, failing)
                    }
                }
                try first.mode("ok")
            }
            models.tearDown()
        }

        private static func check(_ models: ModelsSite, _ group: String, _ isStreamed: Bool, _ failing: Failing) throws
        {
            let what = "\(group), \(failing.mode), \(isStreamed ? "streamed" : "plain")"
            let answer = try models.chat(group, isStreamed: isStreamed)
            #expect(answer.status == 200, "\(what): \(answer)")
            #expect(answer.text == "echo: \(ModelsSite.words)", "\(what)")
            #expect(!isStreamed || answer.saysDone, "\(what)")
            let decision = try models.decision(answer)
            let failure = isStreamed ? failing.streamed : failing.plain
            #expect(decision.outcome == "answered", "\(what)")
            let tries = isStreamed ? failing.ways.streamed : failing.ways.plain
            #expect(
                decision.members == Array(repeating: "\(group).first", count: tries) + ["\(group).second"],
                "\(what)"
            )
            #expect(decision.failures == Array(repeating: failure, count: tries) + [nil], "\(what)")
            let explanation = try models.martlet("explain", decision.id)
            #expect(
                explanation.status == 0 && explanation.output.contains("failed: \(failure)"),
                "\(what): \(explanation)"
            )
            print("failover, \(what): \(failure), answered after \(rounded(decision.milliseconds))")
        }

        @Test(arguments: ["400", "413", "422"])
        func theClientsOwnMistakeIsNotTriedElsewhere(_ status: String) throws {
            let models = try ModelsSite()
            for (group, first) in [("chat", models.openai), ("talk", models.anthropic)] {
                try first.mode(status)
                for isStreamed in [false, true] {
                    let answer = try models.chat(group, isStreamed: isStreamed)
                    #expect(answer.status == Int(status), "\(group): \(answer)")
                    #expect(answer.body?.contains("\"error\"") == true)
                    #expect(try models.decision(answer).failures == ["client-error"])
                }
            }
            models.tearDown()
        }

        @Test func aStreamThatBreaksAfterItsFirstWordsEndsWithAnErrorAndNoSuccess() throws {
            let models = try ModelsSite()
            let breaking = [
                ("drop-mid-stream", "truncated"), ("error-mid-stream", "error-mid-stream"), ("hang-mid", "stall"),
            ]
            for (group, first) in [("chat", models.openai), ("talk", models.anthropic)] {
                for (mode, failure) in breaking {
                    try first.mode(mode, ["pieces": 6])
                    let answer = try models.chat(group, isStreamed: true)
                    #expect(
                        answer.status == 200 && answer.text.hasPrefix("echo: seven"),
                        "\(group), \(mode): \(answer)"
                    )
                    #expect(!answer.text.hasSuffix("river"), "\(group), \(mode)")
                    #expect(!answer.saysDone && answer.finishReasons.isEmpty, "\(group), \(mode)")
                    // A provider that says itself what is wrong is passed on in its own word.
                    let isOurs = answer.errorCode?.hasPrefix("upstream_")
                    #expect(isOurs == (mode != "error-mid-stream"), "\(group), \(mode): \(answer.eventData)")
                    let decision = try models.decision(answer)
                    #expect(decision.outcome == "broken-off", "\(group), \(mode)")
                    #expect(decision.failures == [failure], "\(group), \(mode)")
                }
                try first.mode("ok")
            }
            models.tearDown()
        }

        @Test func whenAllFailTheClientIsToldAndTheRecordHasEveryAttempt() throws {
            let models = try ModelsSite()
            try models.openai.mode("500")
            try models.anthropic.mode("529")
            for isStreamed in [false, true] {
                let answer = try models.chat("chat", isStreamed: isStreamed)
                #expect(answer.status == 503 && answer.errorCode == "upstream_overloaded", "\(answer)")
                #expect(try models.decision(answer).failures == ["server-error", "overloaded"])
            }
            models.tearDown()
        }
    }
}
