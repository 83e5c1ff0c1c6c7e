/// What our nftables table is to hold: marks by policy, answers the way their questions came, translation, counts.
///
///     prerouting  enter   answers go back by the mark of their connection; what comes in by an uplink gives it its mark;
///                         the first policy that takes a packet marks it for its target; flows that may not move are held
///     output      send    the same for what this host sends, unless its socket has a mark of its own
///     postrouting leave   the connection's mark names the uplink that was really taken
///     forward     segments, prerouting destination-nat, postrouting source-nat
import ConfigSyntax
import NetTypes
import PolicyEngine

extension Resolver {
    /// Our table; nil when there is nothing for it to do.
    package func ruleset() -> Wished<Ruleset>? {
        guard let first = configuration.groups.first, !uplinks.isEmpty || !configuration.policies.isEmpty else {
            return nil
        }
        var builder = RulesetBuilder(self)
        return Wished(builder.ruleset(), cause: first.definition.name.place)
    }

    /// Every member with a path, and the device it leaves by now.
    var uplinks: [UplinkPath] {
        configuration.groups.enumerated().flatMap { index, group in
            group.members.enumerated().compactMap { position, member in
                guard let path = numbers.path(group.fullName(of: member)) else { return nil }
                return UplinkPath(
                    path: path,
                    group: index,
                    position: position,
                    member: member,
                    device: device(of: member)
                )
            }
        }
    }

    private func device(of member: NetworkMember) -> String? {
        member.device?.value
            ?? AddressFamily.allCases.lazy.compactMap { member.gateway($0)?.value }
            .compactMap { view.link(towards: $0)?.name }.first
    }

    /// Whether flows that are on the member in this family may stay there.
    func holds(_ uplink: UplinkPath, _ family: AddressFamily) -> Bool {
        guard uplink.member.has(family) else { return false }
        switch shares(uplink.group, family).all[uplink.position].reason {
        case .eligible, .behind, .exploring, .standby, .degraded, .overLimit, .heldDown, .damped, .drained, .keptLast,
            .lastResort, .excluded:
            return true
        case .down: return uplink.member.onFail == .drain
        case .absent, .adminDown, .outOfScope: return false
        }
    }
}

/// A member as the table needs it.
struct UplinkPath {
    let path: Path
    /// Index of its group, and its place in it.
    let group: Int
    let position: Int
    let member: NetworkMember
    /// Nil while no device is known to lead to its gateway.
    let device: String?
}

/// Puts the table together.
struct RulesetBuilder {
    let resolver: Resolver
    let uplinks: [UplinkPath]
    var chains: [Ruleset.Chain] = []
    var sets: [Ruleset.NamedSet] = []
    var objects: [Ruleset.Object] = []
    var configuration: NetworkConfiguration { resolver.configuration }
    private var mask: UInt32 { configuration.ownership.markMask.bits }
    private var arrival: UInt32 { configuration.ownership.markMask.arrival }

    /// `mangle`, `dstnat`, `srcnat` and `filter` of nft.
    static let (mangle, destination, source, filter): (Int32, Int32, Int32, Int32) = (-150, -100, 100, 0)
    /// `IPS_SRC_NAT`.
    private static let isTranslated: UInt32 = 1 << 4

    init(_ resolver: Resolver) {
        self.resolver = resolver
        uplinks = resolver.uplinks
    }

    mutating func ruleset() -> Ruleset {
        addPolicies()
        addCounts()
        if configuration.isTracking { addConnectionMarks() }
        addEntrances()
        addTranslation()
        addSegments()
        return Ruleset(
            name: configuration.ownership.tableName,
            chains: chains.sorted { $0.name < $1.name },
            sets: sets.sorted { $0.name < $1.name },
            objects: objects.sorted { $0.name < $1.name }
        )
    }
}

// MARK: - Marks

extension RulesetBuilder {
    /// Our bits of the mark become this number; the others stay.
    func setMark(_ mark: Mark) -> [Ruleset.Expression] {
        [
            .meta(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(~mask), xor: NftNumber.host(mark.value)),
            .setMeta(.mark, from: .first),
        ]
    }

    private func setConnectionMark(_ mark: UInt32) -> [Ruleset.Expression] {
        [
            .connection(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(~mask), xor: NftNumber.host(mark)),
            .setConnectionMark(from: .first),
        ]
    }

    /// Leads on by our bits of the connection's mark.
    private func lead(by map: String) -> [Ruleset.Expression] {
        [
            .connection(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(mask), xor: NftNumber.host(0)),
            .lookupVerdict(.first, map: map),
        ]
    }

    private func isDirection(_ direction: UInt8) -> [Ruleset.Expression] {
        [.connection(.direction, into: .first), .compare(.first, .equal, [direction])]
    }

