/// What the kernel should hold: the *Resolved* store, with the line of the configuration behind every object.
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// A wished object and the line that asks for it.
package struct Wished<Object: Hashable & Sendable>: Hashable, Sendable {
    package let object: Object
    package let cause: Place

    package init(_ object: Object, cause: Place) {
        self.object = object
        self.cause = cause
    }
}

/// Something the file asks for that cannot be programmed now.
package struct Pending: Hashable, Sendable {
    /// The object as an operator would name it: `wan.fiber ipv4`, `10.20.0.0/16`.
    package let name: String
    package let why: PolicyEngine.Cause
    package let cause: Place

    package init(name: String, why: PolicyEngine.Cause, cause: Place) {
        self.name = name
        self.why = why
        self.cause = cause
    }
}

/// Routes to all prefixes of a list, in the main table.
package struct WishedFeed: Hashable, Sendable {
    package let name: String
    package let list: PrefixList
    /// What each family does now; nil: nothing can be programmed of it, for the reason that stands in `pending`.
    package let v4: Route.Action?
    package let v6: Route.Action?
    package let cause: Place

    package func action(_ family: AddressFamily) -> Route.Action? { family == .v4 ? v4 : v6 }

    /// The feed's routes in the form in which they are observed.
    package var segments: [RouteSegment] {
        AddressFamily.allCases.compactMap { family in
            guard list.count(family) > 0, let action = action(family) else { return nil }
            return RouteSegment(family, action, list)
        }
    }
}

/// All objects the kernel should hold at one moment.
package struct Wish: Sendable {
    /// In the order in which they must be made: a group after the lone next hops it holds.
    package var nexthops: [Wished<Nexthop>] = []
    /// In the order in which they must be made (`Route.Key.isMade`).
    package var routes: [Wished<Route>] = []
    /// Long lists, in file order: where two hold a prefix the first counts, and `routes` before all.
    package var feeds: [WishedFeed] = []
    /// By family and preference.
    package var rules: [Wished<Rule>] = []
    /// Our nftables table; nil when there is to be none.
    package var ruleset: Wished<Ruleset>?
    package var pending: [Pending] = []

    package init() {}
}

/// The division of a network group's load in one family, as the resolver needs it: by the group's own strategy, or by that of a policy.
package typealias GroupShares = (_ group: Int, _ family: AddressFamily, _ strategy: PolicyStrategy?) -> Shares
