/// How is a price read that others wrote as a JSON number? Exactly, digit by digit: a binary fraction would be another price.
enum PriceNumber {
    /// USD a token as pico-dollars a token, rounded up where it is finer than that; nil when it is negative, no number, or beyond
    /// `PriceRates.largest`.
    ///
    /// - Parameter shift: the power of ten that leads from the number to pico-dollars: 12 for USD, 6 for USD a million tokens.
    static func picoDollars(_ text: String, shift: Int) -> UInt64? {
        let parts = text.split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        let lower =
            parts.count == 1 ? text.split(separator: "E", maxSplits: 1, omittingEmptySubsequences: false) : parts
        guard let mantissa = lower.first, let exponent = exponent(lower.count == 2 ? lower[1] : "0") else { return nil }
        let halves = mantissa.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = halves.first, !whole.isEmpty else { return nil }
        let fraction = halves.count == 2 ? halves[1] : ""
        guard let digits = digits(whole + fraction) else { return nil }
        return scaled(digits, by: exponent - fraction.utf8.count + shift)
    }

    /// Small enough that sums of them never overflow; a price with a larger one is none.
    private static let largestExponent = 40

    private static func exponent(_ text: Substring) -> Int? {
        let plain = text.first == "+" ? text.dropFirst() : text
        return Int(plain).flatMap { abs($0) <= largestExponent ? $0 : nil }
    }

    /// Up to 30 digits; nobody writes more.
    private static func digits(_ text: Substring) -> Int128? {
        guard text.utf8.count <= 30, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int128(text)
    }

    private static func scaled(_ digits: Int128, by power: Int) -> UInt64? {
        var value = digits
        for _ in 0..<max(power, 0) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= Int128(PriceRates.largest) else { return nil }
            value = product
        }
        var isCut = false
        for _ in 0..<max(-power, 0) {
            isCut = isCut || value % 10 != 0
            value /= 10
        }
        if isCut { value += 1 }
        return value <= Int128(PriceRates.largest) ? UInt64(value) : nil
    }
}
