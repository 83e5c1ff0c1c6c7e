/// Among what can a request be sent? (member, path) pairs with one weight out of both planes' shares, and for everything that
/// cannot be chosen the reason.
package import NetTypes
package import PolicyEngine

/// One thing that can be chosen.
package struct Candidate: Hashable, Sendable {
    /// In the model table.
    package let member: MemberID
    /// In the network table; nil: the host's own routing.
    package let path: MemberID?
    package let mark: Mark?
    /// The address families in which the path carries load; both when there is no path.
    package let families: [AddressFamily]
    package internal(set) var weight: UInt32
}

/// What was tried already for this request.
package struct Exclusions: Hashable, Sendable {
    package struct Pair: Hashable, Sendable {
        package let member: MemberID
        package let path: MemberID?
    }

    package private(set) var pairs: [Pair] = []
    package private(set) var members: [MemberID] = []
    /// Who may be asked at all; nil: everybody.
    package internal(set) var fence: [MemberID]?

    package init() {}

    package var isEmpty: Bool { pairs.isEmpty && members.isEmpty && fence == nil }

    /// Whether the request is for others only.
    func isOutside(_ member: MemberID) -> Bool { fence.map { !$0.contains(member) } ?? false }

    /// Rules out what a failure's rule says.
    package mutating func add(_ candidate: Candidate, after next: FailureRule.Next) {
        switch next {
        case .otherCandidate: pairs.append(Pair(member: candidate.member, path: candidate.path))
        case .otherMember, .longerMember, .giveUp: members.append(candidate.member)
        }
    }

    /// Rules a member out that was not asked.
    mutating func add(_ member: MemberID) { members.append(member) }

    func contains(_ member: MemberID) -> Bool { members.contains(member) }

    func contains(_ member: MemberID, over path: MemberID?) -> Bool {
        pairs.contains(Pair(member: member, path: path))
    }
}

/// The answer: what can be chosen, and a row for everything that was looked at.
package struct CandidateSet: Sendable {
    package internal(set) var eligible: [Candidate] = []
    /// What could serve and carries no load, because others are better: for conversations that it has already.
    package internal(set) var reserve: [Candidate] = []
    package internal(set) var rows: [CandidateRow] = []
    /// All that carry load are down, and carry it because nothing else can.
    var isLastHope = false
    /// Those that carry load have enough to do, and nobody else is left.
    var isInQueue = false

    /// The one that the draw falls on; nil when there is none.
    package func choice(draw: UInt64) -> Candidate? {
        if eligible.count == 1 { return eligible[0] }
        return Sampling.weighted(eligible.map(\.weight), draw: draw).map { eligible[$0] }
    }
}

extension GatewaySnapshot {
    /// What a request for the offer can be sent to, without what was tried already.
    func candidates(for offer: Offer, _ need: RequestNeed = .unknown, without tried: Exclusions) -> CandidateSet {
        candidates(for: offer, misfit(of: need, to: offer), need.size, without: tried)
    }

    /// The same for all requests that fall foul of the same members. A queue is no reason to refuse a request: when nobody else can serve, it
    /// waits there. Neither is an estimate: when still nobody is left those are asked who may take it.
    func candidates(
        for offer: Offer,
        _ misfit: Misfit,
        _ size: PromptSize?,
        without tried: Exclusions
    ) -> CandidateSet {
        guard misfit.full != 0 else { return roomyCandidates(for: offer, misfit, size, without: tried) }
        let set = strictCandidates(for: offer, misfit, size, without: tried)
        guard set.eligible.isEmpty || set.isLastHope else { return set }
        var waiting = roomyCandidates(for: offer, misfit.withoutQueues, size, without: tried)
        waiting.isInQueue = true
        return waiting.eligible.isEmpty ? set : waiting
    }

    private func roomyCandidates(
        for offer: Offer,
        _ misfit: Misfit,
        _ size: PromptSize?,
        without tried: Exclusions
    ) -> CandidateSet {
        let set = strictCandidates(for: offer, misfit, size, without: tried)
        guard set.eligible.isEmpty, misfit.context != misfit.certain else { return set }
        return strictCandidates(for: offer, misfit.whatIsCertain, size, without: tried)
    }

