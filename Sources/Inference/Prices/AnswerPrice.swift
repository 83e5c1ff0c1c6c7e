/// What do a million tokens cost, in one number to judge members by? Three of the prompt to one of the answer, nothing from a cache:
/// about what conversations use.
package import ConfigSyntax

extension Price {
    /// Of the row that always holds for the standard class, else of the first of that class; nil without one.
    package var ofMillionTokens: Money? {
        let standard = rows.filter { $0.service == .standard && $0.above == 0 }
        guard let row = standard.first(where: { $0.from == nil && $0.until == nil }) ?? standard.first else {
            return nil
        }
        let four = Int128(row.rates.input) * 3 + Int128(row.rates.output)
        return Money(picoDollars: four * 1_000_000 / 4)
    }
}
