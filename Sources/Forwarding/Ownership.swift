/// What is ours in the kernel and what is a stranger's (docs/architecture.md §7). Strangers' objects are reported, never touched.
import NetTypes

extension OwnershipWindow {
    /// A route is ours by its protocol alone: the file may ask for any metric and table, and what it asked for before the last restart
    /// nobody remembers (docs/decisions/0004).
    package func owns(_ route: Route) -> Bool { route.routeProtocol == routeProtocol }

    /// Whether a route is ours, or stands where one of ours stands without being asked for (with our metric, or in our tables), or leads
    /// over a next hop of ours and would go with it.
    package func concerns(_ route: Route) -> Bool {
        owns(route) || route.key.metric == metric || tables.contains(route.key.table) || leansOnOurs(route)
    }

    private func leansOnOurs(_ route: Route) -> Bool {
        guard case .nexthop(let id) = route.action else { return false }
        return nexthopIDs.contains(id.value)
    }

    /// A rule is ours by its protocol, inside our band, and only in the one form that we make.
    package func owns(_ rule: Rule) -> Bool {
        rule.routeProtocol == routeProtocol && rulePreferences.contains(rule.preference) && !rule.hasOtherSelectors
    }

    package func concerns(_ rule: Rule) -> Bool { rulePreferences.contains(rule.preference) }

    /// A next hop is ours by its protocol and by its id.
    package func owns(_ nexthop: Nexthop) -> Bool {
        nexthop.routeProtocol == routeProtocol && nexthopIDs.contains(nexthop.id.value)
    }
}
