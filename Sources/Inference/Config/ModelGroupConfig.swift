/// What a group of model deployments is, as configured (`models.groups`).
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

package struct ModelGroup: Hashable, Sendable {
    package let definition: GroupDefinition
    /// Parallel to `definition.members`.
    package let members: [ModelMember]
    package let timeouts: Timeouts
    package let passiveHealth: PassiveHealth
    package let retries: RetryBudget
    package let notCarried: NotCarried
    /// Of all that the group serves.
    package let limits: RateLimits
    package let routing: GroupRouting
    package let place: Place
}

extension ModelGroup {
    /// What a strategy needs to know of every member and is not told; empty when it can judge them.
    package func lacks(for strategy: Strategy, _ aims: Aims?) -> [String] {
        let judgesQuality = strategy == .quality || strategy == .hybrid && aims.map { $0.quality > .zero } ?? false
        let unrated = definition.members.filter { $0.quality == nil }.map(\.name.value)
        guard judgesQuality, !unrated.isEmpty else { return [] }
        return ["needs a 'quality' of every member, and \(unrated.joined(separator: ", ")) has none"]
    }
}

/// One model deployment.
package struct ModelMember: Hashable, Sendable {
    package let name: Located<String>
    package let provider: Located<String>
    /// The model's name as the provider knows it.
    /// Nil: whichever model its server has, which its provider's probe reads.
    package let model: Located<String>?
    package let limits: RateLimits
    /// What it costs; nil: what the list of prices says.
    package let price: Price?
    /// What is said of its model here; `ModelsConfiguration.facts(of:)` knows the catalogue too.
    package let facts: ModelFacts
    /// Nil: nobody asks it but clients.
    package let canary: MemberCanary?
    /// Requests that its provider's server may have before others are preferred; nil: any number.
    package let queueAtMost: Int?
    package let place: Place
}

/// How long an exchange waits for each of its steps.
package struct Timeouts: Hashable, Sendable, Codable {
    /// Until the connection (with its TLS handshake) stands.
    package let connect: Span
    /// From the last byte of the request to the head of the response.
    package let head: Span
    /// From the last byte of the request to the first meaningful event.
    package let firstToken: Span
    /// Between two events of a stream.
    package let betweenTokens: Span
    /// The whole exchange, over all attempts.
    package let total: Span

    /// Connect: a lost SYN is sent again after one second, once is enough before the next candidate. Head and first token:
    /// long prompts on slow models take their time. Total: an hour of streaming is somebody's agent, not a fault.
    package static let standard = Timeouts(
        connect: .seconds(2),
        head: .seconds(60),
        firstToken: .seconds(60),
        betweenTokens: .seconds(30),
        total: .seconds(3600)
    )

    package init(connect: Span, head: Span, firstToken: Span, betweenTokens: Span, total: Span) {
        self.connect = connect
        self.head = head
        self.firstToken = firstToken
        self.betweenTokens = betweenTokens
        self.total = total
    }
}
