/// How one comparison with a packet becomes nftables expressions.
import NetTypes
import PolicyEngine

/// One comparison, in the terms of packets. A comparison with something that the packet has not is false, negated or not.
struct PacketCondition: Hashable {
    enum Subject: Hashable {
        case address(isSource: Bool, AddressRanges, set: String?)
        /// Numbers of IP protocols.
        case transport([UInt8])
        case port(transport: UInt8, isSource: Bool, [ClosedRange<UInt16>])
        case interface([String])
        case mark([ClosedRange<UInt32>])
        /// Ranges of seconds since midnight.
        case time([ClosedRange<Int64>])
    }

    let subject: Subject
    let isNegated: Bool

    /// Whether the packet always has what is asked for, so that `not` can be turned into the opposite comparison.
    var isAlwaysThere: Bool {
        switch subject {
        case .address, .transport, .mark: true
        // This host's own packets came in on no device; the time may not be known yet.
        case .port, .interface, .time: false
        }
    }

    var negated: PacketCondition { PacketCondition(subject, isNegated: !isNegated) }

    /// The families in which it can be true; a comparison that is not about addresses, in both.
    var families: [AddressFamily] {
        guard case .address(_, let addresses, _) = subject, !isNegated else { return AddressFamily.allCases }
        // A named set may be filled at any time without the rule being made anew.
        if case .address(_, _, .some) = subject { return AddressFamily.allCases }
        return AddressFamily.allCases.filter { family in
            addresses.ranges.contains { $0.lowerBound.family == family }
        }
    }

    /// Nil when the condition has a test that is not about packets, which the reader of conditions does not let through.
    init?(_ slot: FactSlot, _ test: Match.Test, negated: Bool) {
        guard let fact = PacketFact.allCases.first(where: { $0.slot == slot }) else { return nil }
        isNegated = negated
        switch (fact, test) {
        case (.source, .addresses(let ranges)): subject = .address(isSource: true, ranges, set: nil)
        case (.source, .set(let name, let ranges)): subject = .address(isSource: true, ranges, set: name)
        case (.destination, .addresses(let ranges)): subject = .address(isSource: false, ranges, set: nil)
        case (.destination, .set(let name, let ranges)): subject = .address(isSource: false, ranges, set: name)
        case (.transport, .texts(let names)): subject = .transport(names.compactMap { PacketFact.transportNumber($0) })
        case (.tcpSource, .ranges(let ranges)): subject = .port(transport: 6, isSource: true, Self.ports(ranges))
        case (.tcpDestination, .ranges(let ranges)): subject = .port(transport: 6, isSource: false, Self.ports(ranges))
        case (.udpSource, .ranges(let ranges)): subject = .port(transport: 17, isSource: true, Self.ports(ranges))
        case (.udpDestination, .ranges(let ranges)): subject = .port(transport: 17, isSource: false, Self.ports(ranges))
        case (.ingress, .texts(let names)): subject = .interface(names)
        case (.mark, .ranges(let ranges)): subject = .mark(Self.clamped(ranges))
        case (.time, .ranges(let ranges)): subject = .time(Self.ofDay(ranges))
        default: return nil
        }
    }

    init(_ subject: Subject, isNegated: Bool = false) {
        self.subject = subject
        self.isNegated = isNegated
    }

    private static func ports(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<UInt16>] { clamped(ranges) }

    /// The ranges as far as numbers of the width reach.
    private static func clamped<Number: FixedWidthInteger>(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Number>] {
        ranges.compactMap { range in
            let (low, high) = (max(range.lowerBound, 0), min(range.upperBound, Int64(Number.max)))
            return low <= high ? Number(low)...Number(high) : nil
        }
    }

    private static func ofDay(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        ranges.compactMap { range in
            let (low, high) = (max(range.lowerBound, 0), min(range.upperBound, 86_399))
            return low <= high ? low...high : nil
        }
    }
}

/// Writes comparisons as expressions, and notes the sets they look into.
struct ConditionWriter {
    /// Sets by name; the same list is the same set wherever it is written.
    private(set) var sets: [String: Ruleset.NamedSet] = [:]
    /// Sets of the configuration that are looked into.
    private(set) var usedSets: Set<String> = []
    /// Whether each time of day is now; nil when the local time is not known.
    let secondOfDay: Int64?

