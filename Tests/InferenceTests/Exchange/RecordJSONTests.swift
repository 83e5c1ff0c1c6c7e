/// The hand-written JSON of a record is what the synthesised coding reads and would write.
import Foundation
import NetTypes
import Testing

@testable import Inference

@Suite struct RecordJSONTests {
    private func full() throws -> DecisionRecord {
        let world = try ExchangeWorld()
        try world.feed(Stage.request(Stage.body(isStreamed: true), draw: .max))
        try world.connect()
        try world.answer(UpstreamHead(status: 500, contentType: "text/plain"))
        try world.send(Array("\"quotes\" and \u{1F600}\n".utf8))
        try world.endUpstream()
        try world.connect(isReused: true)
        try world.answer(Answer.streamHead)
        try world.send(Answer.messageStream)
        return try #require(world.record)
    }

    private func check(_ record: DecisionRecord) throws {
        let own = record.reportJSON()
        let back = try JSONDecoder().decode(GatewayReport.self, from: Data(own))
        #expect(back == .decision(record))
        let isPlain = !own.contains(UInt8(ascii: "\\"))
        #expect(
            DecisionRecord(reportJSON: own) == (isPlain ? record : nil),
            "read as it is written, without the decoder"
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let theirs = try JSONSerialization.jsonObject(with: encoder.encode(GatewayReport.decision(record)))
        let ours = try JSONSerialization.jsonObject(with: Data(own))
        #expect(theirs as? NSDictionary == ours as? NSDictionary)
    }

    @Test func everyFieldSurvives() throws {
        var record = try full()
        try check(record)
        record.attempts[0].detail = "\"quotes\" take the decoder"
        try check(record)
        record.attempts[0].detail = "d \u{1F600}"
        try check(record)
        record.policy = "p"
        record.affinity = .movedForPrice
        record.errorCode = "e"
        record.candidates[0].cause = "c"
        record.candidates[0].headroom = 12
        record.attempts[0].headroom = Headroom(percent: 7, reset: .seconds(3))
        record.usage = UsageRow(input: 1, cachedInput: 2, cacheWrite: 3, output: 4, reasoning: .max)
        record.cost = CostRow(
            provider: "two",
            picoDollars: .max,
            isUsageEstimated: true,
            isPriceCeiling: false,
            prices: "0123abcd",
            input: 1,
            output: 2
        )
        try check(record)
        try check(record.withCostText)
    }

    @Test func whatIsNotAsItIsWrittenIsLeftToTheDecoder() throws {
        var record = try full()
        record.attempts[0].detail = nil
        let own = String(decoding: record.reportJSON(), as: UTF8.self)
        try #require(DecisionRecord(reportJSON: Array(own.utf8)) == record)
        let changes = [
            ("\"isStreamed\":true", "\"isStreamed\":1"), ("\"outcome\":\"answered\"", "\"outcome\":\"eaten\""),
            ("\"weight\":1", "\"weight\":1,\"new\":2"), ("\"generation\"", "\"other\""), ("\"decision\"", "\"alarm\""),
            ("{\"decision\"", "[\"decision\""),
        ]
        for (old, new) in changes {
            let text = own.replacing(old, with: new)
            try #require(text != own, "\(old)")
            #expect(DecisionRecord(reportJSON: Array(text.utf8)) == nil, "\(new)")
        }
        for length in 0..<own.utf8.count {
            #expect(DecisionRecord(reportJSON: Array(own.utf8.prefix(length))) == nil)
        }
    }

    @Test func anEmptyRecordToo() throws { try check(DecisionRecord(generation: 0)) }
}
