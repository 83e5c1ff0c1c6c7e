/// What is to be paid for a request, to whom, and on which grounds is that said? A part of its decision record.
import ConfigSyntax

package struct CostRow: Hashable, Sendable, Codable {
    /// The provider that has to be paid.
    package var provider: String
    /// Nil: the price is not known, and nothing is configured to stand for it. Never 0 for that.
    package var picoDollars: UInt64?
    /// The same in words, `0.000123 USD`; filled in where it is shown.
    package var text: String?
    /// The provider did not report all tokens: some of `input` and `output` are estimated.
    package var isUsageEstimated: Bool
    /// The price is not known: the configured ceiling stands for it.
    package var isPriceCeiling: Bool
    /// The name of the set of prices that it was worked out by; nil where there is none.
    package var prices: String?
    /// Tokens of prompt and answer that are charged, reported or estimated.
    package var input: UInt64
    package var output: UInt64
    /// What was used besides tokens; nil: nothing.
    package var units: MediaUnits?

    /// A row without its words.
    package init(
        provider: String,
        picoDollars: UInt64?,
        isUsageEstimated: Bool,
        isPriceCeiling: Bool,
        prices: String?,
        input: UInt64,
        output: UInt64
    ) {
        (self.provider, self.picoDollars) = (provider, picoDollars)
        (self.isUsageEstimated, self.isPriceCeiling) = (isUsageEstimated, isPriceCeiling)
        (self.prices, self.input, self.output) = (prices, input, output)
    }

    /// The amount, and how sure it is: `0.000123 USD, tokens estimated`.
    package var words: String {
        guard let picoDollars else { return "not known: the model has no price" }
        let grounds =
            (isUsageEstimated ? ["tokens estimated"] : []) + (isPriceCeiling ? ["price not known, at the ceiling"] : [])
        return ([Money(picoDollars: Int128(picoDollars)).description] + grounds).joined(separator: ", ")
    }

    /// With its words, for people.
    package var withText: CostRow {
        var row = self
        row.text = picoDollars.map { Money(picoDollars: Int128($0)).description }
        return row
    }
}

extension DecisionRecord {
    /// With the cost's words, for people.
    package var withCostText: DecisionRecord {
        var record = self
        record.cost = cost?.withText
        return record
    }
}
