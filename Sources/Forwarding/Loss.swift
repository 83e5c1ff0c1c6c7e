/// What of strangers' the kernel removes along with our next hops: routes and groups that lean on them. Nothing else would say so, for
/// the kernel does not announce it.
package enum Loss: Hashable, Sendable, Codable {
    case route(Route)
    /// The group goes, since it holds nothing else.
    case group(Nexthop)
    /// The group goes on without these of its members.
    case members([NexthopID], of: Nexthop)
}

extension KernelView {
    /// What strangers lose when these next hops are deleted.
    package func losses(byDeleting ids: Set<NexthopID>) -> [Loss] {
        guard !ids.isEmpty else { return [] }
        var (gone, losses) = (ids, [Loss]())
        for nexthop in nexthops.values.sorted(by: { $0.id < $1.id }) where !ids.contains(nexthop.id) {
            let lost = (nexthop.kind.members ?? []).map(\.id).filter(ids.contains)
            guard !lost.isEmpty else { continue }
            let goes = lost.count == nexthop.kind.members?.count
            if goes { gone.insert(nexthop.id) }
            if !window.owns(nexthop) { losses.append(goes ? .group(nexthop) : .members(lost, of: nexthop)) }
        }
        let routes = routes.values.filter { route in
            guard case .nexthop(let id) = route.action else { return false }
            return gone.contains(id) && !window.owns(route)
        }
        return losses + routes.sorted { $0.key < $1.key }.map { .route($0) }
    }
}
