/// One schedule, step by step.
import NetTypes
import PolicyEngine
import Testing

@testable import Liveness

struct ProbeScheduleTests {
    @Test func aRoundAsksAllTargetsAtItsPlaceOnTheGrid() throws {
        var one = schedule(try plan())
        #expect(one.wake == ms(200))
        #expect(one.turn(at: ms(199)).isEmpty)
        let requests = one.turn(at: ms(200)).requests
        #expect(requests.map(\.target.description) == ["192.0.2.53", "198.51.100.53"])
        #expect(requests.map(\.echo.sequence) == [0, 1])
        #expect(Set(requests.map(\.echo.nonce)).count == 2)
    }

    @Test func theFirstEnoughAnswersAreASuccessAtOnceAndOnlyOnce() throws {
        var one = schedule(try plan())
        let requests = one.turn(at: ms(200)).requests
        let (first, actions) = one.answer(requests[1], at: ms(212))
        #expect(first == .counted)
        #expect(actions.signals == [.success])
        #expect(actions.results.first?.at == ms(212))
        #expect(actions.results.first?.rtt == .milliseconds(12))
        let (second, more) = one.answer(requests[0], at: ms(230))
        #expect(second == .counted && more.isEmpty)
    }

    @Test func theDeadlineIsAFailureWithTheCauseTimeout() throws {
        var one = schedule(try plan())
        _ = one.turn(at: ms(200))
        #expect(one.wake == ms(275), "half-time")
        #expect(one.turn(at: ms(275)).isEmpty)
        #expect(one.wake == ms(350), "the deadline")
        let actions = one.turn(at: ms(350))
        #expect(actions.signals == [.failure(.probeTimeout)])
        #expect(actions.results.first?.figures.lost == 2 && actions.results.first?.figures.sent == 2)
        #expect(one.wake == ms(400))
    }

    @Test func tooFewThatCanStillAnswerIsAFailureAtOnce() throws {
        var one = schedule(try plan(need: 2))
        let requests = one.turn(at: ms(200)).requests
        let actions = one.refused(requests[0], .noDevice, at: ms(201))
        #expect(actions.signals == [.failure(.noDevice)])
        _ = one.turn(at: ms(275))
        #expect(one.turn(at: ms(350)).isEmpty, "the verdict is given once")
    }

    static let errors: [(ICMPFailure, Cause)] = [
        (.unreachable(code: 1), .probeUnreachable), (.timeExceeded(code: 0), .probeTimeExceeded),
        (.parameterProblem(code: 0), .probeRefused),
    ]

    private func quoted(_ request: ProbeRequest, withNonce: Bool) -> QuotedEcho {
        QuotedEcho(
            destination: request.target.address,
            identifier: request.echo.identifier,
            sequence: request.echo.sequence,
            nonce: withNonce ? request.echo.nonce : nil
        )
    }

