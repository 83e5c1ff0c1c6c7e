/// What `martlet usage` shows of an answer.
import Control
import Testing

@testable import martlet

extension Samples {
    private static func row(
        _ of: [String],
        _ requests: UInt64,
        _ cost: String,
        estimated: UInt64 = 0,
        unpriced: UInt64 = 0
    )
        -> UsageReply.Row
    {
        UsageReply.Row(
            of: of,
            requests: requests,
            input: requests * 100,
            output: requests * 10,
            cachedInput: requests,
            cacheWrite: 0,
            reasoning: 0,
            picoDollars: "1",
            cost: cost,
            estimated: estimated,
            atCeiling: 0,
            unpriced: unpriced
        )
    }

    static let usage = UsageReply(
        by: ["key", "day"],
        since: "2026-11-01",
        until: "2026-11-26",
        rows: [
            row(["ci", "2026-11-02"], 1200, "12.34 USD", estimated: 1),
            row(["", "2026-11-02"], 3, "0.00 USD", unpriced: 3),
        ],
        total: row([], 1203, "12.34 USD", estimated: 1, unpriced: 3),
        forecast: UsageReply.Forecast(month: "2026-11", spent: "12.34 USD", atEnd: "14.40 USD")
    )
}

@Suite struct UsageTests {
    @Test func usageIsATableWithItsTotalAndTheMonthsEnd() {
        #expect(
            Samples.usage.text(.plain) == """
                2026-11-01 to 2026-11-26
                KEY    DAY         REQUESTS   INPUT  CACHED  OUTPUT       COST
                ci     2026-11-02      1200  120000    1200   12000  12.34 USD  ~
                -      2026-11-02         3     300       3      30   0.00 USD  +?
                total                  1203  120300    1203   12030  12.34 USD  +?~
                2026-11: 12.34 USD up to now, 14.40 USD at its end if it goes on as in the last week
                """
        )
    }
}
