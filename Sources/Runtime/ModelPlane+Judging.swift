/// How quick are the members, by the answers that were given? Every decision says how long its answer took: what strategies judge
/// by is learnt here from those, and goes to the gateway with the next snapshot.
import ConfigSyntax
import Inference
import NetTypes
import PolicyEngine

extension ModelPlane {
    /// Whether anything in the configuration asks how quick members are, or waits for time to pass.
    static func judges(_ configuration: ModelsConfiguration) -> Bool {
        configuration.groups.contains { group in
            let terms = group.definition.terms
            return group.definition.strategy.judges || terms.limits != .none || terms.holdDown > .zero
                || terms.damping != nil
        }
            || configuration.policies.contains { policy in
                policy.constraints.strategy?.value.judges ?? false || policy.constraints.maxLatency != nil
            }
    }

    mutating func measure(_ record: DecisionRecord, at now: Instant) {
        // A canary's word is shorter than any answer.
        guard judgesMembers, record.key != MemberCanary.key, let time = AnswerTime.of(record),
            let name = record.attempts.last?.member,
            let member = groups.member(named: name)
        else { return }
        let size = record.usage.input.map { PromptSize(tokens: $0).rawValue }
        let sample = Sample(latency: time, loss: nil)
        if groups.measure(sample, of: member.id, in: .any, loadClass: size, at: now) { touch(member.group) }
    }

    /// Lets time pass over what is believed, held down and damped.
    mutating func advance(to now: Instant) {
        guard judgesMembers else { return }
        for group in groups.advance(to: now) { touch(group) }
    }

    /// When time alone may change who carries what.
    var nextMoment: Instant? {
        [
            breakers.compactMap(\.nextMoment).min(), judgesMembers ? groups.nextMoment : nil,
            canaryPaces.compactMap { $0?.next }.min(),
        ].compactMap { $0 }.min()
    }
}
