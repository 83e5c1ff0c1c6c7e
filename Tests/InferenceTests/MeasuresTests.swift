/// How requests are added up: what counts where, and that no stranger can make the tables grow.
import NetTypes
import Testing

@testable import Inference

@Suite struct MeasuresTests {
    private func record(_ outcome: Outcome = .answered, group: String? = "chat", attempts: [AttemptRow])
        -> DecisionRecord
    {
        var record = DecisionRecord(generation: 1)
        (record.outcome, record.group, record.attempts) = (outcome, group, attempts)
        record.duration = .milliseconds(1010)
        return record
    }

    private func attempt(_ member: String, _ failure: FailureClass? = nil) -> AttemptRow {
        var row = AttemptRow(
            member: member,
            upstreamModel: "gpt-5",
            endpoint: "provider:443",
            startedAfter: .zero,
            failure: failure
        )
        (row.firstToken, row.total) = (.milliseconds(100), .milliseconds(1000))
        return row
    }

    @Test func aValueOnABoundBelongsToIt() {
        var histogram = Histogram([10, 20])
        for value: UInt64 in [0, 10, 11, 20, 21, .max] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 2] && histogram.count == 6)
        #expect(histogram.sum == .max, "it stays at the largest number")
    }

    @Test(arguments: [
        HistogramBounds.duration, HistogramBounds.firstToken, HistogramBounds.perToken, HistogramBounds.tokens,
    ]) func boundsRise(_ bounds: [UInt64]) {
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 } && bounds.count <= 16)
    }

    @Test func eachAttemptCountsForItsMemberAndTheRequestOnce() throws {
        var measures = ModelMeasures()
        var two = record(attempts: [attempt("chat.a", .connectRefused), attempt("chat.b")])
        two.usage = UsageRow(input: 5, cachedInput: 3, output: 11, reasoning: 2)
        (two.isStreamed, two.contentAfter) = (true, .milliseconds(10))
        measures.observe(two)
        let request = try #require(measures.requests.first)
        #expect(request.key == .init(operation: .chat, group: "chat", member: "chat.b", model: "gpt-5"))
        #expect(request.value.failovers == 1 && request.value.durations[""]?.sum == 1_010_000_000)
        #expect(request.value.firstToken.sum == 10_000_000)
        #expect(request.value.perToken.sum == 100_000_000, "a second for ten tokens after the first")
        let failed = measures.attempts[.init(operation: .chat, member: "chat.a", model: "gpt-5")]
        #expect(failed?.durations[.connectRefused]?.count == 1 && failed?.input.count == 0)
        let answered = measures.attempts[.init(operation: .chat, member: "chat.b", model: "gpt-5")]
        #expect(answered?.input.sum == 5 && answered?.output.sum == 11)
        #expect(answered?.cachedInput == 3 && answered?.reasoning == 2 && answered?.unreported == 0)
    }

    @Test func anAnswerWithoutUsageIsCountedAsSuch() {
        var measures = ModelMeasures()
        measures.observe(record(attempts: [attempt("chat.a")]))
        measures.observe(record(.brokenOff, attempts: [attempt("chat.a", .stall)]))
        #expect(measures.attempts.values.map(\.unreported) == [1])
    }

    @Test func errorsAreToldApartByTheirCodeElseByTheOutcome() {
        var measures = ModelMeasures()
        var refused = record(.rejected, group: nil, attempts: [])
        refused.errorCode = "model_not_found"
        measures.observe(refused)
        measures.observe(record(.clientGone, group: nil, attempts: []))
        #expect(measures.requests.values.flatMap(\.durations.keys).sorted() == ["client-gone", "model_not_found"])
    }

    @Test func tablesAreBounded() {
        var measures = ModelMeasures()
        for number in 0..<3 * ModelMeasures.mostNames {
            var record = record(.failed, group: "g\(number)", attempts: [attempt("g\(number).m")])
            record.errorCode = "code\(number)"
            measures.observe(record)
        }
        #expect(measures.requests.count == ModelMeasures.mostNames + 1)
        #expect(measures.attempts.count == ModelMeasures.mostNames + 1)
        #expect(measures.requests.values.map(\.durations.count).max() ?? 0 < 50)
        let all = measures.requests.values.flatMap(\.durations.values).reduce(0) { $0 + $1.count }
        #expect(all == UInt64(3 * ModelMeasures.mostNames), "nothing is lost")
    }
}
