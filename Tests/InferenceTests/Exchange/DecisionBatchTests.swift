/// Records reach the daemon as the gateway wrote them, whatever becomes of the bytes in between.
import NetTypes
import Testing

@testable import Inference

@Suite struct DecisionBatchTests {
    /// A record in which nothing is missing, of two attempts.
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
        var record = try #require(world.record)
        (record.key, record.team, record.policy, record.arm) = ("k", "t", "p", "a")
        record.affinity = .movedForPrice
        (record.operation, record.errorCode, record.localDay) = (.completion, "e", 20_261_126)
        record.duration = Span(nanoseconds: -1)
        for index in record.candidates.indices {
            (record.candidates[index].path, record.candidates[index].mark) = ("wan.one", Mark(.max))
            (record.candidates[index].cause, record.candidates[index].headroom) = ("c", 12)
        }
        for index in record.attempts.indices {
            (record.attempts[index].path, record.attempts[index].mark) = ("wan.one", Mark(1))
            (record.attempts[index].failure, record.attempts[index].detail) = (.overloaded, "d")
            record.attempts[index].firstToken = .seconds(2)
            record.attempts[index].headroom = Headroom(percent: 7, reset: .seconds(3))
        }
        record.usage = UsageRow(input: 1, cachedInput: 2, cacheWrite: 3, output: 4, reasoning: .max)
        record.cost =
            CostRow(
                provider: "two",
                picoDollars: .max,
                isUsageEstimated: true,
                isPriceCeiling: false,
                prices: "0123abcd",
                input: 1,
                output: 2
            ).withText
        (record.notCarried, record.notTold) = (["temperature", "n"], ["stop_sequence"])
        record.cost?.units = MediaUnits(images: 3, milliseconds: .max, characters: 5)
        return record
    }

    private func frame(_ records: [DecisionRecord]) -> ArraySlice<UInt8> {
        var batch = DecisionBatch()
        for record in records { batch.append(record) }
        #expect(batch.count == records.count)
        return batch.bytes[...]
    }

    /// What a new field needs is that this fails until the record above has one.
    private func missing(_ value: Any, at path: String = "") -> [String] {
        Mirror(reflecting: value).children.flatMap { child -> [String] in
            let name = path + "." + (child.label ?? "")
            let mirror = Mirror(reflecting: child.value)
            if mirror.displayStyle == .optional, mirror.children.isEmpty { return [name] }
            return missing(child.value, at: name)
        }
    }

    @Test func everyFieldSurvives() throws {
        let record = try full()
        #expect(missing(record).isEmpty)
        #expect(record.attempts.count == 2)
        #expect(DecisionBatch.records(in: frame([record])) == [record])
    }

    @Test func whatIsMissingStaysSo() {
        let empty = DecisionRecord(generation: 0)
        #expect(DecisionBatch.records(in: frame([empty])) == [empty])
    }

    @Test func manyKeepTheirOrder() throws {
        let (full, empty) = (try full(), DecisionRecord(generation: 1))
        let records = [full, empty, full, full, empty]
        #expect(DecisionBatch.records(in: frame(records)) == records)
        #expect(DecisionBatch.records(in: frame([])) == [])
    }

    @Test func otherFramesAreNone() {
        #expect(DecisionBatch.records(in: Array(#"{"ready":{}}"#.utf8)[...]) == nil)
        #expect(DecisionBatch.records(in: []) == nil)
    }

    /// Wherever the bytes end, what was whole before is read.
    @Test func aCutCostsWhatStandsBehindIt() throws {
        let record = try full()
        let bytes = frame([record, record])
        let one = frame([record]).count
        for end in 1..<bytes.count {
            let read = try #require(DecisionBatch.records(in: bytes[..<end]))
            #expect(read == (end < one ? [] : [record]))
        }
    }

    /// The gateway may be somebody else's by now: no byte of it ends the daemon or takes its memory.
    @Test func wrongBytesAreBorne() throws {
        let bytes = Array(frame([try full()]))
        for index in bytes.indices.dropFirst() {
            for value in [0, 0x7F, 0x80, 0xFF] as [UInt8] {
                var wrong = bytes
                wrong[index] = value
                let read = try #require(DecisionBatch.records(in: wrong[...]))
                #expect(read.count <= bytes.count)
            }
        }
    }
}
