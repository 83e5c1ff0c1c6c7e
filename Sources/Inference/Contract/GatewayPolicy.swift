/// What is a rule of `models.policies` to the gateway? Whom it sends requests to, and what it asks of them besides.
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

package struct GatewayPolicy: Sendable, Codable {
    /// Whom a policy sends a request to.
    package enum Target: Hashable, Sendable, Codable {
        case group(GroupID)
        case member(MemberID)
        /// Answered with 403 and this reason.
        case reject(reason: String)
        /// One of several groups, by weight.
        case split([Arm], by: SplitKey)
    }

    /// One part of a split.
    package struct Arm: Hashable, Sendable, Codable {
        package var group: GroupID
        package var weight: UInt32

        package init(group: GroupID, weight: UInt32) {
            self.group = group
            self.weight = weight
        }
    }

    package var name: String
    package var place: Place
    package var match: Match
    package var target: Target
    package var terms: PolicyTerms
    /// When nobody in the target can serve: whether the next policies are asked.
    package var fallsThrough: Bool

    package init(
        name: String,
        place: Place,
        match: Match,
        target: Target,
        terms: PolicyTerms = .none,
        fallsThrough: Bool
    ) {
        self.name = name
        self.place = place
        self.match = match
        self.target = target
        self.terms = terms
        self.fallsThrough = fallsThrough
    }
}

/// What a policy asks of whoever serves its requests. Members that do not keep to it are no candidates at all: unlike the limits
/// of a group these are promises, and `otherwise` says what happens when nobody keeps them.
package struct PolicyTerms: Hashable, Sendable, Codable {
    /// How the group's members are judged; nil: as the group says.
    package var strategy: Strategy?
    package var aims: Aims?
    /// Empty: whoever.
    package var only = Names()
    package var except = Names()
    /// Of one request.
    package var maxCost: Money?
    package var maxLatency: Span?
    package var minQuality: Fraction?

    /// What candidates are told apart by, in the file's words.
    package struct Names: Hashable, Sendable, Codable {
        package var regions: [String] = []
        package var providers: [String] = []
        /// Network groups and `group.member`.
        package var paths: [String] = []
        /// Of `only` what a model must be known to do, all of it; of `except` what it must not be known to do, any of it.
        package var capabilities: Capabilities?

        package init(
            regions: [String] = [],
            providers: [String] = [],
            paths: [String] = [],
            capabilities: Capabilities? = nil
        ) {
            (self.regions, self.providers, self.paths) = (regions, providers, paths)
            self.capabilities = capabilities
        }
    }

    package static let none = PolicyTerms()

    package init(
        strategy: Strategy? = nil,
        aims: Aims? = nil,
        only: Names = Names(),
        except: Names = Names(),
        maxCost: Money? = nil,
        maxLatency: Span? = nil,
        minQuality: Fraction? = nil
    ) {
        self.strategy = strategy
        self.aims = aims
        self.only = only
        self.except = except
        self.maxCost = maxCost
        self.maxLatency = maxLatency
        self.minQuality = minQuality
    }
}
