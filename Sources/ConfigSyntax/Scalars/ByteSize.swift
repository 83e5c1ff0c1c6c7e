/// An amount of data in bytes.
package struct ByteSize: Hashable, Sendable, Comparable, Codable {
    package let bytes: UInt64

    package init(bytes: UInt64) { self.bytes = bytes }

    package static func < (a: ByteSize, b: ByteSize) -> Bool { a.bytes < b.bytes }
}

/// The units data is counted in; decimal ones are powers of 1000 (SI), binary ones of 1024 (IEC 80000-13).
package enum ByteUnit: String, Hashable, Sendable, CaseIterable, ScalarValue {
    case B, kB, MB, GB, TB, KiB, MiB, GiB, TiB

    package var bytes: UInt64 {
        switch self {
        case .B: 1
        case .kB: 1000
        case .MB: 1_000_000
        case .GB: 1_000_000_000
        case .TB: 1_000_000_000_000
        case .KiB: 1 << 10
        case .MiB: 1 << 20
        case .GiB: 1 << 30
        case .TiB: 1 << 40
        }
    }
}

extension ByteSize: ScalarValue {
    package static var expectation: String { "a size such as 64 KiB" }

    package static func parse(_ text: String) throws(ScalarError) -> ByteSize {
        let (number, unitText) = DecimalText.numberAndUnit(text)
        guard !number.isEmpty else { throw .notThis }
        guard !unitText.isEmpty else {
            throw .because("'\(text)' lacks its unit", hint: "write \(text) KiB, or B for bytes")
        }
        let unit = try ByteUnit.parse(String(unitText))
        // Six digits after the point are enough to say 1.5 MB; what is left over in bytes is refused below.
        guard let micros = DecimalText.scaled(number, digits: 6) else { throw .notThis }
        let (product, overflow) = micros.multipliedReportingOverflow(by: Int128(unit.bytes))
        guard !overflow, product % 1_000_000 == 0, let bytes = UInt64(exactly: product / 1_000_000) else {
            throw .because("'\(text)' is no whole number of bytes below 16 EiB", hint: nil)
        }
        return ByteSize(bytes: bytes)
    }
}
