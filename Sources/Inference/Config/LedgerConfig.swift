/// How long the ledger keeps what was used, as configured (`models.ledger`).
import ConfigSyntax
package import NetTypes
import PolicyEngine

package struct LedgerRetention: Hashable, Sendable {
    /// Single requests, to be found by their id.
    package let requests: Span
    /// Sums by the hour.
    package let usage: Span

    /// A quarter of a year of requests; three years and a bit of sums, so that a year can be held against the one before.
    package static let standard = LedgerRetention(requests: .seconds(90 * 86_400), usage: .seconds(1100 * 86_400))
}

extension LedgerRetention {
    /// A day: shorter, and today's sums would not be whole. Ten years: longer, and it is an archive that is wanted.
    private static let bounds = Span.seconds(86_400)...Span.seconds(3660 * 86_400)

    static func read(in models: BlockReader) -> LedgerRetention {
        guard let block = models.block("ledger") else { return standard }
        defer { block.finish() }
        return LedgerRetention(
            requests: block.span("requests", default: standard.requests, within: bounds),
            usage: block.span("usage", default: standard.usage, within: bounds)
        )
    }
}
