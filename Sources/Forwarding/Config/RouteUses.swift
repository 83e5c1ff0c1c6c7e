/// Which groups routes use, by name: found once, since every failover asks and there may be tens of thousands of routes.
import ConfigSyntax

/// By whom routes lead, and whom they follow.
package struct RouteUses: Hashable, Sendable {
    /// Groups that routes or lists lead to.
    package let leading: Set<String>
    /// Groups by whose members or health a route's own action changes, not only the group that it names.
    package let following: Set<String>

    init(_ routes: [RouteDefinition], _ files: [RouteFileDefinition]) {
        var (leading, following): (Set<String>, Set<String>) = ([], [])
        func note(_ use: RouteDefinition.Use) {
            switch use {
            case .group(let name): leading.insert(name.value)
            case .member(let group, _): following.insert(group.value)
            case .via, .device, .auto, .blackhole, .unreachable, .prohibit: return
            }
        }
        for route in routes {
            note(route.use)
            if let condition = route.options.condition { following.insert(condition.group) }
        }
        for file in files { note(file.use) }
        (self.leading, self.following) = (leading, following)
    }
}
