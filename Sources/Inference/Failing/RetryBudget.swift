/// How many requests of a group may be tried again at another member? A share of what is asked, and some in any case: where most
/// fail, trying everything again makes it worse for everybody.
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

package struct RetryBudget: Hashable, Sendable, Codable {
    /// Retries for each request of the window.
    package let share: Fraction
    /// Retries in a window whatever the load: a group that is asked once a minute must fail over too.
    package let atLeast: Int

    /// A window is ten of these: long enough to see a share, short enough to forget a bad minute.
    package static let slice = Span.seconds(1)

    /// A fifth. And a hundred in ten seconds, which no provider feels.
    package static let standard = RetryBudget(share: Fraction(millionths: 200_000), atLeast: 100)

    package init(share: Fraction, atLeast: Int) {
        self.share = share
        self.atLeast = max(0, atLeast)
    }

    /// Whether one more is allowed after these requests (`all`) and retries (`some`).
    package func allows(after tally: Tally) -> Bool {
        // Counts are below 2²⁴ (`TallySlot`), so that the product fits.
        tally.some < UInt64(atLeast) + tally.all * UInt64(share.millionths) / 1_000_000
    }
}
