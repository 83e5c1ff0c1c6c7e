/// A number from 0 to 1 in millionths: a quality score, the weight of one aim among several.
package struct Fraction: Hashable, Sendable, Comparable, Codable {
    /// 0…1,000,000.
    package let millionths: UInt32

    package static let zero = Fraction(millionths: 0)
    package static let one = Fraction(millionths: 1_000_000)

    /// Values above one are cut to it.
    package init(millionths: UInt32) { self.millionths = min(millionths, 1_000_000) }

    package static func < (a: Fraction, b: Fraction) -> Bool { a.millionths < b.millionths }
}

extension Fraction: ScalarValue {
    package static var expectation: String { "a number from 0 to 1 with at most six digits after the point" }

    package static func parse(_ text: String) throws(ScalarError) -> Fraction {
        guard let value = DecimalText.scaled(text, digits: 6), value <= 1_000_000 else { throw .notThis }
        return Fraction(millionths: UInt32(truncatingIfNeeded: value))
    }
}
