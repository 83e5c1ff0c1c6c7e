/// Random events in any order: the exchange never asks for the impossible, and always ends.
import Chance
import NetTypes
import Testing

@testable import Inference

@Suite struct ExchangeModelTests {
    @Test func noOrderOfEventsMakesTheExchangeAskTheImpossible() throws {
        var outcomes: [Outcome: Int] = [:]
        for seed in 0..<4000 as Range<UInt64> {
            var dice = SeededGenerator(seed)
            let world = try ExchangeWorld()
            try world.feed(Stage.request(Stage.body(isStreamed: Bool.random(using: &dice)), draw: dice.next()))
            for _ in 0..<60 where world.record == nil { try step(world, &dice) }
            if world.record == nil { try world.feed(.clientGone) }
            let record = try #require(world.record)
            outcomes[record.outcome, default: 0] += 1
            #expect(world.upstream == .none)
            #expect(world.exchange.handle(.tick, at: world.now).isEmpty)
            #expect(
                (record.outcome == .answered) == (record.attempts.last.map { $0.failure == nil } ?? false)
                    || record.outcome == .clientGone
            )
            // Providers' own error bodies pass with their status; a stream's mark of success may follow nothing else.
            if record.outcome != .answered, record.status == 200 {
                let events = world.text.split(separator: "\n\n")
                #expect(!events.contains("data: [DONE]"))
            }
        }
        // Chance must have led everywhere, else the test proves little.
        for outcome in [Outcome.answered, .failed, .brokenOff, .clientGone] {
            #expect(outcomes[outcome, default: 0] > 20, "\(outcome)")
        }
    }

    private func step(_ world: ExchangeWorld, _ dice: inout SeededGenerator) throws {
        switch Int.random(in: 0..<40, using: &dice) {
        case 0: try world.feed(.clientGone)
        case 1: try world.feed(.clientWritable(Bool.random(using: &dice)))
        case 2: try world.feed(.pathDown(Bool.random(using: &dice) ? Stage.fiber : Stage.cable))
        case 3: try world.waitForDeadline()
        case 4: try world.feed(.tick, after: .seconds(Int64.random(in: 0..<40, using: &dice)))
        // Late news of an attempt that is over.
        case 5: try world.feed(.upstreamBytes(AttemptID(world.attempt.number - 1), Answer.done))
        default: try upstreamStep(world, &dice)
        }
    }

    private func upstreamStep(_ world: ExchangeWorld, _ dice: inout SeededGenerator) throws {
        let chance = Int.random(in: 0..<20, using: &dice)
        switch world.upstream {
        case .none: try world.waitForDeadline()
        case .connecting where chance >= 18: try world.denyConnection(chance == 18 ? .trialTaken : .retryBudget)
        case .connecting where chance < 4: try world.refuseConnection(chance < 2 ? .connectRefused : .unreachable)
        case .connecting: try world.connect(isReused: chance < 8)
        case .open: break
        case .sent where chance < 2: try world.breakUpstream(chance == 0 ? .reset : .truncated)
        case .sent where chance < 4: try world.endUpstream()
        case .sent where chance < 6: try world.refuseRequest()
        case .sent where chance < 10: try world.answer(Self.heads[Int.random(in: 0..<Self.heads.count, using: &dice)])
        case .sent: try world.send(Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &dice)])
        }
    }

    private static let heads = [
        Answer.plainHead, Answer.streamHead, Answer.streamHead, Answer.streamHead,
        UpstreamHead(status: 500, contentType: "text/plain"),
        UpstreamHead(status: 400, contentType: "application/json"),
    ]
    private static let pieces = [
        Answer.role, Answer.word, Answer.stop, Answer.done, Answer.error, Answer.plain, Answer.message,
        Answer.messageStream, Array(Answer.word.prefix(9)), Answer.bytes("garbage\n\n"),
    ]
}
