/// Which of the last model requests does an operator want to see? What is not asked for narrows nothing.
import Inference
import NetTypes

struct DecisionFilter: Equatable {
    /// The key's name.
    var key: String?
    /// The model as the client named it, or the name it has at a provider that was asked.
    var model: String?
    /// `group.member` or `group`: it was asked, whether or not it answered.
    var member: String?
    var outcome: Outcome?
    /// No older than this.
    var since: Span?

    func admits(_ record: DecisionRecord, now: UInt64) -> Bool {
        (key == nil || record.key == key) && (outcome == nil || record.outcome == outcome)
            && admitsModel(of: record) && admitsMember(of: record) && isYoung(record, now: now)
    }

    private func admitsModel(of record: DecisionRecord) -> Bool {
        guard let model else { return true }
        return record.requestedModel == model || record.attempts.contains { $0.upstreamModel == model }
    }

    private func admitsMember(of record: DecisionRecord) -> Bool {
        guard let member else { return true }
        return record.group == member || record.attempts.contains { $0.member == member }
    }

    /// - Parameter now: microseconds since 1970, as the record's start.
    private func isYoung(_ record: DecisionRecord, now: UInt64) -> Bool {
        guard let since else { return true }
        let age = now > record.startedUnix ? now - record.startedUnix : 0
        return age <= UInt64(max(0, since.nanoseconds)) / 1000
    }
}
