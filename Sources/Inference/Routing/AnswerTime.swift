/// How quick is a member? What an answer of fifty tokens takes: the time to the first, and fifty times what lies between two.
import ConfigSyntax
package import NetTypes
package import PolicyEngine

package enum AnswerTime {
    /// Two or three sentences: about what a reader waits for.
    package static let tokens: Int64 = 50

    /// Of one answer; nil when it was none, or says nothing of time. An answer in one piece does not tell when it began: its
    /// whole time is taken in proportion to its length, and as it is when it is shorter or its length is unknown.
    package static func of(_ record: DecisionRecord) -> Span? {
        guard record.outcome == .answered, record.operation != .countTokens, let attempt = record.attempts.last,
            attempt.failure == nil,
            let first = attempt.firstToken, let total = attempt.total
        else { return nil }
        let length = record.usage.output.map { Int64(clamping: $0) } ?? 0
        guard record.isStreamed else {
            return length > tokens ? Span(nanoseconds: share(of: total, tokens, length)) : total
        }
        guard length > 1, total > first else { return first }
        let (nanoseconds, overflow) = total.nanoseconds.subtractingReportingOverflow(first.nanoseconds)
        guard !overflow else { return nil }
        let rest = Span(nanoseconds: nanoseconds)
        return first + Span(nanoseconds: share(of: rest, tokens, length - 1))
    }

    private static func share(of span: Span, _ part: Int64, _ whole: Int64) -> Int64 {
        Int64(clamping: Int128(span.nanoseconds) * Int128(part) / Int128(whole))
    }
}

extension ScoreScale {
    /// A second for the first fifty tokens; a dollar for a million of them.
    package static let answers = ScoreScale(delay: .seconds(1), price: Money(picoDollars: 1_000_000_000_000))
}
