/// What the model plane is to do, as configured (`models`).
package import ConfigSyntax
package import NetTypes

package struct ModelsConfiguration: Hashable, Sendable {
    package let listen: [ListenDefinition]
    /// In file order.
    package let providers: [ProviderDefinition]
    /// In file order.
    package let groups: [ModelGroup]
    /// In file order: the first that matches decides.
    package let policies: [ModelPolicy]
    package let keys: [ClientKey]
    package let egress: EgressEnforcement
    /// Nil: nothing is said of prices, and only members with a `price` have one.
    package let prices: PricesConfiguration?
    /// How long what was used is kept.
    package let ledger: LedgerRetention
    /// What stands in the file of `prices` about our members; filled by whoever may open files.
    package var listed: [ListedPrice] = []
    /// What is known of models, by their names at the providers.
    package let catalogue: [String: ModelFacts]
    package let place: Place
}

extension ModelsConfiguration {
    /// What is known of a member's model: what stands at the member, and for the rest what the catalogue says of its model.
    package func facts(of member: ModelMember) -> ModelFacts {
        member.facts.filled(from: catalogue[member.model.value] ?? ModelFacts())
    }
}

/// One listening socket of the model API.
package struct ListenDefinition: Hashable, Sendable {
    package let endpoint: IPEndpoint
    /// Nil: plain HTTP.
    package let tls: TLSIdentity?
    package let place: Place
}

/// The certificate chain and key a listener shows.
package struct TLSIdentity: Hashable, Sendable {
    package let certificate: SecretReference
    package let key: SecretReference
}

/// How strictly model traffic that bypasses the gateway is treated (`models.egress`). Only `off` is served.
package enum EgressEnforcement: String, Hashable, Sendable, CaseIterable, ScalarValue {
    case off
    case count
    case rejectKnown = "reject-known"
    case gatewayOnly = "gateway-only"
}

/// Who may ask (`models.keys`). The key itself is nowhere: only its SHA-256.
package struct ClientKey: Hashable, Sendable {
    package let name: Located<String>
    package let hash: KeyDigest
    package let team: Located<String>?
    /// Checked, not yet served.
    package let budget: Located<Budget>?
    /// Checked, not yet served.
    package let limits: RateLimits
}

/// Upper bounds on load. Checked, not yet served.
package struct RateLimits: Hashable, Sendable {
    package let requests: Located<Rate>?
    package let tokens: Located<Rate>?

    package static let none = RateLimits(requests: nil, tokens: nil)

    package var isEmpty: Bool { requests == nil && tokens == nil }
}
