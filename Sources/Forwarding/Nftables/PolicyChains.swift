/// How policies become chains: the first whose condition holds leads to its target.
///
/// A condition that is an `or` of few `and`s is a rule each. Any other becomes chains that lead on where a part holds or does not.
/// Policies that ask for one thing each and stand behind one another become one map (architecture.md, fact 14).
import NetTypes
import PolicyEngine

struct PolicyChains {
    /// Rules that a packet may have to walk through, over all policies.
    static let mostRules = 256
    /// How far chains may lead into one another: the kernel follows 16 (`NFT_JUMP_STACK_SIZE`), of which base chain, policies, target and
    /// restoring take four.
    static let deepest = 10
    /// Ranges of one policy that go into a map with others; larger lists are sets of their own.
    private static let mostMapped = 1024
    /// Rules that one condition is multiplied out into before it becomes chains.
    private static let mostRulesOfOne = 8
    /// Policies behind one another that make a map worth it.
    private static let shortestRun = 4

    static let name = "policies"

    var writer: ConditionWriter
    private var rules: [Ruleset.Rule] = []
    private var chains: [Ruleset.Chain] = []
    private(set) var maps: [Ruleset.NamedSet] = []
    private(set) var depth = 0

    /// A policy as it is to be compiled: where a packet goes that it takes, and in which families it takes any.
    struct Entry {
        let name: String
        let match: Match
        let chain: String
        let families: [AddressFamily]
    }

    init(secondOfDay: Int64?) { writer = ConditionWriter(secondOfDay: secondOfDay) }

    /// The chains, with the sets that the writer holds.
    mutating func compile(_ entries: [Entry]) -> [Ruleset.Chain] {
        var position = 0
        while position < entries.count {
            let run = run(at: position, entries)
            if run.count >= Self.shortestRun, let subject = run.first?.condition.subject {
                map(run, by: subject)
                position += run.count
            } else {
                compile(entries[position])
                position += 1
            }
        }
        return [Ruleset.Chain(Self.name, rules)] + chains
    }

    /// How many rules every packet may have to walk through.
    var ruleCount: Int { rules.count }
}

// MARK: - One policy

extension PolicyChains {
    private mutating func compile(_ entry: Entry) {
        let verdict = Ruleset.Verdict.goto(entry.chain)
        if let alternatives = Self.alternatives(entry.match.root, not: false) {
            for conditions in alternatives { append(conditions, entry, verdict) }
            return
        }
        let start = "\(entry.chain).if"
        var graph = ConditionGraph(start: start, families: entry.families)
        graph.compile(entry.match.root, yes: verdict)
        depth = max(depth, graph.depth)
        chains += graph.chains(&writer, comment: entry.name)
        rules.append(Ruleset.Rule(entry.name, [.verdict(.jump(start))]))
    }

    private mutating func append(_ conditions: [PacketCondition], _ entry: Entry, _ verdict: Ruleset.Verdict) {
        rules += Self.rules(conditions, entry.families, verdict, &writer, comment: entry.name)
    }

    static func rules(
        _ conditions: [PacketCondition],
        _ families: [AddressFamily],
        _ verdict: Ruleset.Verdict,
        _ writer: inout ConditionWriter,
        comment: String
    ) -> [Ruleset.Rule] {
        if families.count == 2, ConditionWriter.areFamilyFree(conditions) {
            guard let written = writer.expressions(conditions, .v4) else { return [] }
            return [Ruleset.Rule(comment, written + [.verdict(verdict)])]
        }
        return families.compactMap { family in
            guard let written = writer.expressions(conditions, family) else { return nil }
            let head = ConditionWriter.areFamilyFree(conditions) ? ConditionWriter.isFamily(family) : []
            return Ruleset.Rule(comment, head + written + [.verdict(verdict)])
        }
    }

    /// The condition as an `or` of `and`s of comparisons; nil when it is none or would be too many.
    static func alternatives(_ step: Match.Step, not: Bool) -> [[PacketCondition]]? {
        switch step {
        case .always: return not ? [] : [[]]
        case .not(let inner): return alternatives(inner, not: !not)
        case .test(let slot, let test, let negated):
            guard let condition = PacketCondition(slot, test, negated: negated) else { return [] }
            if !not { return [[condition]] }
            return condition.isAlwaysThere ? [[condition.negated]] : nil
        case .all(let parts): return not ? some(parts, not: true) : all(parts, not: false)
        case .some(let parts): return not ? all(parts, not: true) : some(parts, not: false)
        }
    }

    private static func some(_ parts: [Match.Step], not: Bool) -> [[PacketCondition]]? {
        var result: [[PacketCondition]] = []
        for part in parts {
            guard let more = alternatives(part, not: not), result.count + more.count <= mostRulesOfOne else {
                return nil
            }
            result += more
        }
        return result
    }

    private static func all(_ parts: [Match.Step], not: Bool) -> [[PacketCondition]]? {
        var result: [[PacketCondition]] = [[]]
        for part in parts {
            guard let more = alternatives(part, not: not), result.count * more.count <= mostRulesOfOne else {
                return nil
            }
            result = result.flatMap { left in more.map { left + $0 } }
        }
        return result
    }
}

// MARK: - Many policies as one map

extension PolicyChains {
    private typealias Single = (entry: Entry, condition: PacketCondition)

