/// What does a request cost, and on which grounds is that said?
package import ConfigSyntax

package struct Cost: Hashable, Sendable {
    package var money: Money
    package var grounds: Grounds

    /// How much of it is known.
    package struct Grounds: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The provider did not report all tokens: some were estimated.
        package static let estimatedUsage = Grounds(rawValue: 1)
        /// The price is not known: the configured ceiling stands for it.
        package static let ceilingPrice = Grounds(rawValue: 2)
    }

    /// An amount and its grounds.
    package init(_ money: Money, _ grounds: Grounds = []) { (self.money, self.grounds) = (money, grounds) }

    /// What the tokens cost at a price; nil when the price is not known for that time.
    ///
    /// - Parameters:
    ///   - usage: what was used; nil in it counts as none (`Usage.completed` puts an estimate there).
    ///   - second: since 1970, UTC.
    ///   - images: of the prompt.
    package static func of(_ usage: Usage, _ price: Price, at second: UInt64, images: UInt64 = 0) -> Money? {
        price.rates(input: usage.input ?? 0, service: usage.service ?? .standard, at: second).map {
            Money(picoDollars: $0.cost(of: usage, images: images))
        }
    }
}

extension Usage {
    /// The usage with an estimate for what the provider did not report.
    ///
    /// - Parameters:
    ///   - input: tokens of the prompt, estimated.
    ///   - output: tokens of the answer up to now, estimated.
    ///   - isWhole: whether the answer came to its proper end. Of one that broke off a report is a lower bound: most providers
    ///     report at the end.
    /// - Returns: the usage, and whether anything in it is an estimate.
    package func completed(input: UInt64, output: UInt64, isWhole: Bool) -> (usage: Usage, isEstimated: Bool) {
        var usage = self
        usage.input = self.input ?? input
        let reported = self.output ?? 0
        let isTold = self.output != nil && (isWhole || reported >= output)
        usage.output = isTold ? reported : max(reported, output)
        return (usage, self.input == nil || !isTold)
    }
}

/// Tokens of something whose tokens nobody counted.
package enum TokenEstimate {
    /// Bytes of text to a token: a middle value for English prose; other scripts and code have fewer.
    package static let bytesPerToken: UInt64 = 4

    /// Rounded up, so that nothing but nothing is nothing.
    package static func tokens(bytes: UInt64) -> UInt64 { bytes / bytesPerToken + (bytes % bytesPerToken > 0 ? 1 : 0) }
}