    private func isInSet(_ key: Ruleset.Meta, _ set: String) -> [Ruleset.Expression] {
        [.meta(key, into: .first), .lookup(.first, set: set, isNegated: false)]
    }

    /// Per path a counter of what leaves with its mark.
    private mutating func addCounts() {
        var elements: [Ruleset.Element] = []
        for uplink in uplinks {
            let name = "path-\(uplink.path.member)"
            objects.append(Ruleset.Object(name, .counter))
            chains.append(Ruleset.Chain(name, [Ruleset.Rule(uplink.path.member, [.countIn(name)])]))
            elements.append(
                Ruleset.Element(NftNumber.host(uplink.path.mark.value), value: .verdict(.goto(name)))
            )
        }
        add("paths", key: [.mark], values: .verdict, elements)
        chains.append(
            Ruleset.Chain(
                "paths",
                hook: Ruleset.Hook(.filter, .postrouting, priority: Self.filter),
                [
                    Ruleset.Rule(
                        "count by mark",
                        [
                            .meta(.mark, into: .first),
                            .bitwise(.first, mask: NftNumber.host(mask), xor: NftNumber.host(0)),
                            .lookupVerdict(.first, map: "paths"),
                        ]
                    )
                ]
            )
        )
    }

    mutating func add(
        _ name: String,
        key: [Ruleset.DataKind],
        values: Ruleset.SetDeclaration.Values = .none,
        _ elements: [Ruleset.Element]
    ) {
        let declaration = Ruleset.SetDeclaration(name, key: key, values: values)
        let sorted = elements.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        sets.append(Ruleset.NamedSet(declaration, .listed(sorted)))
    }
}

// MARK: - Connections

extension RulesetBuilder {
    private mutating func addConnectionMarks() {
        for uplink in uplinks {
            let (name, mark) = (uplink.path.member, uplink.path.mark)
            chains += [
                Ruleset.Chain("mark-\(name)", [Ruleset.Rule(name, setConnectionMark(mark.value))]),
                Ruleset.Chain("arrive-\(name)", [Ruleset.Rule(name, setConnectionMark(mark.value | arrival))]),
                Ruleset.Chain("restore-\(name)", [Ruleset.Rule(name, setMark(mark) + [.verdict(.accept)])]),
            ]
        }
        for (map, bit) in [("restore", 0), ("return-by", arrival)] {
            let elements = uplinks.map {
                Ruleset.Element(
                    NftNumber.host($0.path.mark.value | bit),
                    value: .verdict(.goto("restore-\($0.path.member)"))
                )
            }
            add(map, key: [.mark], values: .verdict, elements)
        }
        add("uplinks", key: [.interfaceName], devices.map { Ruleset.Element(NftNumber.name($0.name)) })
        addArrivals()
        addDepartures()
        addHeld("main", mainGroups)
    }

