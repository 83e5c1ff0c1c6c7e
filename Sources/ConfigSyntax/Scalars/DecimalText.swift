/// Reads decimal numbers exactly: `0.50` becomes 50 hundredths, never a binary fraction.
package enum DecimalText {
    /// The number of `10^-digits` in the text; nil when the text is no plain decimal number, has more fractional digits than
    /// that, or does not fit. No sign, no exponent, no separators; a leading zero only before the point.
    package static func scaled(_ text: some StringProtocol, digits: Int) -> Int128? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else {
            return nil
        }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard parts.count == 1 || !fraction.isEmpty, fraction.count <= digits else { return nil }
        var value: Int128 = 0
        for byte in Array(whole) + fraction + Array(repeating: 0x30, count: digits - fraction.count) {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int128(byte - 0x30))
            guard !overflow, !carried else { return nil }
            value = sum
        }
        return value
    }

    /// Splits `64 KiB` or `64KiB` into number and unit, both trimmed of the spaces between; the unit may be empty.
    package static func numberAndUnit(_ text: String) -> (number: Substring, unit: Substring) {
        let end = text.firstIndex { !("0"..."9").contains($0) && $0 != "." } ?? text.endIndex
        return (text[..<end], text[end...].drop { $0 == " " })
    }
}