    private func strictCandidates(
        for offer: Offer,
        _ misfit: Misfit,
        _ size: PromptSize?,
        without tried: Exclusions
    ) -> CandidateSet {
        let ways = models[offer.group].members.map { self.ways(to: $0, by: offer.terms, without: tried) }
        let first = models[offer.group].members.first?.index ?? 0
        let shares = models.shares(
            of: offer.group,
            in: .any,
            by: offer.shareTerms,
            loadClass: offer.tellsSizes ? size?.rawValue : nil
        ) { member in
            if let only = offer.member, only != member { return .notAsked }
            if tried.isOutside(member) { return .keptElsewhere }
            if tried.contains(member) { return .tried }
            if let cause = offer.breach(at: member.index - first) { return cause }
            if let cause = offer.fitness.cause(misfit, at: member.index - first) { return cause }
            return ways[member.index - first].contains { $0.weight > 0 } ? nil : .noPath
        }
        var set = CandidateSet()
        for share in shares.all where offer.member == nil || share.member == offer.member {
            set.add(share, over: ways[share.member.index - first], in: self)
        }
        set.isLastHope = shares.carrying.allSatisfy { $0.reason == .keptLast }
        set.reduceWeights()
        return set
    }
}

extension CandidateSet {
    /// The member's share divided among its ways; or one row when it has no share.
    fileprivate mutating func add(_ share: Share, over ways: [Way], in snapshot: GatewaySnapshot) {
        let member = snapshot.models[share.member].fullName
        if share.weight == 0 {
            rows.append(CandidateRow(member: member, weight: 0, share.reason))
            if share.reason.isUsable {
                reserve += ways.filter { $0.weight > 0 }.map { Candidate(share.member, over: $0) }
            }
            // Why it has no way is the reason that helps.
            guard share.reason == .excluded(.noPath) else { return }
        }
        let sum = ways.reduce(UInt64(0)) { $0 + UInt64($1.weight) }
        for way in ways {
            let weight = share.weight == 0 ? 0 : Self.combined(share.weight, way.weight, of: sum)
            rows.append(CandidateRow(member: member, way: way, weight: weight, memberReason: share.reason))
            guard weight > 0 else { continue }
            eligible.append(
                Candidate(
                    member: share.member,
                    path: way.path,
                    mark: way.mark,
                    families: way.families,
                    weight: weight
                )
            )
        }
    }

    /// member × way ÷ sum of its ways, in 65,536ths: a member's share is at most 65,535 (`MemberDefinition.weight`), so that
    /// the product fits. A way that carries anything keeps at least 1.
    private static func combined(_ member: UInt32, _ way: UInt32, of sum: UInt64) -> UInt32 {
        guard way > 0, sum > 0 else { return 0 }
        let part = (UInt64(way) << 16) / sum
        return UInt32(clamping: max(1, UInt64(min(member, 0xFFFF)) * part))
    }

    /// Divides all weights by what they have in common, so that people see 3 and 1.
    fileprivate mutating func reduceWeights() {
        let divisor = eligible.reduce(UInt32(0)) { Self.commonDivisor($0, $1.weight) }
        guard divisor > 1 else { return }
        eligible = eligible.map { $0.weighing($0.weight / divisor) }
        for index in rows.indices { rows[index].weight /= divisor }
    }

    private static func commonDivisor(_ a: UInt32, _ b: UInt32) -> UInt32 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}

extension Share.Reason {
    /// Whether a member without load for this reason could carry some.
    fileprivate var isUsable: Bool {
        switch self {
        case .behind, .standby, .overLimit: true
        case .eligible, .exploring, .keptLast, .lastResort, .degraded, .heldDown, .damped, .down, .absent, .drained,
            .adminDown,
            .outOfScope, .excluded:
            false
        }
    }
}

extension Candidate {
    fileprivate init(_ member: MemberID, over way: Way) {
        self.init(member: member, path: way.path, mark: way.mark, families: way.families, weight: way.weight)
    }

    fileprivate func weighing(_ weight: UInt32) -> Candidate {
        Candidate(member: member, path: path, mark: mark, families: families, weight: weight)
    }
}

extension CandidateRow {
    init(member: String, weight: UInt32, _ reason: Share.Reason) {
        self.init(
            member: member,
            path: nil,
            mark: nil,
            weight: weight,
            reason: reason.code,
            cause: reason.cause?.name
        )
    }

    /// A way that carries load shows the member's reason; one that does not shows its own, with `path-` before it.
    fileprivate init(member: String, way: Way, weight: UInt32, memberReason: Share.Reason) {
        self.init(
            member: member,
            path: way.name,
            mark: way.mark,
            weight: weight,
            reason: way.weight > 0 ? memberReason.code : "path-" + way.reason.code,
            cause: way.weight > 0 ? memberReason.cause?.name : way.reason.cause?.name
        )
    }
}

extension Cause {
    /// The request names another member.
    package static let notAsked = Cause("not-asked")
    /// It failed for this request already.
    package static let tried = Cause("tried")
    /// None of the member's paths carries load.
    package static let noPath = Cause("no-path")
    /// The network member has no mark: no model connection can be sent over it.
    package static let noMark = Cause("no-mark")
}
