/// Which changes of a plan touch the way by which the operator reaches this host?
///
/// The question decides whether an apply wants a confirmation. It is answered from the plan and the two views of the kernel alone;
/// the route that carries the operator now was asked of the kernel beforehand.
package import Forwarding
package import NetTypes

package struct OperatorPath: Sendable {
    package enum Destination: Sendable, Equatable {
        /// The far end of the operator's session.
        case address(IPAddress)
        /// Nobody said where the operator is: the default route's way then.
        case everywhere
    }

    package let destination: Destination
    /// The route that packets to the operator take now; nil when there is none, or it is everywhere.
    package let carrying: Route?

    package init(_ destination: Destination, carrying: Route?) {
        (self.destination, self.carrying) = (destination, carrying)
    }

    /// Those of the trial's changes that touch the way.
    ///
    /// - Parameters:
    ///   - running: the plane as it runs.
    ///   - trial: the same under the configuration to be applied.
    package func touching(running: NetworkPlane?, trial: NetworkPlane) -> [KernelChange] {
        let wishes = [running, trial].compactMap { $0?.resolver.wish() }
        let ours = wishes.flatMap { $0.routes.map(\.object).filter(carries) }
        let used = nexthops(of: ours + (carrying.map { [$0] } ?? []), in: wishes, trial.view)
        let listed = trial.feedPlan().steps.compactMap { closest(of: $0, trial) }
        return (trial.plan().changes + listed).filter { touches($0, used) }
    }

    /// Of the routes of a list that change together, the one that covers the operator most closely.
    private func closest(of step: FeedStep, _ trial: NetworkPlane) -> KernelChange? {
        guard case .address(let address) = destination, address.family == step.routes.family,
            let prefix = step.routes.list.longestMatch(address)
        else { return nil }
        let window = trial.configuration.ownership
        let key = Route.Key(table: Resolver.mainTable, prefix: prefix, metric: window.metric)
        let route = Route(key: key, action: step.routes.action, routeProtocol: window.routeProtocol)
        let cause = trial.resolver.wish().feed(of: prefix)?.cause
        return KernelChange(step.operation == .delete ? .deleteRoute(route) : .setRoute(route), cause: cause)
    }

    private func touches(_ change: KernelChange, _ used: Set<NexthopID>) -> Bool {
        switch change.operation {
        case .setNexthop(let nexthop): used.contains(nexthop.id)
        case .deleteNexthop(let id, _): used.contains(id)
        case .setRoute(let route), .deleteRoute(let route): carries(route)
        // A rule of a mark leads only marked packets, and nobody has a new one's mark yet; of one that goes, a connection may.
        case .addRule(let rule): rule.mask == 0 && isOfFamily(rule.family)
        case .deleteRule(let rule): isOfFamily(rule.family)
        // It steers no answer but back the way its question came.
        case .changeRuleset: false
        }
    }

    /// Whether the route could carry packets to the operator: it covers the address, and no route that is there is closer.
    private func carries(_ route: Route) -> Bool {
        switch destination {
        case .everywhere: return route.key.prefix.length == 0 && route.key.table == Resolver.mainTable
        case .address(let address):
            // Other tables are behind rules, and rules count by themselves.
            guard route.key.prefix.contains(address), route.key.table == carrying?.key.table ?? Resolver.mainTable
            else {
                return false
            }
            return route.key.prefix.length >= carrying?.key.prefix.length ?? 0
        }
    }

    private func isOfFamily(_ family: AddressFamily) -> Bool {
        switch destination {
        case .everywhere: true
        case .address(let address): address.family == family
        }
    }

    /// The next hops that the routes lead to, and the members of those that are groups.
    private func nexthops(of routes: [Route], in wishes: [Wish], _ view: KernelView) -> Set<NexthopID> {
        var used: Set<NexthopID> = []
        for case .nexthop(let id) in routes.map(\.action) where used.insert(id).inserted {
            let there = view.nexthops[id].map { [$0] } ?? []
            for nexthop in there + wishes.flatMap({ $0.nexthops.map(\.object).filter { $0.id == id } }) {
                used.formUnion((nexthop.kind.members ?? []).map(\.id))
            }
        }
        return used
    }
}