    @Test(arguments: errors)
    func anICMPErrorFailsTheRequestItQuotes(_ row: (ICMPFailure, Cause)) throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        let router = try address("203.0.113.1")
        let message = ICMPMessage.failure(row.0, quoting: quoted(request, withNonce: true))
        let (reception, actions) = one.received(message, from: router, at: ms(204))
        #expect(reception == .counted)
        #expect(actions.signals == [.failure(row.1)])
    }

    /// Identifier, sequence and target can be guessed: such an error must not take a member down that answers.
    @Test(arguments: errors, [true, false])
    func anICMPErrorWithoutTheNonceOnlyExplainsASilence(_ row: (ICMPFailure, Cause), isAnswered: Bool) throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        let message = ICMPMessage.failure(row.0, quoting: quoted(request, withNonce: false))
        let (reception, actions) = one.received(message, from: try address("198.51.100.66"), at: ms(204))
        #expect(reception == .hearsay && actions.isEmpty)
        if isAnswered {
            let (answered, actions) = one.answer(request, at: ms(210))
            #expect(answered == .counted && actions.signals == [.success])
        } else {
            _ = one.turn(at: ms(275))
            #expect(one.turn(at: ms(350)).signals == [.failure(row.1)])
        }
    }

    @Test func anErrorThatQuotesAnotherNonceOrTargetIsStray() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        let wrong = [
            QuotedEcho(
                destination: request.target.address,
                identifier: 77,
                sequence: 0,
                nonce: request.echo.nonce &+ 1
            ),
            QuotedEcho(destination: try address("192.0.2.54"), identifier: 77, sequence: 0, nonce: request.echo.nonce),
            QuotedEcho(destination: request.target.address, identifier: 78, sequence: 0, nonce: request.echo.nonce),
            QuotedEcho(destination: request.target.address, identifier: 77, sequence: 1, nonce: nil),
        ]
        for quoted in wrong {
            let (reception, actions) = one.received(
                .failure(.unreachable(code: 1), quoting: quoted),
                from: request.target.address,
                at: ms(204)
            )
            #expect(reception == .stray && actions.isEmpty)
        }
    }

    @Test func aForgedReplyIsStray() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        let forged = Echo(identifier: 77, sequence: request.echo.sequence, nonce: request.echo.nonce ^ 1)
        #expect(one.received(.reply(forged), from: request.target.address, at: ms(201)).0 == .stray)
        let other = try address("192.0.2.99")
        #expect(one.received(.reply(request.echo), from: other, at: ms(201)).0 == .stray, "from elsewhere")
        #expect(one.answer(request, at: ms(202)).0 == .counted)
    }

    @Test func aLateAnswerIsCountedAndChangesNothing() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        _ = one.turn(at: ms(275))
        let (early, nothing) = one.answer(request, at: ms(351))
        #expect(early == .late && nothing.isEmpty, "past the deadline, though the round was not yet judged")
        #expect(one.turn(at: ms(352)).signals == [.failure(.probeTimeout)])
        let (after, none) = one.answer(request, at: ms(353))
        #expect(after == .late && none.isEmpty)
        #expect(one.late == 2)
    }

    @Test func anAnswerIsCountedOnceHoweverOftenItComes() throws {
        var one = schedule(try plan(need: 2))
        let request = one.turn(at: ms(200)).requests[0]
        #expect(one.answer(request, at: ms(201)).0 == .counted)
        let (again, actions) = one.answer(request, at: ms(202))
        #expect(again == .repeated && actions.isEmpty)
    }

    @Test func anAnswerThatCameInTimeCountsHoweverLateItIsRead() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        let (reception, actions) = one.answer(request, at: ms(349))
        #expect(reception == .counted && actions.signals == [.success])
        #expect(one.turn(at: ms(900)).signals.isEmpty)
    }

    @Test func aRequestThatLeftLateHasItsWholeTimeout() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        let request = one.turn(at: ms(200)).requests[0]
        one.sent(request, at: ms(220))
        #expect(one.wake == ms(295))
        let actions = one.answer(request, at: ms(365)).1
        #expect(actions.results.first?.rtt == .milliseconds(145))
    }

    @Test func lossIsThatOfTheLastThirtyTwoRounds() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        var last: ProbeResult?
        for round in 1...(ProbeWindow.standardRounds + 8) {
            let begin = Int64(round) * 200
            let request = one.turn(at: ms(begin)).requests[0]
            let actions =
                round <= 10 ? one.refused(request, .noRoute, at: ms(begin)) : one.answer(request, at: ms(begin + 5)).1
            last = actions.results.first
        }
        #expect(last?.figures.sent == 32)
        #expect(last?.figures.lost == 2, "ten failed, eight of them have left the window")
    }

    @Test func sequencesWrapWithoutConfusion() throws {
        var one = schedule(try plan(["192.0.2.53"]))
        for round in 1...66_000 {
            let request = one.turn(at: ms(Int64(round) * 200)).requests[0]
            #expect(one.answer(request, at: ms(Int64(round) * 200 + 5)).0 == .counted)
        }
    }
}
