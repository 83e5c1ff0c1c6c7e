/// Where model requests can be sent, as configured (`models.providers`).
package import ConfigSyntax
package import NetTypes

package struct ProviderDefinition: Hashable, Sendable {
    package let name: Located<String>
    package let dialect: DialectName
    package let url: ProviderURL
    /// Nil: the provider asks for none.
    package let key: SecretReference?
    /// Whose certificates are believed, instead of those that the system trusts.
    package let ca: SecretReference?
    /// A network group, or `group.member`; nil: whatever way the host's own routes say.
    package let path: Located<String>?
    /// Where the provider keeps and computes data, in the operator's own words: what `only` and `except` name.
    package let region: Located<String>?
    /// Under which name the list of prices has it; nil: under its own.
    package let listedAs: Located<String>?
    /// Whether clients may ask it for anything by `/providers/NAME/…`.
    package let passThrough: Bool
    /// Nil: it is not probed.
    package let probe: ProviderProbe?
    /// What each of those requests costs whose model has no price; nil: that is not known.
    package let passThroughPrice: Money?
    /// Whether it may keep responses, and clients read, cancel and delete them and go on from them.
    package let keepsResponses: Bool
    package let quirks: ProviderQuirks
    /// What is known of its models, by the names that it has for them.
    package let models: [String: ModelFacts]
    /// Nil: nobody said.
    package let tried: ProviderTrial?
    package let place: Place
}

/// Whether what is written here of a provider was ever held against the real one (`tried`).
package enum ProviderTrial: Hashable, Sendable, ScalarValue {
    case never
    case on(CalendarDay)

    package static var expectation: String { "'never' or a day such as 2026-11-27" }

    package var words: String {
        switch self {
        case .never: "never"
        case .on(let day): "\(day)"
        }
    }

    package static func parse(_ text: String) throws(ScalarError) -> ProviderTrial {
        if text == "never" { return .never }
        guard let day = CalendarDay(text) else { throw .notThis }
        return .on(day)
    }
}

/// The languages providers speak.
package enum DialectName: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    case openai
    case anthropic
    case gemini
    case ollama
    /// OpenAI's Responses API.
    case responses
}

/// A provider's base URL, taken apart.
package struct ProviderURL: Hashable, Sendable, Codable {
    package enum Scheme: String, Hashable, Sendable, CaseIterable, Codable {
        case http
        case https
    }

    package enum Host: Hashable, Sendable, Codable {
        /// In lower case.
        case name(String)
        case address(IPAddress)
    }

    package let scheme: Scheme
    package let host: Host
    package let port: UInt16
    /// Empty, or starting with `/` and not ending with one: `/v1`.
    package let pathPrefix: String

    /// As the `Host` header says it: without the port when that is the scheme's own (RFC 9110 §7.2).
    package var authority: String {
        let host =
            switch self.host {
            case .name(let name): name
            case .address(let address): address.family == .v6 ? "[\(address)]" : "\(address)"
            }
        return port == scheme.standardPort ? host : "\(host):\(port)"
    }
}

extension ProviderURL.Scheme {
    package var standardPort: UInt16 { self == .http ? 80 : 443 }
}
