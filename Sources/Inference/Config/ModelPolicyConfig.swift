/// Which group serves which request, as configured (`models.policies`).
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

package struct ModelPolicy: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// `group` or `group.member`.
        case use(Located<String>)
        /// The request is refused (403) with this reason.
        case reject(reason: String)
        /// By weight over several groups.
        case split([Part], by: SplitKey)
    }

    /// One group's part of a split.
    package struct Part: Hashable, Sendable {
        package let group: Located<String>
        package let weight: Int
    }

    package let name: Located<String>
    /// The condition, over the slots of `RequestFact`.
    package let match: Match
    /// The condition as written.
    package let matchText: String
    package let action: Action
    package let otherwise: Otherwise
    package let constraints: Constraints
    package let place: Place

    /// What narrows the choice within the group.
    package struct Constraints: Hashable, Sendable {
        /// How the group's members are judged for these requests; nil: as the group says.
        package let strategy: Located<Strategy>?
        package let aims: Aims?
        package let only: Scope
        package let except: Scope
        package let maxCost: Located<RequestCost>?
        package let maxLatency: Span?
        package let minQuality: Fraction?

        package static let none = Constraints(
            strategy: nil,
            aims: nil,
            only: .empty,
            except: .empty,
            maxCost: nil,
            maxLatency: nil,
            minQuality: nil
        )
    }

    /// Names that candidates are told apart by.
    package struct Scope: Hashable, Sendable {
        package let regions: [Located<String>]
        package let providers: [Located<String>]
        /// Network groups and `group.member`.
        package let paths: [Located<String>]
        package let capabilities: [Located<Capability>]

        package static let empty = Scope(regions: [], providers: [], paths: [], capabilities: [])
    }
}

/// What a split holds on to: the same value always takes the same part.
package enum SplitKey: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    /// The client's key.
    case key
    /// Whom the request is for, as it says itself; without that the client's key.
    case user
    /// The session that the client names in a header; without one, as `user`.
    case session
    /// Nothing: each request is drawn for itself.
    case request
}
