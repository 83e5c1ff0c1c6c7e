import Lab
import LabText

/// Step 4: a provider of models fails, first with an error, then with silence. Does the client notice more than a delay?
extension Demo {
    /// What a failure may cost beside the time that the configuration allows it, milliseconds.
    private static let slack = 100.0

    mutating func breakProvider() throws {
        narrator.title("4. Provider alpha fails")
        try answerWithError()
        try fallSilent()
        try passOver()
    }

    private mutating func answerWithError() throws {
        narrator.say("alpha answers every request with status 500 from now on. The client asks as before:")
        try stage.alpha.mode("500")
        let chat = try stage.chat("Is anybody there?", over: .v4)
        let record = try stage.record(of: chat)
        expect("alpha says 500, chat answered by", is: record.answeredBy, "chat.second over wan.cable")
        expect("alpha says 500, why it was left", is: record.firstFailure, "server-error")
        expect("alpha says 500, until beta was asked", milliseconds: record.secondAfter, atMost: Demo.slack)
        expectWhole(chat, "alpha says 500")
        try stage.martlet.show("explain", chat.decision)
    }

    private mutating func fallSilent() throws {
        let bound = SiteFile.headTimeout
        narrator.say(
            "\nNow alpha takes requests and says nothing. The file gives it \(bound) ms for the head of an answer:"
        )
        try stage.alpha.mode("hang")
        let chat = try stage.chat("And now, is anybody there?", over: .v6)
        let record = try stage.record(of: chat)
        expect("alpha hangs, chat answered by", is: record.answeredBy, "chat.second over wan.cable")
        expect("alpha hangs, why it was left", is: record.firstFailure, "head-timeout")
        expect(
            "alpha hangs, until beta was asked",
            milliseconds: record.secondAfter,
            atMost: Double(bound) + Demo.slack
        )
        expectWhole(chat, "alpha hangs")
        try stage.martlet.show("explain", chat.decision)
    }

    /// The failures of real requests count like a probe's: the next client does not wait for alpha again.
    private mutating func passOver() throws {
        narrator.say("\(SiteFile.failures) failures in a row took alpha out: the next client does not wait for it.")
        let chat = try stage.chat("Who is left?", over: .v4)
        let record = try stage.record(of: chat)
        expect("alpha out, chat answered by", is: record.answeredBy, "chat.second over wan.cable")
        expect("alpha out, providers asked", count: record["attempts"]?.elements?.count ?? 0, exactly: 1)
        expect("alpha out, first word", milliseconds: chat.firstAfter, atMost: 500)
        try stage.martlet.show("show", "decisions")
    }

    private mutating func expectWhole(_ chat: Chat, _ when: String) {
        let words = chat.isWhole && !chat.text.isEmpty ? "whole" : "not whole"
        expect("\(when), answer (first word after \(inMilliseconds(chat.firstAfter)))", is: words, "whole")
    }
}

extension JSON {
    /// Of a decision record: why the first attempt failed.
    fileprivate var firstFailure: String {
        self["attempts"]?[0]?["failure"]?.string ?? "it did not fail"
    }

    /// Of a decision record: milliseconds from the request until the second attempt began.
    fileprivate var secondAfter: Double {
        (self["attempts"]?[1]?["startedAfter"]?.number).map { $0 / 1_000_000 } ?? .infinity
    }
}