    /// The uplinks' devices in the order of their names, with the members that leave by each.
    private var devices: [(name: String, members: [UplinkPath])] {
        Dictionary(grouping: uplinks.filter { $0.device != nil }, by: { $0.device ?? "" })
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Where several members share a device, what comes in by it belongs to the first of them in the file.
    private mutating func addArrivals() {
        let elements = devices.compactMap { device -> Ruleset.Element? in
            guard let first = device.members.first else { return nil }
            return Ruleset.Element(NftNumber.name(device.name), value: .verdict(.jump("arrive-\(first.path.member)")))
        }
        add("arrivals", key: [.interfaceName], values: .verdict, elements)
    }

    /// Where several members share a device, the next hop tells which of them was taken.
    private mutating func addDepartures() {
        var elements: [Ruleset.Element] = []
        for device in devices {
            var target = device.members.first.map { "mark-\($0.path.member)" } ?? ""
            if device.members.count > 1 {
                target = "depart-\(device.name)"
                chains.append(Ruleset.Chain(target, device.members.flatMap(byNexthop)))
            }
            elements.append(Ruleset.Element(NftNumber.name(device.name), value: .verdict(.goto(target))))
        }
        add("departures", key: [.interfaceName], values: .verdict, elements)
    }

    private func byNexthop(_ uplink: UplinkPath) -> [Ruleset.Rule] {
        let verdict = Ruleset.Expression.verdict(.goto("mark-\(uplink.path.member)"))
        return AddressFamily.allCases.compactMap { family in
            guard uplink.member.has(family) else { return nil }
            guard let gateway = resolver.gateway(of: uplink, family) else {
                return Ruleset.Rule(uplink.path.member, ConditionWriter.isFamily(family) + [verdict])
            }
            return Ruleset.Rule(
                uplink.path.member,
                ConditionWriter.isFamily(family) + [
                    .route(family == .v4 ? .nexthop4 : .nexthop6, into: .first),
                    .compare(.first, .equal, gateway.bytes), verdict,
                ]
            )
        }
    }

    /// Groups that routes of the main table lead to.
    private var mainGroups: [Int] {
        configuration.groups.indices.filter { index in
            let uses = configuration.routes.map(\.use) + configuration.routeFiles.map(\.use)
            return uses.contains {
                if case .group(let name) = $0 { name.value == configuration.groups[index].name } else { false }
            }
        }
    }

    /// The marks of the members that flows may stay on: `held` for what was translated and cannot move, `sticky` for all that came by a
    /// group whose flows stick. Per family, for health is.
    mutating func addHeld(_ target: String, _ groups: [Int]) {
        for (kind, chosen) in [
            ("held", groups), ("sticky", groups.filter { configuration.groups[$0].flows == .sticky }),
        ] {
            let elements = uplinks.filter { chosen.contains($0.group) }.flatMap { uplink in
                AddressFamily.allCases.filter { resolver.holds(uplink, $0) }.map { family in
                    Ruleset.Element(
                        [NftNumber.networkProtocol(family), 0, 0, 0] + NftNumber.host(uplink.path.mark.value)
                    )
                }
            }
            guard !chosen.isEmpty else { continue }
            add("\(kind)-\(target)", key: [.networkProtocol, .mark], elements)
        }
    }

    /// Rules that give a packet the mark of its connection where it is held.
    func hold(_ target: String) -> [Ruleset.Rule] {
        guard configuration.isTracking else { return [] }
        let names = Set(sets.map(\.name))
        var rules: [Ruleset.Rule] = []
        if names.contains("sticky-\(target)") {
            rules.append(Ruleset.Rule("sticky flows", isHeld("sticky-\(target)") + lead(by: "restore")))
        }
        if names.contains("held-\(target)") {
            let translated: [Ruleset.Expression] = [
                .connection(.status, into: .first),
                .bitwise(.first, mask: NftNumber.host(Self.isTranslated), xor: NftNumber.host(0)),
                .compare(.first, .notEqual, NftNumber.host(0)),
            ]
            rules.append(Ruleset.Rule("translated flows", translated + isHeld("held-\(target)") + lead(by: "restore")))
        }
        return rules
    }

    private func isHeld(_ set: String) -> [Ruleset.Expression] {
        [
            .meta(.networkProtocol, into: .first), .connection(.mark, into: Ruleset.Register(1)),
            .bitwise(Ruleset.Register(1), mask: NftNumber.host(mask), xor: NftNumber.host(0)),
            .lookup(.first, set: set, isNegated: false),
        ]
    }

    // MARK: - Where packets enter

    private mutating func addEntrances() {
        let isTracking = configuration.isTracking
        let answers = isTracking ? [Ruleset.Rule("answers", isDirection(1) + [.verdict(.goto("answers"))])] : []
        let policies =
            configuration.policies.isEmpty
            ? [] : [Ruleset.Rule("policies", [.verdict(.jump(PolicyChains.name))])]
        let arrivals =
            isTracking
            ? [Ruleset.Rule("arrivals", [.meta(.inputName, into: .first), .lookupVerdict(.first, map: "arrivals")])]
            : []
        let isMarked: [Ruleset.Expression] = [
            .meta(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(mask), xor: NftNumber.host(0)),
            .compare(.first, .notEqual, NftNumber.host(0)),
        ]
        let held = hold("main")
        let enter = answers + arrivals + policies + held
        let send = [Ruleset.Rule("marked by its socket", isMarked + [.verdict(.accept)])] + answers + policies + held
        if !enter.isEmpty { chains.append(base("enter", .filter, .prerouting, enter)) }
        if send.count > 1 { chains.append(base("send", .route, .output, send)) }
        guard isTracking else { return }
        chains.append(
            Ruleset.Chain(
                "answers",
                [
                    // Only where the question came in by an uplink. Answers to what left by one are on their way to whoever asked, and
                    // may come by any device.
                    Ruleset.Rule("back the way the question came", lead(by: "return-by"))
                ]
            )
        )
        chains.append(
            base(
                "leave",
                .filter,
                .postrouting,
                [
                    Ruleset.Rule("answers", isDirection(1) + [.verdict(.accept)]),
                    Ruleset.Rule("came in by an uplink", isInSet(.inputName, "uplinks") + [.verdict(.accept)]),
                    Ruleset.Rule(
                        "the uplink really used",
                        [.meta(.outputName, into: .first), .lookupVerdict(.first, map: "departures")]
                    ),
                ]
            )
        )
    }

    private func base(
        _ name: String,
        _ kind: Ruleset.Hook.Kind,
        _ point: Ruleset.Hook.Point,
        _ rules: [Ruleset.Rule]
    ) -> Ruleset.Chain {
        Ruleset.Chain(name, hook: Ruleset.Hook(kind, point, priority: Self.mangle), rules)
    }
}
