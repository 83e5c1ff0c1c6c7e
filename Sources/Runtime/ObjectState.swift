/// How one object that the file asks for stands in the kernel.
package import ConfigSyntax
package import Forwarding
package import PolicyEngine

package enum ObjectState: Hashable, Sendable {
    /// It waits: for a link, an address, a gateway, or (nil) for its turn.
    case pending(PolicyEngine.Cause?)
    /// The kernel has it as it should be.
    case programmed
    case failed(NetworkPlane.Refusal)
    /// A stranger with this protocol number (`RTPROT_*`) stands in its place.
    case foreignConflict(owner: UInt8)
    /// It stands as it should, and had to be put back this often since the configuration was applied.
    case drifted(repaired: Int)
}

/// An object, its state and the line that asks for it.
package struct StatedObject: Sendable {
    package enum Object: Hashable, Sendable {
        case nexthop(Nexthop)
        case route(Route)
        case rule(Rule)
        /// What has no shape yet, by the name the operator knows.
        case unmade(Pending)
    }

    package let object: Object
    package let state: ObjectState
    package let cause: Place
}

extension NetworkPlane {
    /// Every next hop, group, route and rule of the file, in the order in which they are made, and what waits.
    package func objects() -> [StatedObject] {
        let wish = resolver.wish()
        return wish.nexthops.map {
            StatedObject(object: .nexthop($0.object), state: state(of: $0.object), cause: $0.cause)
        }
            + wish.routes.map { StatedObject(object: .route($0.object), state: state(of: $0.object), cause: $0.cause) }
            + wish.rules.map { StatedObject(object: .rule($0.object), state: state(of: $0.object), cause: $0.cause) }
            + wish.pending.map { StatedObject(object: .unmade($0), state: .pending($0.why), cause: $0.cause) }
    }

    package func state(of nexthop: Nexthop) -> ObjectState {
        let there = view.nexthops[nexthop.id]
        let stranger = there.flatMap { configuration.ownership.owns($0) ? nil : $0.routeProtocol }
        return state(.nexthop(nexthop.id), stranger, isThere: there == nexthop)
    }

    package func state(of route: Route) -> ObjectState {
        let there = view.route(at: route.key)
        let stranger = there.flatMap { configuration.ownership.owns($0) ? nil : $0.routeProtocol }
        return state(.route(route.key), stranger, isThere: there == route)
    }

    package func state(of rule: Rule) -> ObjectState {
        let isThere = view.rules.contains(rule)
        let stranger = view.rules.filter { $0.selectsLike(rule) && !configuration.ownership.owns($0) }
        return state(.rule(rule), isThere ? nil : stranger.map(\.routeProtocol).min(), isThere: isThere)
    }

    private func state(_ target: KernelChange.Target, _ stranger: UInt8?, isThere: Bool) -> ObjectState {
        if let refusal = refusals[target] { return .failed(refusal) }
        if let stranger { return .foreignConflict(owner: stranger) }
        guard isThere else { return .pending(nil) }
        return drifts[target].map { .drifted(repaired: $0) } ?? .programmed
    }
}

extension KernelReport {
    /// The object of ours that a report is about; nil for links and addresses.
    var target: KernelChange.Target? {
        switch self {
        case .link, .linkGone, .address, .addressGone, .nexthopOffload, .routeOffload: nil
        case .nexthop(let nexthop): .nexthop(nexthop.id)
        case .nexthopGone(let id): .nexthop(id)
        case .route(let route), .routeGone(let route): .route(route.key)
        case .rule(let rule), .ruleGone(let rule): .rule(rule)
        }
    }
}
