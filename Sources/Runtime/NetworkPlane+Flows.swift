/// The safe switch: once the groups lead elsewhere, the flows of the member that failed are forgotten, so that they begin anew there.
///
/// Never without a healthy alternative: then they stay where they are, and are owed the move until there is one (architecture.md, fact 15).
import Forwarding
import NetTypes
import PolicyEngine

struct FlowLedger: Sendable {
    struct Way: Hashable, Sendable, Comparable {
        let member: String
        let family: AddressFamily

        static func < (a: Way, b: Way) -> Bool { (a.member, a.family) < (b.member, b.family) }
    }

    /// Members that can carry nothing.
    var out: Set<Way> = []
    /// Those of them whose flows are still to be moved.
    var owed: Set<Way> = []
    /// What members with `snat: auto` translated to last.
    var sources: [Way: IPPrefix] = [:]
    /// Ways out of the configuration before, until it is known which of them are no more.
    var former: [(key: String, move: FlowMove)] = []
    /// Moves that wait for the answer to a batch.
    var waiting: [UInt64: [FlowMove]] = [:]
}

extension NetworkPlane {
    /// How long a flow had no packet before `on-recover: migrate-idle` moves it.
    static let idleTime = Span.seconds(10)

    /// Looks at the members of groups whose shares changed. `token` is the batch by which the groups lead elsewhere, if one was sent.
    mutating func moveFlows(of ids: [GroupID], after token: UInt64?, _ effects: inout [Effect]) {
        guard configuration.isTracking else { return }
        var moves: [FlowMove] = []
        for id in ids {
            for family in AddressFamily.allCases where configuration.groups[id.index].has(family) {
                moves += dueMoves(in: id, family)
            }
        }
        guard !moves.isEmpty else { return }
        if let token {
            flows.waiting[token, default: []] += moves
        } else {
            effects += moves.map { .moveFlows($0) }
        }
    }

    /// Flows that were translated to a network which the provider has taken back get no answers any more: they begin anew with the
    /// new one, once the kernel has it.
    ///
    /// So do those on ways out that the configuration has no more: what they were translated to is nobody's elsewhere.
    mutating func renumberFlows(_ effects: inout [Effect]) {
        guard configuration.isTracking, isNumbered, stages.isEmpty, !needsPlan else { return }
        let (resolver, token) = (resolver, nextToken - 1)
        var moves: [FlowMove] = []
        for family in AddressFamily.allCases {
            for (member, source) in resolver.sourcesOfDevices(family) {
                let way = FlowLedger.Way(member: member, family: family)
                let before = flows.sources.updateValue(source, forKey: way)
                if let before, before != source, let move = move(way, idleFor: nil) { moves.append(move) }
            }
            let left = flows.former.filter { $0.move.family == family }
            guard !left.isEmpty, canCarry(family) else { continue }
            let ways = Set(resolver.ways(family).map(\.key))
            moves += left.filter { !ways.contains($0.key) }.map(\.move)
        }
        flows.former = []
        if inFlight[token] == nil {
            effects += moves.map { .moveFlows($0) }
        } else if !moves.isEmpty {
            flows.waiting[token, default: []] += moves
        }
    }

    private func canCarry(_ family: AddressFamily) -> Bool {
        groups.groups.contains { group in
            let shares = groups.shares(of: group.id, in: HealthScope(family))
            return !shares.carrying.isEmpty && !shares.isKeptLast
        }
    }

    /// What the configuration before had of ways out.
    mutating func noteWays(of old: NetworkPlane) {
        guard old.isNumbered, old.configuration.isTracking else { return }
        for family in AddressFamily.allCases {
            for way in old.resolver.ways(family) where way.onFail == .cut {
                let move = FlowMove(
                    member: way.member,
                    family: family,
                    mark: way.mark,
                    socketMark: way.mark,
                    mask: old.configuration.ownership.markMask.path,
                    idleFor: nil
                )
                flows.former.append((way.key, move))
            }
        }
    }

    /// The batch was answered: what waited for it may begin.
    mutating func moveFlows(after token: UInt64, _ effects: inout [Effect]) {
        effects += (flows.waiting.removeValue(forKey: token) ?? []).map { .moveFlows($0) }
    }

    private mutating func dueMoves(in id: GroupID, _ family: AddressFamily) -> [FlowMove] {
        let group = configuration.groups[id.index]
        let shares = groups.shares(of: id, in: HealthScope(family))
        var returned: [MemberTraffic.OnRecover] = []
        for (member, share) in zip(group.members, shares.all) where member.has(family) {
            let way = FlowLedger.Way(member: group.fullName(of: member), family: family)
            if share.reason.isFailure {
                if flows.out.insert(way).inserted, member.onFail == .cut { flows.owed.insert(way) }
            } else if flows.out.remove(way) != nil {
                flows.owed.remove(way)
                if share.weight > 0 { returned.append(member.onRecover) }
            }
        }
        guard !shares.carrying.isEmpty, !shares.isKeptLast else { return [] }
        let failed = group.members.map { FlowLedger.Way(member: group.fullName(of: $0), family: family) }
            .filter { flows.owed.remove($0) != nil }
        return failed.compactMap { move($0, idleFor: nil) } + recovered(returned, group, shares, family)
    }

    /// What others carried for members that carry again.
    private func recovered(
        _ returned: [MemberTraffic.OnRecover],
        _ group: NetworkGroup,
        _ shares: Shares,
        _ family: AddressFamily
    ) -> [FlowMove] {
        guard returned.contains(where: { $0 != .keep }) else { return [] }
        let idle = returned.contains(.cut) ? nil : Self.idleTime
        return zip(group.members, shares.all).compactMap { member, share in
            guard member.has(family), share.reason.isRelieved else { return nil }
            return move(FlowLedger.Way(member: group.fullName(of: member), family: family), idleFor: idle)
        }
    }

    private func move(_ way: FlowLedger.Way, idleFor: Span?) -> FlowMove? {
        guard let path = numbers.path(way.member) else { return nil }
        return FlowMove(
            member: way.member,
            family: way.family,
            mark: resolver.markOfFlows(on: way.member, way.family) ?? path.mark,
            socketMark: path.mark,
            mask: configuration.ownership.markMask.path,
            idleFor: idleFor
        )
    }
}

extension Share.Reason {
    /// Whether the member is well, and others carry the load.
    fileprivate var isRelieved: Bool {
        switch self {
        case .standby, .behind: true
        case .eligible, .exploring, .degraded, .overLimit, .heldDown, .damped, .keptLast, .lastResort, .drained,
            .outOfScope, .excluded, .down, .absent, .adminDown:
            false
        }
    }

    /// Whether flows on the member get nowhere.
    fileprivate var isFailure: Bool {
        switch self {
        case .down, .absent, .adminDown: true
        case .eligible, .behind, .exploring, .standby, .degraded, .overLimit, .heldDown, .damped, .keptLast,
            .lastResort,
            .drained, .outOfScope, .excluded:
            false
        }
    }
}