    init(secondOfDay: Int64?) { self.secondOfDay = secondOfDay }

    private static let register = Ruleset.Register.first
    private static let hash = KeyedHash(key0: 0x6D61_7274_6C65_7402, key1: 0x6C69_7374_6E61_6D01)

    /// All of the conditions, for packets of one family; nil when they cannot be true in it.
    mutating func expressions(_ conditions: [PacketCondition], _ family: AddressFamily) -> [Ruleset.Expression]? {
        guard conditions.allSatisfy({ $0.families.contains(family) }) else { return nil }
        var expressions: [Ruleset.Expression] = []
        if conditions.contains(where: { if case .address = $0.subject { true } else { false } }) {
            expressions += Self.isFamily(family)
        }
        for condition in conditions {
            guard let written = write(condition, family) else { return nil }
            expressions += written
        }
        return expressions
    }

    /// Whether the conditions mean the same in both families, so that one rule does for both.
    static func areFamilyFree(_ conditions: [PacketCondition]) -> Bool {
        !conditions.contains { if case .address = $0.subject { true } else { false } }
    }

    static func isFamily(_ family: AddressFamily) -> [Ruleset.Expression] {
        [
            .meta(.networkProtocol, into: register),
            .compare(register, .equal, [NftNumber.networkProtocol(family)]),
        ]
    }

    private mutating func write(_ condition: PacketCondition, _ family: AddressFamily) -> [Ruleset.Expression]? {
        let negated = condition.isNegated
        switch condition.subject {
        case .address(let isSource, let addresses, let set):
            return write(addresses, set, isSource: isSource, negated, family)
        case .transport(let numbers):
            return [.meta(.transport, into: Self.register)] + oneOf(numbers.map { [$0] }, .transport, negated)
        case .port(let transport, let isSource, let ranges):
            return [
                .meta(.transport, into: Self.register), .compare(Self.register, .equal, [transport]),
                .payload(.transport, offset: isSource ? 0 : 2, length: 2, into: Self.register),
            ] + within(ranges.map { (NftNumber.network($0.lowerBound), NftNumber.network($0.upperBound)) }, negated)
        case .interface(let names):
            return [.meta(.inputName, into: Self.register)]
                + oneOf(names.map { NftNumber.name($0) }, .interfaceName, negated)
        case .mark(let ranges):
            return [.meta(.mark, into: Self.register), .toNetworkOrder(Self.register, size: 4, length: 4)]
                + within(ranges.map { (NftNumber.network($0.lowerBound), NftNumber.network($0.upperBound)) }, negated)
        case .time(let ranges): return write(ranges, negated)
        }
    }

    // MARK: - Addresses

    private mutating func write(
        _ addresses: AddressRanges,
        _ set: String?,
        isSource: Bool,
        _ negated: Bool,
        _ family: AddressFamily
    ) -> [Ruleset.Expression]? {
        let load = Self.loadAddress(isSource: isSource, family)
        if let set {
            usedSets.insert(set)
            let name = Self.setName(set, family, isInterval: !addresses.only(family).areHosts)
            return [load, .lookup(Self.register, set: name, isNegated: negated)]
        }
        let own = addresses.only(family)
        guard let first = own.ranges.first else { return negated ? [] : nil }
        if own.ranges.count == 1 { return [load] + within([(first.lowerBound.bytes, first.upperBound.bytes)], negated) }
        let name = Self.name("list", own.ranges.flatMap { $0.lowerBound.bytes + $0.upperBound.bytes })
        let declaration = Ruleset.SetDeclaration(name, key: [Self.kind(family)], isInterval: !own.areHosts)
        sets[name] = Ruleset.NamedSet(declaration, .addresses(own))
        return [load, .lookup(Self.register, set: name, isNegated: negated)]
    }

    static func loadAddress(isSource: Bool, _ family: AddressFamily) -> Ruleset.Expression {
        // Offsets of source and destination in the headers (RFC 791, RFC 8200).
        switch family {
        case .v4: .payload(.network, offset: isSource ? 12 : 16, length: 4, into: register)
        case .v6: .payload(.network, offset: isSource ? 8 : 24, length: 16, into: register)
        }
    }

    static func kind(_ family: AddressFamily) -> Ruleset.DataKind { family == .v4 ? .address4 : .address6 }