    /// The policies from here on that ask for the same one thing.
    private func run(at start: Int, _ entries: [Entry]) -> [Single] {
        var run: [Single] = []
        for entry in entries[start...] {
            guard entry.families.count == 2, let only = Self.alternatives(entry.match.root, not: false),
                only.count == 1,
                only[0].count == 1, !only[0][0].isNegated, Self.isMappable(only[0][0].subject),
                run.first.map({ Self.isAlike($0.condition.subject, only[0][0].subject) }) ?? true
            else { break }
            run.append((entry, only[0][0]))
        }
        return run
    }

    private static func isMappable(_ subject: PacketCondition.Subject) -> Bool {
        switch subject {
        case .address(_, let addresses, let set): set == nil && addresses.ranges.count <= mostMapped
        case .interface: true
        case .port(_, _, let ranges): !ranges.isEmpty
        case .transport, .mark, .time: false
        }
    }

    private static func isAlike(_ a: PacketCondition.Subject, _ b: PacketCondition.Subject) -> Bool {
        switch (a, b) {
        case (.address(let a, _, _), .address(let b, _, _)): a == b
        case (.interface, .interface): true
        case (.port(let a, let isSource, _), .port(let b, let other, _)): a == b && isSource == other
        case (.address, _), (.interface, _), (.port, _), (.transport, _), (.mark, _), (.time, _): false
        }
    }

    private mutating func map(_ run: [Single], by subject: PacketCondition.Subject) {
        let comment = run.map(\.entry.name).joined(separator: " ")
        switch subject {
        case .address(let isSource, _, _):
            for family in AddressFamily.allCases { mapAddresses(run, isSource: isSource, family, comment) }
        case .interface: mapInterfaces(run, comment)
        case .port(let transport, let isSource, _): mapPorts(run, transport, isSource: isSource, comment)
        case .transport, .mark, .time: return
        }
    }

    private mutating func mapAddresses(_ run: [Single], isSource: Bool, _ family: AddressFamily, _ comment: String) {
        var taken = AddressRanges.none
        var elements: [Ruleset.Element] = []
        for (entry, condition) in run {
            guard case .address(_, let addresses, _) = condition.subject else { continue }
            let own = addresses.only(family)
            for range in own.subtracting(taken).ranges {
                elements.append(
                    Ruleset.Element(
                        range.lowerBound.bytes,
                        last: range.upperBound.bytes,
                        value: .verdict(.goto(entry.chain))
                    )
                )
            }
            taken = AddressRanges(taken.ranges + own.ranges)
        }
        guard !elements.isEmpty else { return }
        let name = add(elements, [ConditionWriter.kind(family)], isInterval: true)
        rules.append(
            Ruleset.Rule(
                comment,
                ConditionWriter.isFamily(family) + [
                    ConditionWriter.loadAddress(isSource: isSource, family), .lookupVerdict(.first, map: name),
                ]
            )
        )
    }

    private mutating func mapInterfaces(_ run: [Single], _ comment: String) {
        var taken: Set<String> = []
        var elements: [Ruleset.Element] = []
        for (entry, condition) in run {
            guard case .interface(let names) = condition.subject else { continue }
            for name in names where taken.insert(name).inserted {
                elements.append(Ruleset.Element(NftNumber.name(name), value: .verdict(.goto(entry.chain))))
            }
        }
        let name = add(elements, [.interfaceName], isInterval: false)
        rules.append(Ruleset.Rule(comment, [.meta(.inputName, into: .first), .lookupVerdict(.first, map: name)]))
    }

    private mutating func mapPorts(_ run: [Single], _ transport: UInt8, isSource: Bool, _ comment: String) {
        var taken: [ClosedRange<UInt16>] = []
        var elements: [Ruleset.Element] = []
        for (entry, condition) in run {
            guard case .port(_, _, let ranges) = condition.subject else { continue }
            for range in ranges {
                for rest in Self.subtract(taken, from: range) {
                    elements.append(
                        Ruleset.Element(
                            NftNumber.network(rest.lowerBound),
                            last: NftNumber.network(rest.upperBound),
                            value: .verdict(.goto(entry.chain))
                        )
                    )
                }
                taken.append(range)
            }
        }
        let name = add(elements, [.port], isInterval: true)
        rules.append(
            Ruleset.Rule(
                comment,
                [
                    .meta(.transport, into: .first), .compare(.first, .equal, [transport]),
                    .payload(.transport, offset: isSource ? 0 : 2, length: 2, into: .first),
                    .lookupVerdict(.first, map: name),
                ]
            )
        )
    }

    private static func subtract(
        _ taken: [ClosedRange<UInt16>],
        from range: ClosedRange<UInt16>
    ) -> [ClosedRange<UInt16>] {
        var rest = [range]
        for hole in taken {
            rest = rest.flatMap { piece -> [ClosedRange<UInt16>] in
                guard piece.overlaps(hole) else { return [piece] }
                var left: [ClosedRange<UInt16>] = []
                if piece.lowerBound < hole.lowerBound { left.append(piece.lowerBound...(hole.lowerBound - 1)) }
                if hole.upperBound < piece.upperBound { left.append((hole.upperBound + 1)...piece.upperBound) }
                return left
            }
        }
        return rest
    }

    private mutating func add(_ elements: [Ruleset.Element], _ key: [Ruleset.DataKind], isInterval: Bool) -> String {
        let sorted = elements.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        // Named by its place, not its content: policies that change, change elements.
        let name = "policies-\(rules.count)-\(key[0])"
        let declaration = Ruleset.SetDeclaration(name, key: key, values: .verdict, isInterval: isInterval)
        maps.append(Ruleset.NamedSet(declaration, .listed(sorted)))
        return name
    }
}
