import Forwarding
/// How kernel objects, changes and refusals are written for people: in `ip`'s own way where it has one.
import Foundation
import NetTypes

extension Nexthop {
    /// `id 1296113664 via 192.0.2.1 dev #3`.
    var words: String {
        switch kind {
        case .blackhole: "id \(id.value) blackhole"
        case .via(let gateway, let interface, _):
            "id \(id.value)" + (gateway.map { " via \($0)" } ?? "") + " dev \(InterfaceName.of(interface))"
        case .group(let members): "id \(id.value) \(members.words)"
        case .resilient(let members, let buckets):
            "id \(id.value) \(members.words) type resilient buckets \(buckets.count) idle_timer \(buckets.idle)"
                + " unbalanced_timer \(buckets.unbalanced)"
        }
    }
}

extension [WeightedNexthop] {
    /// `group 1296113664,3/1296113665,1`.
    fileprivate var words: String { "group " + map { "\($0.id.value),\($0.weight)" }.joined(separator: "/") }
}

extension Route {
    var words: String {
        "\(key.prefix) \(action.words) table \(key.table) metric \(key.metric)"
            + (source.map { " src \($0)" } ?? "") + (mtu.map { " mtu \($0)" } ?? "")
    }
}

extension Route.Action {
    var words: String {
        switch self {
        case .nexthop(let id): "nhid \(id.value)"
        case .multipath(let hops):
            hops.map { hop in
                "nexthop " + Route.Action.inline(gateway: hop.gateway, interface: hop.interface).words
                    + " weight \(hop.weight)"
            }.joined(separator: " ")
        case .inline(let gateway, let interface):
            (gateway.map { "via \($0) " } ?? "") + "dev \(InterfaceName.of(interface))"
        case .blackhole: "blackhole"
        case .unreachable: "unreachable"
        case .prohibit: "prohibit"
        case .other(let type): "type \(type)"
        }
    }
}

extension KernelChange {
    /// What the change does: verb, kind, object.
    var parts: (verb: String, kind: String, object: String) {
        switch operation {
        case .setNexthop(let nexthop):
            ("set", nexthop.isGroup ? "group" : "next hop", "\(nexthop.family.name) \(nexthop.words)")
        case .deleteNexthop(let id, let family): ("delete", "next hop", "\(family.name) id \(id.value)")
        case .setRoute(let route): ("set", "route", route.words)
        case .deleteRoute(let route): ("delete", "route", route.words)
        case .addRule(let rule): ("add", "rule", rule.words)
        case .deleteRule(let rule): ("delete", "rule", rule.words)
        case .changeRuleset(let change): (change.verb, "nft table", "inet \(change.table)\(change.words)")
        }
    }

    var words: String { "\(parts.verb) \(parts.kind) \(parts.object)" }
}

extension KernelRefusal {
    /// The kernel's own words where it gave any, and what its errno says.
    var sentence: String {
        let system = String(cString: strerror(errno))
        return words.isEmpty ? system : "\(words) (\(system))"
    }
}

extension ForeignConflict {
    var words: String {
        switch object {
        case .nexthop(let nexthop): "a stranger (protocol \(nexthop.routeProtocol)) holds next hop \(nexthop.words)"
        case .route(let route): "a stranger (protocol \(route.routeProtocol)) holds route \(route.words)"
        case .rule(let rule): "a stranger (protocol \(rule.routeProtocol)) holds rule \(rule.words)"
        }
    }
}

extension KernelReport {
    var words: String {
        switch self {
        case .link(let link): "link \(link.name) is there"
        case .linkGone(let index): "link #\(index) is gone"
        case .address(let address): "address \(address.address) is there"
        case .addressGone(let address): "address \(address.address) is gone"
        case .nexthop(let nexthop): "next hop \(nexthop.words)"
        case .nexthopGone(let id): "next hop id \(id.value) is gone"
        case .route(let route): "route \(route.words)"
        case .routeGone(let route): "route \(route.words) is gone"
        case .nexthopOffload(let id, let flags): "next hop id \(id.value) \(flags.words ?? "without flags")"
        case .routeOffload(let key, let flags): "route \(key.words) \(flags.words ?? "without flags")"
        case .rule(let rule): "rule \(rule.words)"
        case .ruleGone(let rule): "rule \(rule.words) is gone"
        }
    }
}

extension Loss {
    /// What goes, and whose it is.
    var words: String {
        switch self {
        case .route(let route):
            "route \(route.words) of protocol \(RouteProtocolName.of(route.routeProtocol)) leads over a next hop that goes: the "
                + "kernel removes it along"
        case .group(let nexthop):
            "next hop \(nexthop.words) of protocol \(RouteProtocolName.of(nexthop.routeProtocol)) holds only next hops that go: "
                + "the kernel removes it along, with its routes"
        case .members(let lost, let nexthop):
            "next hop \(nexthop.words) of protocol \(RouteProtocolName.of(nexthop.routeProtocol)) loses "
                + lost.map { "id \($0.value)" }.joined(separator: ", ")
        }
    }
}

extension Route.Key {
    var words: String { "\(prefix) table \(table) metric \(metric)" }
}

extension Offload {
    /// `offload`, `trap`, `offload-failed`, as many as apply; nil when none does.
    var words: String? {
        let names: [(Offload, String)] = [
            (.offloaded, "offload"), (.trapped, "trap"), (.failed, "offload-failed"),
        ]
        let found = names.filter { contains($0.0) }.map(\.1)
        return found.isEmpty ? nil : found.joined(separator: " ")
    }
}

/// The name of an interface of this network namespace.
enum InterfaceName {
    static func of(_ index: UInt32) -> String {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(index, &name) != nil else { return "#\(index)" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