    /// The kernel's set for one family of a set of the configuration. Sets of single addresses are hashed, others are trees in which each
    /// change costs more the larger they are: two kinds, so two names.
    static func setName(_ set: String, _ family: AddressFamily, isInterval: Bool) -> String {
        "set-\(set)-\(family == .v4 ? 4 : 6)" + (isInterval ? "" : "-hosts")
    }

    // MARK: - Numbers and names

    /// Whether the register holds one of these.
    private mutating func oneOf(_ keys: [[UInt8]], _ kind: Ruleset.DataKind, _ negated: Bool) -> [Ruleset.Expression] {
        let sorted = Set(keys).sorted { $0.lexicographicallyPrecedes($1) }
        if sorted.count == 1, let key = sorted.first {
            return [.compare(Self.register, negated ? .notEqual : .equal, key)]
        }
        let name = Self.name("\(kind)", sorted.flatMap { $0 })
        let declaration = Ruleset.SetDeclaration(name, key: [kind])
        sets[name] = Ruleset.NamedSet(declaration, .listed(sorted.map { Ruleset.Element($0) }))
        return [.lookup(Self.register, set: name, isNegated: negated)]
    }

    /// Whether the number in network order lies in one of the ranges.
    private mutating func within(_ ranges: [(first: [UInt8], last: [UInt8])], _ negated: Bool) -> [Ruleset.Expression] {
        guard let only = ranges.first else {
            // Nothing lies in no range: never, or with `not` whenever the number is there, which it is.
            return negated ? [] : [.verdict(.return)]
        }
        if ranges.count == 1 {
            if only.first == only.last { return [.compare(Self.register, negated ? .notEqual : .equal, only.first)] }
            if negated {
                let name = rangeSet(ranges)
                return [.lookup(Self.register, set: name, isNegated: true)]
            }
            return [.range(Self.register, from: only.first, to: only.last)]
        }
        return [.lookup(Self.register, set: rangeSet(ranges), isNegated: negated)]
    }

    private mutating func rangeSet(_ ranges: [(first: [UInt8], last: [UInt8])]) -> String {
        let bytes = ranges.flatMap { $0.first + $0.last }
        let kind: Ruleset.DataKind =
            switch ranges.first?.first.count {
            case 2: .port
            case 16: .address6
            default: .address4
            }
        let name = Self.name("range", bytes)
        let declaration = Ruleset.SetDeclaration(name, key: [kind], isInterval: true)
        let elements = ranges.map { Ruleset.Element($0.first, last: $0.last) }
        sets[name] = Ruleset.NamedSet(
            declaration,
            kind == .port ? .listed(elements) : .addresses(Self.addresses(ranges))
        )
        return name
    }

    private static func addresses(_ ranges: [(first: [UInt8], last: [UInt8])]) -> AddressRanges {
        AddressRanges(
            ranges.compactMap { range in
                guard let low = IPAddress(bytes: range.first), let high = IPAddress(bytes: range.last), low <= high
                else { return nil }
                return low...high
            }
        )
    }

    /// A set that holds both families while it is one of these times, and nothing while it is not: at the boundary elements change, no
    /// rule does.
    private mutating func write(_ ranges: [ClosedRange<Int64>], _ negated: Bool) -> [Ruleset.Expression] {
        let bytes = ranges.flatMap { [$0.lowerBound, $0.upperBound] }.flatMap {
            NftNumber.network(UInt32(clamping: $0))
        }
        let name = Self.name(negated ? "not-time" : "time", bytes)
        let isNow = secondOfDay.map { now in ranges.contains { $0.contains(now) } != negated } ?? false
        sets[name] = Ruleset.NamedSet(
            Ruleset.SetDeclaration(name, key: [.networkProtocol]),
            .listed(isNow ? AddressFamily.allCases.map { Ruleset.Element([NftNumber.networkProtocol($0)]) } : [])
        )
        return [
            .meta(.networkProtocol, into: Self.register), .lookup(Self.register, set: name, isNegated: false),
        ]
    }

    /// A name by the content: 60 bits of its hash.
    static func name(_ what: String, _ bytes: [UInt8]) -> String {
        "\(what)-\(String(hash.hash(bytes) >> 4, radix: 16))"
    }
}
