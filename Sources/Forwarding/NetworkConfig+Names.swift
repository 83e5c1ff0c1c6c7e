/// Short questions the resolver asks of the configuration.
package import ConfigSyntax
package import NetTypes
import PolicyEngine

extension NetworkGroup {
    package var name: String { definition.name.value }

    /// `group.member`.
    package func fullName(of member: NetworkMember) -> String { "\(name).\(member.name.value)" }

    /// Whether any member is a next hop of the family.
    package func has(_ family: AddressFamily) -> Bool { members.contains { $0.has(family) } }
}

extension NetworkMember {
    /// Whether the member is a next hop of the family: by a gateway, or as a device alone.
    package func has(_ family: AddressFamily) -> Bool { gateway(family) != nil || isDeviceOnly || isAuto }
}

extension RouteDefinition.Destination {
    /// The prefixes meant: `default` is everything in both families.
    package var prefixes: [IPPrefix] {
        switch self {
        case .prefix(let prefix): [prefix]
        case .default: AddressFamily.allCases.map(IPPrefix.everything)
        }
    }
}

extension NetworkConfiguration {
    /// The configuration that asks for nothing: what is ours in the kernel goes.
    package static func nothing(within ownership: OwnershipWindow, at place: Place) -> NetworkConfiguration {
        NetworkConfiguration(
            ownership: ownership,
            groups: [],
            routes: [],
            routeFiles: [],
            policies: [],
            sets: [],
            services: [],
            masquerade: nil,
            notify: [],
            place: place
        )
    }
}
