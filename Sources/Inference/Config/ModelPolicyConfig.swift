/// Which group serves which request, as configured (`models.policies`).
package import ConfigSyntax
package import PolicyEngine

package struct ModelPolicy: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// `group` or `group.member`.
        case use(Located<String>)
        /// The request is refused (403) with this reason.
        case reject(reason: String)
        /// By weight over several groups. Checked, not yet served.
        case split([Part], by: SplitKey)
    }

    /// One group's part of a split.
    package struct Part: Hashable, Sendable {
        package let group: Located<String>
        package let weight: Int
    }

    /// What a split holds on to: the same key always takes the same part.
    package enum SplitKey: String, Hashable, Sendable, CaseIterable, ScalarValue {
        case key
        case request
    }

    package let name: Located<String>
    /// The condition, over the slots of `RequestFact`.
    package let match: Match
    /// The condition as written.
    package let matchText: String
    package let action: Action
    /// `next` is checked, not yet served.
    package let otherwise: Otherwise
    /// Checked, not yet served.
    package let constraints: Constraints
    package let place: Place

    /// What narrows the choice within the group. Checked, not yet served.
    package struct Constraints: Hashable, Sendable {
        package let onlyRegion: Located<String>?
        package let exceptRegion: Located<String>?
        package let maxCost: Located<RequestCost>?
    }
}
