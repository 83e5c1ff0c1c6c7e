/// What our nftables table is to hold: marks by policy, answers the way their questions came, translation, counts.
///
///     prerouting  enter   answers go back by the mark of their connection; what comes in through an uplink gives it its mark;
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

    func setConnectionMark(_ mark: UInt32) -> [Ruleset.Expression] {
        [
            .connection(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(~mask), xor: NftNumber.host(mark)),
            .setConnectionMark(from: .first),
        ]
    }

    /// Leads on by our bits of the connection's mark.
    func lead(by map: String) -> [Ruleset.Expression] {
        [
            .connection(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(mask), xor: NftNumber.host(0)),
            .lookupVerdict(.first, map: map),
        ]
    }

    private func isDirection(_ direction: UInt8) -> [Ruleset.Expression] {
        [.connection(.direction, into: .first), .compare(.first, .equal, [direction])]
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
        addArrivals()
        addDepartures()
        addHeld()
    }

    /// The uplinks' devices in the order of their names, with the members that leave by each.
    var devices: [(name: String, members: [UplinkPath])] {
        Dictionary(grouping: uplinks.filter { $0.device != nil }, by: { $0.device ?? "" })
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What comes in by a device belongs to the first member in the file that leaves by it in that family. Where none does, the device is no
    /// uplink in that family; and a neighbour that sends without a gateway is answered without one.
    private mutating func addArrivals() {
        var elements: [Ruleset.Element] = []
        for device in devices {
            let firsts = AddressFamily.allCases.map { family in
                device.members.first { resolver.hop(of: $0, family) != nil }?.path.member
            }
            var target = firsts[0].map { "arrive-\($0)" }
            if firsts[0] != firsts[1] {
                target = "arrivals-\(device.name)"
                let rules = zip(AddressFamily.allCases, firsts).compactMap { family, member in
                    member.map { member -> Ruleset.Rule in
                        let arrive = Ruleset.Expression.verdict(.goto("arrive-\(member)"))
                        return Ruleset.Rule(member, ConditionWriter.isFamily(family) + [arrive])
                    }
                }
                chains.append(Ruleset.Chain("arrivals-\(device.name)", rules))
            }
            guard let target else { continue }
            elements.append(Ruleset.Element(NftNumber.name(device.name), value: .verdict(.jump(target))))
        }
        add("arrivals", key: [.interfaceName], values: .verdict, elements)
        var rules: [Ruleset.Rule] = []
        for family in AddressFamily.allCases {
            let name = "near-\(family == .v4 ? 4 : 6)"
            let declaration = Ruleset.SetDeclaration(name, key: [ConditionWriter.kind(family)], isInterval: true)
            sets.append(Ruleset.NamedSet(declaration, .addresses(near(family))))
            let isNear: [Ruleset.Expression] = [
                ConditionWriter.loadAddress(isSource: true, family), .lookup(.first, set: name, isNegated: false),
            ]
            rules.append(Ruleset.Rule("neighbours", ConditionWriter.isFamily(family) + isNear + [.verdict(.return)]))
        }
        rules.append(
            Ruleset.Rule("arrivals", [.meta(.inputName, into: .first), .lookupVerdict(.first, map: "arrivals")])
        )
        chains.append(Ruleset.Chain("arrivals", rules))
    }

    /// The addresses that the uplinks' devices reach without a gateway. A network that is on two devices says nothing about either.
    private func near(_ family: AddressFamily) -> AddressRanges {
        let own = Set(devices.compactMap { resolver.view.link(named: $0.name)?.index })
        let known = resolver.view.addresses.filter { $0.address.family == family && !$0.address.isLinkLocal }
        let near = known.filter { address in
            own.contains(address.interface)
                && !known.contains {
                    $0.interface != address.interface && $0.connected.addresses.overlaps(address.connected.addresses)
                }
        }
        return AddressRanges(near.map(\.connected) + (family == .v6 ? [Self.linkLocal] : []))
    }

    /// fe80::/10 (RFC 4291 §2.5.6): never beyond a gateway.
    private static let linkLocal = IPPrefix(
        containing: IPAddress(family: .v6, high: 0xFE80 << 48, low: 0),
        length: 10
    )

    /// The next hop tells which member was taken: packets to neighbours, or by a route of somebody else, took none.
    private mutating func addDepartures() {
        var elements: [Ruleset.Element] = []
        for device in devices {
            let name = "depart-\(device.name)"
            chains.append(Ruleset.Chain(name, departures(by: device.members)))
            elements.append(Ruleset.Element(NftNumber.name(device.name), value: .verdict(.goto(name))))
        }
        add("departures", key: [.interfaceName], values: .verdict, elements)
    }

    private func departures(by members: [UplinkPath]) -> [Ruleset.Rule] {
        var seen: Set<String> = []
        let rules = members.flatMap { uplink in
            AddressFamily.allCases.compactMap { family -> (isLast: Bool, rule: Ruleset.Rule)? in
                guard let hop = resolver.hop(of: uplink, family), seen.insert("\(family) \(hop)").inserted else {
                    return nil
                }
                let mark = Ruleset.Expression.verdict(.goto("mark-\(uplink.path.member)"))
                return (hop == .device, Ruleset.Rule(uplink.path.member, Self.leaves(by: hop, family) + [mark]))
            }
        }
        // A device alone is the next hop of whatever no gateway took.
        return rules.filter { !$0.isLast }.map(\.rule) + rules.filter(\.isLast).map(\.rule)
    }

    /// Whether the packet is of the family and the route gave it this next hop.
    static func leaves(by hop: NextHop, _ family: AddressFamily) -> [Ruleset.Expression] {
        guard case .gateway(let gateway) = hop else { return ConditionWriter.isFamily(family) }
        return ConditionWriter.isFamily(family) + [
            .route(family == .v4 ? .nexthop4 : .nexthop6, into: .first), .compare(.first, .equal, gateway.bytes),
        ]
    }

    /// Groups whose flows stick and that routes of the main table lead to.
    private var stickyMainGroups: [Int] {
        configuration.groups.indices.filter { index in
            let group = configuration.groups[index]
            return group.flows == .sticky && configuration.routeUses.leading.contains(group.name)
        }
    }

    /// By family and mark what flows may stay on: `held` for those that were translated and cannot move, whatever led them there; `sticky` for
    /// all that came by a group whose flows stick.
    private mutating func addHeld() {
        addMarks("held", of: Array(configuration.groups.indices))
        addMarks("sticky", of: stickyMainGroups)
    }

    /// The marks of flows that may stay on members of these groups. Where other members share the way out, none of them may be down.
    mutating func addMarks(_ name: String, of groups: [Int]) {
        guard !groups.isEmpty else { return }
        var elements: Set<Ruleset.Element> = []
        for family in AddressFamily.allCases {
            for (_, mark, sharing) in resolver.sharedWays(family) {
                let own = sharing.filter { groups.contains($0.group) }
                guard own.contains(where: { resolver.holds($0, family) }),
                    !sharing.contains(where: { resolver.isLost($0, family) })
                else { continue }
                elements.insert(
                    Ruleset.Element([NftNumber.networkProtocol(family), 0, 0, 0] + NftNumber.host(mark.value))
                )
            }
        }
        add(name, key: [.networkProtocol, .mark], Array(elements))
    }

    /// Rules that give a packet the mark of its connection where it is held; `sticky` names the set of those that stick, if there is one.
    func hold(sticky: String?) -> [Ruleset.Rule] {
        guard configuration.isTracking, !uplinks.isEmpty else { return [] }
        let translated: [Ruleset.Expression] = [
            .connection(.status, into: .first),
            .bitwise(.first, mask: NftNumber.host(Self.isTranslated), xor: NftNumber.host(0)),
            .compare(.first, .notEqual, NftNumber.host(0)),
        ]
        let sticking = sticky.map { [Ruleset.Rule("sticky flows", isHeld($0) + lead(by: "restore"))] } ?? []
        return sticking + [Ruleset.Rule("translated flows", translated + isHeld("held") + lead(by: "restore"))]
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
        let arrivals = isTracking ? [Ruleset.Rule("arrivals", [.verdict(.jump("arrivals"))])] : []
        let isMarked: [Ruleset.Expression] = [
            .meta(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(mask), xor: NftNumber.host(0)),
            .compare(.first, .notEqual, NftNumber.host(0)),
        ]
        let held = hold(sticky: stickyMainGroups.isEmpty ? nil : "sticky")
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
                    Ruleset.Rule("came in by an uplink", cameIn + [.verdict(.accept)]),
                    Ruleset.Rule(
                        "the uplink really used",
                        [.meta(.outputName, into: .first), .lookupVerdict(.first, map: "departures")]
                    ),
                ]
            )
        )
    }

    private var cameIn: [Ruleset.Expression] {
        [
            .connection(.mark, into: .first),
            .bitwise(.first, mask: NftNumber.host(arrival), xor: NftNumber.host(0)),
            .compare(.first, .notEqual, NftNumber.host(0)),
        ]
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
