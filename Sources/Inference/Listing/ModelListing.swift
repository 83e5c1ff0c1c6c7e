/// Which models can clients ask for, and what is known of each? Groups and `group.member`, in file order: the answer to `/v1/models`.
import ConfigSyntax
import PolicyEngine

/// One name that a client may put into `model`.
package struct ListedModel: Hashable, Sendable {
    package let name: String
    /// Of a group what its members can do between them: a request is sent to one that can.
    package let facts: ModelFacts
    /// What a member costs; nil for groups, whose members may differ, and where nobody said.
    package let price: Price?

    package init(name: String, facts: ModelFacts, price: Price? = nil) {
        self.name = name
        self.facts = facts
        self.price = price
    }
}

extension GatewaySnapshot {
    /// All groups, then all members.
    package var listedModels: [ListedModel] {
        let groups = models.groups.map { group in
            ListedModel(
                name: group.definition.name.value,
                facts: .together(group.members.map { deployments[$0.index].facts ?? ModelFacts() })
            )
        }
        let members = zip(models.members, deployments).map { member, deployment in
            ListedModel(name: member.fullName, facts: deployment.facts ?? ModelFacts(), price: deployment.price)
        }
        return groups + members
    }
}

extension ModelFacts {
    /// What members can do that stand in for one another. Of a count the largest that is known; of capabilities nothing when one
    /// member's are unknown, for it may be able to do anything.
    static func together(_ members: [ModelFacts]) -> ModelFacts {
        let all = members.compactMap(\.capabilities)
        return ModelFacts(
            context: members.compactMap(\.context).max(),
            maxOutput: members.compactMap(\.maxOutput).max(),
            capabilities: all.isEmpty || all.count < members.count ? nil : all.reduce([]) { $0.union($1) }
        )
    }
}

/// Which part of a list is asked for, as Anthropic pages its lists. OpenAI's list is whole.
package struct ModelPage: Hashable, Sendable {
    /// Names at most.
    package var limit = 20
    /// Only what stands behind this name.
    package var after: String?
    /// Only what stands before this name, the last of it.
    package var before: String?

    /// As Anthropic's API has it.
    package static let limits = 1...1000

    package init() {}

    /// Of a query, `limit=2&after_id=NAME`. Names of groups and members need no percent-encoding; what is unknown is left alone.
    /// - Throws: what is wrong with `limit`.
    package init(query: some StringProtocol) throws(RequestError) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "limit":
                guard let limit = Int(parts[1]), Self.limits.contains(limit) else {
                    throw .wrongValue("limit", wanted: "a number from 1 to 1000")
                }
                self.limit = limit
            case "after_id": after = String(parts[1])
            case "before_id": before = String(parts[1])
            default: continue
            }
        }
    }

    /// The part of a list, and whether there is more in the direction that is read.
    package func part(of models: [ListedModel]) -> (models: ArraySlice<ListedModel>, hasMore: Bool) {
        var rest = models[...]
        if let after, let place = rest.firstIndex(where: { $0.name == after }) { rest = rest[(place + 1)...] }
        guard let before, let place = rest.firstIndex(where: { $0.name == before }) else {
            return (rest.prefix(limit), rest.count > limit)
        }
        rest = rest[..<place]
        return (rest.suffix(limit), rest.count > limit)
    }
}
