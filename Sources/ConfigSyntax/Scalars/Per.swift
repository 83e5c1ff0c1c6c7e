/// An amount for each of something: `20 req/s`, `0.50 USD/day`, `50 GB/month`, `0.01 USD/req`.
package struct Per<Amount: ScalarValue & Hashable & Sendable, Unit: ScalarValue & Hashable & Sendable>: Hashable,
    Sendable
{
    package let amount: Amount
    package let unit: Unit

    package init(_ amount: Amount, per unit: Unit) {
        self.amount = amount
        self.unit = unit
    }
}

extension Per: ScalarValue {
    package static var expectation: String { "\(Amount.expectation), '/' and \(Unit.expectation)" }

    package static func parse(_ text: String) throws(ScalarError) -> Self {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw .because("'\(text)' does not say per what", hint: "write a '/' and then \(Unit.expectation)")
        }
        return Self(try Amount.parse(String(parts[0])), per: try Unit.parse(String(parts[1])))
    }
}

/// Spans of the calendar that rates and budgets are counted over.
package enum Period: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    case second = "s"
    case minute = "min"
    case hour
    case day
    case month
}

/// The unit of a limit on single requests: `0.01 USD/req`.
package enum RequestUnit: String, Hashable, Sendable, CaseIterable, ScalarValue {
    case request = "req"
}

/// A whole number of things, whose kind may be said: `20 req`, `400000 tokens`, `50`.
package struct Count: Hashable, Sendable, ScalarValue {
    package enum Unit: String, Hashable, Sendable, CaseIterable, ScalarValue {
        case requests = "req"
        case tokens
    }

    package let value: Int
    /// Nil when only the number was written.
    package let unit: Unit?

    package static var expectation: String { "a whole number such as 20" }

    package static func parse(_ text: String) throws(ScalarError) -> Count {
        let (number, unit) = DecimalText.numberAndUnit(text)
        let value = try Int.parse(String(number))
        return Count(value: value, unit: unit.isEmpty ? nil : try Unit.parse(String(unit)))
    }
}

/// `20 req/s`, `400000/min`.
package typealias Rate = Per<Count, Period>
/// `20 USD/day`.
package typealias Budget = Per<Money, Period>
/// `0.01 USD/req`.
package typealias RequestCost = Per<Money, RequestUnit>
/// `4.00 USD/GB`.
package typealias DataCost = Per<Money, ByteUnit>
/// `50 GB/month`.
package typealias Allowance = Per<ByteSize, Period>
