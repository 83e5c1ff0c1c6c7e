/// When is a member asked by a canary? When nobody has had an answer of it for a while, and when it may be tried again after a failure:
/// then no client's request has to dare. What it shows comes back as every request's does.
import Inference
package import NetTypes
import PolicyEngine

/// How often one member was asked, and when that is to be thought of next.
struct CanaryPace: Hashable, Sendable {
    private static let day = Span.seconds(86_400)

    private(set) var next: Instant
    /// When those of the last 24 hours stop counting, the oldest first; never more than a day may have.
    private(set) var countedUntil: [Instant]

    /// The first comes one wait after the start: starts may be many, and must not cost more than time does.
    /// - Parameter countedUntil: of those that were asked before.
    init(_ rule: MemberCanary, after countedUntil: [Instant] = [], at now: Instant) {
        (next, self.countedUntil) = (now + rule.every, countedUntil)
    }

    /// Whether to ask, which counts then.
    mutating func isDue(_ rule: MemberCanary, answeredAt: Instant?, at now: Instant) -> Bool {
        guard next <= now else { return false }
        if let answeredAt, answeredAt + rule.every > now {
            next = answeredAt + rule.every
            return false
        }
        return take(rule, at: now)
    }

    /// Not now, whatever is due.
    mutating func skip(_ rule: MemberCanary, at now: Instant) { if next <= now { next = now + rule.every } }

    /// Takes one of the day's, if there is one left.
    mutating func take(_ rule: MemberCanary, at now: Instant) -> Bool {
        countedUntil.removeAll { $0 <= now }
        next = now + rule.every
        guard countedUntil.count < rule.perDay else {
            next = max(next, countedUntil[0])
            return false
        }
        countedUntil.append(now + Self.day)
        return true
    }
}

/// What one member had of a day's canaries; outlives the daemon.
package struct CanaryUse: Hashable, Sendable, Codable {
    /// `group.member`.
    package let member: String
    /// When each of the last 24 hours stops counting, the oldest first.
    package let countedUntil: [Instant]

    package init(member: String, countedUntil: [Instant]) { (self.member, self.countedUntil) = (member, countedUntil) }
}

extension ModelPlane {
    /// Of all members that had any lately.
    var canaryUses: [CanaryUse] {
        groups.members.compactMap { member in
            let until = canaryPaces[member.id.index]?.countedUntil ?? []
            return until.isEmpty ? nil : CanaryUse(member: member.fullName, countedUntil: until)
        }
    }

    static func canaries(_ configuration: ModelsConfiguration) -> [MemberCanary?] {
        configuration.groups.flatMap { $0.members.map(\.canary) }
    }

    /// Looks at everybody whose time has come.
    mutating func askCanaries(at now: Instant) {
        for member in groups.members {
            let index = member.id.index
            guard let rule = canaries[index] else { continue }
            // Who is down is asked when it may be tried.
            guard member.admin == .up, member.health(in: .any)?.isEligible == true else {
                canaryPaces[index]?.skip(rule, at: now)
                continue
            }
            if canaryPaces[index]?.isDue(rule, answeredAt: breakers[index].answeredAt, at: now) == true {
                dueCanaries.append(member.fullName)
            }
        }
    }

    /// The member may be tried.
    mutating func askCanaryOnTrial(_ member: GroupTable.Member, at now: Instant) {
        let index = member.id.index
        guard let rule = canaries[index], member.admin == .up, member.health(in: .any)?.absence == nil else { return }
        if canaryPaces[index]?.take(rule, at: now) == true { dueCanaries.append(member.fullName) }
    }

    /// Behind the snapshot, by which the gateway asks.
    mutating func sendCanaries(_ effects: inout [Effect]) {
        guard !dueCanaries.isEmpty else { return }
        // Counted before they cost anything.
        effects.append(.keepCanaries(canaryUses))
        if servedGeneration != nil { effects += dueCanaries.map { .canary(member: $0) } }
        dueCanaries = []
    }
}
