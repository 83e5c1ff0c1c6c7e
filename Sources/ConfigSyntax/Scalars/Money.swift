/// An amount of money in integer pico-dollars: a millionth of a millionth, so that prices per token add up exactly.
package struct Money: Hashable, Sendable, Comparable, Codable {
    /// 1 USD is 10^12 of them.
    package let picoDollars: Int128

    package init(picoDollars: Int128) { self.picoDollars = picoDollars }

    package static let zero = Money(picoDollars: 0)

    package static func < (a: Money, b: Money) -> Bool { a.picoDollars < b.picoDollars }
}

extension Money: ScalarValue {
    package static var expectation: String { "an amount of money such as 0.50 USD" }

    /// The digits after the point that a pico-dollar can hold.
    static let fractionalDigits = 12
    /// No price, cost or budget that anybody means is larger; sums of many stay far inside 128 bits.
    static let largest = Int128(1_000_000_000_000) * 1_000_000_000_000

    package static func parse(_ text: String) throws(ScalarError) -> Money {
        let (number, unit) = DecimalText.numberAndUnit(text)
        guard !number.isEmpty else { throw .notThis }
        guard unit == "USD" else {
            let problem = unit.isEmpty ? "'\(text)' lacks its currency" : "unknown currency '\(unit)'"
            throw .because(problem, hint: "write it as \(number) USD")
        }
        guard let pico = DecimalText.scaled(number, digits: fractionalDigits), pico <= largest else {
            throw .because(
                "'\(number)' is no amount with at most \(fractionalDigits) digits after the point",
                hint: nil
            )
        }
        return Money(picoDollars: pico)
    }
}

extension Money: CustomStringConvertible {
    /// Exact, with at least two digits after the point: `0.50 USD`.
    package var description: String {
        let unit: Int128 = 1_000_000_000_000
        let magnitude = picoDollars.magnitude
        var fraction = String(unit.magnitude + magnitude % unit.magnitude).dropFirst()
        while fraction.count > 2, fraction.last == "0" { fraction.removeLast() }
        return (picoDollars < 0 ? "-" : "") + "\(magnitude / unit.magnitude).\(fraction) USD"
    }
}
