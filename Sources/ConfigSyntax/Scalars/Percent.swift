/// A part of a hundred, as operators write loss: `10%`, `0.5 %`.
package struct Percent: Hashable, Sendable {
    package let fraction: Fraction

    package init(_ fraction: Fraction) { self.fraction = fraction }
}

extension Percent: ScalarValue {
    package static var expectation: String { "a percentage such as 10%" }

    package static func parse(_ text: String) throws(ScalarError) -> Percent {
        let (number, unit) = DecimalText.numberAndUnit(text)
        guard !number.isEmpty else { throw .notThis }
        guard unit == "%" else {
            guard unit.isEmpty else { throw .notThis }
            throw .because("'\(text)' lacks its percent sign", hint: "write \(text)%")
        }
        // Four digits after the point: a hundredth of a percent of a hundredth is a millionth.
        guard let value = DecimalText.scaled(number, digits: 4) else { throw .notThis }
        guard value <= 1_000_000 else { throw .because("'\(text)' is more than all", hint: nil) }
        return Percent(Fraction(millionths: UInt32(truncatingIfNeeded: value)))
    }
}
