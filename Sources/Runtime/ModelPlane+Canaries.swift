/// When is a member asked by a canary? When nobody has had an answer of it for a while, and when it may be tried again after a failure:
/// then no client's request has to dare. What it shows comes back as every request's does.
import Inference
import NetTypes
import PolicyEngine

/// How often one member was asked, and when that is to be thought of next.
struct CanaryPace: Hashable, Sendable {
    private static let day = Span.seconds(86_400)

    private(set) var next: Instant
    /// Those of the last 24 hours, oldest first; never more than a day may have.
    private var asked: [Instant] = []

    /// The first comes one wait after the start: starts may be many, and must not cost more than time does.
    init(_ rule: MemberCanary, at now: Instant) { next = now + rule.every }

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
        asked.removeAll { now - $0 >= Self.day }
        next = now + rule.every
        guard asked.count < rule.perDay else {
            next = max(next, asked[0] + Self.day)
            return false
        }
        asked.append(now)
        return true
    }
}

extension ModelPlane {
    static func canaries(_ configuration: ModelsConfiguration) -> [MemberCanary?] {
        configuration.groups.flatMap { $0.members.map(\.canary) }
    }

    /// Looks at everybody whose time has come.
    mutating func askCanaries(at now: Instant) {
        for member in groups.members {
            let index = member.id.index
            guard let rule = canaries[index] else { continue }
            // Who is down is asked when it may be tried.
            guard member.admin == .up, member.health(in: .any)?.verdict != .down else {
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
        guard let rule = canaries[index], member.admin == .up else { return }
        if canaryPaces[index]?.take(rule, at: now) == true { dueCanaries.append(member.fullName) }
    }

    /// Behind the snapshot, by which the gateway asks.
    mutating func sendCanaries(_ effects: inout [Effect]) {
        if servedGeneration != nil { effects += dueCanaries.map { .canary(member: $0) } }
        dueCanaries = []
    }
}
