/// How much more do the members' providers take, by what they said last? The gateway weighs members by it at once; here it is kept to be
/// shown.
import Inference
package import NetTypes
import PolicyEngine

/// What a provider said of one member, and until when that holds.
struct NotedHeadroom: Hashable, Sendable {
    let percent: UInt32
    let until: Instant
}

extension ModelPlane {
    mutating func noteHeadroom(_ record: DecisionRecord) {
        for attempt in record.attempts {
            guard let headroom = attempt.headroom, let head = attempt.head,
                groups.member(named: attempt.member) != nil
            else { continue }
            let said = record.startedAt + attempt.startedAfter + head
            headrooms[attempt.member] = NotedHeadroom(percent: headroom.percent, until: said + headroom.reset)
        }
    }

    /// Percent of its provider's limit that a member has left; nil where nothing was said, or the limit is whole again.
    package func headroom(of member: String, at now: Instant) -> UInt32? {
        headrooms[member].flatMap { $0.until > now ? $0.percent : nil }
    }
}
