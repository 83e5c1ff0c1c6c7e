/// What models cost, as configured (`models.prices`, and `price` of a member).
package import ConfigSyntax

package struct PricesConfiguration: Hashable, Sendable {
    /// A list of prices in a file of its own.
    package struct File: Hashable, Sendable {
        package let path: Located<String>
        package let format: PriceList.Format
    }

    package enum Unknown: String, Hashable, Sendable, CaseIterable, ScalarValue {
        /// A member whose price is not known serves nothing.
        case refuse
        /// It is counted at `ceiling`.
        case ceiling
    }

    package let file: File?
    package let unknown: Unknown
    /// There when `unknown` is `ceiling`.
    package let ceiling: PriceRates?
    package let place: Place

    /// What becomes of a request to a member without a price.
    package var policy: Pricing.Unknown { unknown == .ceiling ? ceiling.map { .ceiling($0) } ?? .refuse : .refuse }
}

/// The price of a member that stands in the list of prices, found when the file was read.
package struct ListedPrice: Hashable, Sendable, Codable {
    /// `group.member`.
    package let member: String
    package let price: Price

    /// A price that was found for a member.
    package init(member: String, price: Price) { (self.member, self.price) = (member, price) }
}

/// Of what a rate is for one: `1.25 USD/Mtok`.
package enum TokenUnit: String, Hashable, Sendable, CaseIterable, ScalarValue {
    case token = "tok"
    case thousand = "ktok"
    case million = "Mtok"

    var tokens: Int128 {
        switch self {
        case .token: 1
        case .thousand: 1000
        case .million: 1_000_000
        }
    }
}

/// What a rate for sound that is heard is for.
package enum SoundUnit: String, Hashable, Sendable, CaseIterable, ScalarValue {
    case second = "s"
    case minute = "min"
    case hour

    var seconds: Int128 {
        switch self {
        case .second: 1
        case .minute: 60
        case .hour: 3600
        }
    }
}

/// What a rate for a text that is spoken is for.
package enum CharacterUnit: String, Hashable, Sendable, CaseIterable, ScalarValue {
    case character = "char"
    case thousand = "kchar"
    case million = "Mchar"

    var characters: Int128 {
        switch self {
        case .character: 1
        case .thousand: 1000
        case .million: 1_000_000
        }
    }
}

/// What a rate for pictures is for.
package enum ImageUnit: String, Hashable, Sendable, CaseIterable, ScalarValue {
    case image
}

extension PriceList.Format: ScalarValue {}
extension ServiceClass: ScalarValue {}

extension CalendarDay: ScalarValue {
    package static var expectation: String { "a day such as 2026-01-31" }

    package static func parse(_ text: String) throws(ScalarError) -> CalendarDay {
        guard let day = CalendarDay(text) else { throw .notThis }
        return day
    }
}
