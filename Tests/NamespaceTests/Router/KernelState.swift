/// What do `ip -j` and `nft -j` say of a router's namespace? One line an object, so that two states compare and differ readably.
import Lab
import LabText

/// Everything in the kernel that martletd could touch, ours and strangers' apart by the route protocol number.
struct KernelState: Equatable {
    var nexthops: [Int: Nexthop] = [:]
    var routes: [Route] = []
    var rules: [Rule] = []
    /// nftables tables as `family name`, and what stands in them.
    var tables: [String: String] = [:]

    /// docs/architecture.md §7.
    static let ourProtocol = "219"

    struct Nexthop: Hashable {
        var id: Int
        var owner: String
        var gateway: String?
        var device: String?
        /// id → weight.
        var group: [Int: Int]
        var isBlackhole: Bool
        /// Of a resilient group.
        var buckets: Int?
    }

    struct Route: Hashable {
        var family: Family
        var table: String
        var destination: String
        var type: String
        var metric: Int
        var nexthop: Int?
        var gateway: String?
        var owner: String
        var source: String?
        var mtu: Int?
    }

    struct Rule: Hashable {
        var family: Family
        var preference: Int
        var mark: String?
        var mask: String?
        var table: String
        var owner: String
    }

    init(of namespace: Namespace) throws {
        for row in try namespace.ip("nexthop", "show").elements ?? [] {
            guard let nexthop = Nexthop(row) else { continue }
            nexthops[nexthop.id] = nexthop
        }
        for family in Family.allCases {
            let flag = family == .v4 ? "-4" : "-6"
            routes += (try namespace.ip(flag, "route", "show", "table", "all").elements ?? []).map { Route($0, family) }
            rules += (try namespace.ip(flag, "rule", "show").elements ?? []).map { Rule($0, family) }
        }
        for name in try Self.tableNames(in: namespace) {
            let parts = name.split(separator: " ").map(String.init)
            tables[name] = Self.withoutCounts(try namespace.nft("list", "table", parts[0], parts[1]))
        }
    }

    // MARK: - Whose

    var ourRoutes: [Route] { routes.filter { $0.owner == Self.ourProtocol } }
    var ourRules: [Rule] { rules.filter { $0.owner == Self.ourProtocol } }
    var ourNexthops: [Nexthop] { nexthops.values.filter { $0.owner == Self.ourProtocol }.sorted { $0.id < $1.id } }

    /// Everything but ours, and but what the kernel makes by itself.
    var strangers: KernelState {
        var state = self
        state.nexthops = nexthops.filter { $0.value.owner != Self.ourProtocol }
        state.routes = routes.filter { $0.owner != Self.ourProtocol && $0.owner != "kernel" }
        state.rules = rules.filter { $0.owner != Self.ourProtocol }
        state.tables["inet martlet"] = nil
        return state
    }

    /// Only what is ours.
    var ours: KernelState {
        var state = self
        state.nexthops = nexthops.filter { $0.value.owner == Self.ourProtocol }
        (state.routes, state.rules) = (ourRoutes, ourRules)
        state.tables = tables.filter { $0.key == "inet martlet" }
        return state
    }

    /// Our route to `destination` in the main table.
    func route(_ destination: String, _ family: Family) -> Route? {
        ourRoutes.first { $0.destination == destination && $0.family == family && $0.table == "main" }
    }

    /// What the group behind our route to `destination` is made of: device → weight.
    func shares(_ destination: String, _ family: Family) -> [String: Int] {
        guard let id = route(destination, family)?.nexthop, let nexthop = nexthops[id] else { return [:] }
        return Dictionary(
            nexthop.group.map { member, weight in
                let hop = nexthops[member]
                return (hop?.isBlackhole == true ? "blackhole" : hop?.device ?? "?", weight)
            },
            uniquingKeysWith: +
        )
    }

    private static func tableNames(in namespace: Namespace) throws -> [String] {
        (try namespace.nft("list", "tables")["nftables"]?.elements ?? []).compactMap { row in
            guard let table = row["table"], let family = table["family"]?.string, let name = table["name"]?.string
            else {
                return nil
            }
            return "\(family) \(name)"
        }
    }

    /// Packet counts and handles change by themselves.
    private static func withoutCounts(_ json: JSON) -> String {
        switch json {
        case .object(let members):
            let shown = members.filter { !["handle", "packets", "bytes", "metainfo"].contains($0.name) }
            return "{" + shown.map { "\($0.name):\(withoutCounts($0.value))" }.joined(separator: ",") + "}"
        case .array(let elements): return "[" + elements.map(withoutCounts).joined(separator: ",") + "]"
        case .null, .bool, .integer, .number, .string: return json.description
        }
    }
}

extension KernelState.Nexthop {
    init?(_ row: JSON) {
        guard let id = row["id"]?.integer else { return nil }
        self.id = id
        owner = row["protocol"]?.string ?? "none"
        gateway = row["gateway"]?.string ?? row["via"]?["host"]?.string
        device = row["dev"]?.string
        group = Dictionary(
            (row["group"]?.elements ?? []).map { ($0["id"]?.integer ?? 0, $0["weight"]?.integer ?? 1) },
            uniquingKeysWith: { $1 }
        )
        isBlackhole = row["blackhole"] != nil
        buckets = row["resilient_args"]?["buckets"]?.integer
    }
}

extension KernelState.Route {
    init(_ row: JSON, _ family: Family) {
        self.family = family
        table = row["table"]?.string ?? "main"
        destination = row["dst"]?.string ?? "?"
        type = row["type"]?.string ?? "unicast"
        metric = row["metric"]?.integer ?? 0
        nexthop = row["nhid"]?.integer
        gateway = row["gateway"]?.string
        owner = row["protocol"]?.string ?? "none"
        source = row["prefsrc"]?.string
        mtu = row["metrics"]?.elements?.compactMap { $0["mtu"]?.integer }.first
    }
}

extension KernelState.Rule {
    init(_ row: JSON, _ family: Family) {
        self.family = family
        preference = row["priority"]?.integer ?? 0
        mark = row["fwmark"]?.string
        mask = row["fwmask"]?.string
        table = row["table"]?.string ?? row["action"]?.string ?? "?"
        owner = row["protocol"]?.string ?? "none"
    }
}
