/// How addresses, prefixes, endpoints and durations are read from configurations and conditions.
///
/// Here, because NetTypes and ConfigSyntax stand on the same row and do not know each other.
package import ConfigSyntax
package import NetTypes

extension IPAddress: ScalarValue {
    package static var expectation: String { "an IP address" }

    package static func parse(_ text: String) throws(ScalarError) -> IPAddress {
        if let address = IPAddress(text) { return address }
        if text.contains("%") {
            throw .because("'\(text)' carries a zone", hint: "name the device with dev: and write the address alone")
        }
        if text.split(separator: ".").contains(where: { $0.count > 1 && $0.first == "0" }) {
            throw .because("'\(text)' has an octet with a leading zero", hint: "octets are decimal; write it without")
        }
        throw .notThis
    }
}

extension IPPrefix: ScalarValue {
    package static var expectation: String { "a prefix such as 192.0.2.0/24" }

    package static func parse(_ text: String) throws(ScalarError) -> IPPrefix {
        do {
            return try IPPrefix(parsing: text)
        } catch {
            switch error {
            case .notAPrefix: throw .notThis
            case .tooLong(let length, let family):
                throw .because("/\(length) is longer than an \(family.shownName) address", hint: nil)
            case .hostBits(let meant):
                throw .because("'\(text)' has bits set right of its length", hint: "did you mean \(meant)?")
            }
        }
    }
}

extension AddressFamily {
    /// `IPv4` or `IPv6`, in sentences.
    package var shownName: String { self == .v4 ? "IPv4" : "IPv6" }
}

extension IPEndpoint: ScalarValue {
    package static var expectation: String { "an address with a port such as 127.0.0.1:8080 or [::1]:8080" }

    package static func parse(_ text: String) throws(ScalarError) -> IPEndpoint {
        if let endpoint = IPEndpoint(text) { return endpoint }
        if let address = IPAddress(text) {
            if address.family == .v4 { throw .because("'\(text)' lacks its port", hint: "write \(address):8080") }
            throw .because("'\(text)' is an address alone", hint: "write brackets and a port: [::1]:8080")
        }
        throw .notThis
    }
}

extension Span: ScalarValue {
    package static var expectation: String { "a duration such as 500ms" }

    private static let units: [(name: String, nanoseconds: Int128)] = [
        ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("min", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    package static func parse(_ text: String) throws(ScalarError) -> Span {
        let (number, unit) = DecimalText.numberAndUnit(text)
        guard !number.isEmpty else { throw .notThis }
        guard !unit.isEmpty else { throw .because("'\(text)' lacks its unit", hint: "write \(text)s or \(text)ms") }
        guard let factor = units.first(where: { $0.name == unit })?.nanoseconds else {
            let names = units.map(\.name).joined(separator: ", ")
            let hint = unit == "m" ? "did you mean 'min' or 'ms'?" : "units are \(names)"
            throw .because("unknown unit '\(unit)'", hint: hint)
        }
        // Nine digits after the point: a second has no smaller part than a nanosecond.
        guard let billionths = DecimalText.scaled(number, digits: 9) else { throw .notThis }
        let (product, overflow) = billionths.multipliedReportingOverflow(by: factor)
        guard !overflow, product % 1_000_000_000 == 0, let value = Int64(exactly: product / 1_000_000_000) else {
            throw .because("'\(text)' is no whole number of nanoseconds below 292 years", hint: nil)
        }
        return Span(nanoseconds: value)
    }
}

extension BlockReader {
    /// A duration within bounds, or `standard` when it is absent or wrong.
    package func span(_ key: String, default standard: Span, within bounds: ClosedRange<Span>) -> Span {
        guard let found = optional(key, as: Span.self) else { return standard }
        guard bounds.contains(found.value) else {
            diagnostics.report(
                "'\(path).\(key)' must lie between \(bounds.lowerBound) and \(bounds.upperBound)",
                at: found.place
            )
            return standard
        }
        return found.value
    }
}
