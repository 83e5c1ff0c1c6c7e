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
    package let teams: [TeamDefinition]
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
    /// What is known of a member's model: what stands at the member, for the rest what is said of the model at its provider, then what its
    /// server says of it, and then what the catalogue says of it wherever it runs.
    /// - Parameter found: what was read from the server; nil: nothing.
    package func facts(of member: ModelMember, found: ServedModel? = nil) -> ModelFacts {
        let provider = provider(of: member)
        let name = member.model?.value ?? found?.name ?? ""
        return member.facts.filled(from: provider?.models[name] ?? ModelFacts())
            .filled(from: ModelFacts(context: found?.context))
            .filled(from: catalogue[name] ?? ModelFacts())
    }

    /// Nil for a name that is none; the file was refused then.
    package func provider(of member: ModelMember) -> ProviderDefinition? {
        providers.first { $0.name.value == member.provider.value }
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
