/// Whom can a request not be sent to because of what it is? What the operator said of the models (`ModelFacts`) and what a policy lets it
/// cost, against what it needs. One bit stands for each member by its place in the group, of which there are at most 64.
package import PolicyEngine

/// What is known of a group's members that a request may fall foul of; made with the snapshot.
final class Fitness: Sendable {
    /// Who is known to lack a capability, parallel to `Capability.allCases`.
    private let lacking: [UInt64]
    /// What somebody lacks: nothing else need be looked for in requests.
    let lackable: Capabilities
    /// Tokens, `.max` where nobody said; parallel to the members.
    private let contexts: [UInt64]
    private let outputs: [UInt64]
    private let leastContext: UInt64
    private let leastOutput: UInt64
    /// Whose answers come in one piece.
    private let undivided: UInt64

    init(_ facts: [ModelFacts?]) {
        let facts = facts.prefix(UInt64.bitWidth)
        let who = { (isMeant: (ModelFacts?) -> Bool) in
            facts.enumerated().reduce(UInt64(0)) { isMeant($1.element) ? $0 | 1 << UInt64($1.offset) : $0 }
        }
        lacking = Capability.allCases.map { capability in
            who { $0?.lacking(Capabilities(capability)).isEmpty == false }
        }
        lackable = zip(Capability.allCases, lacking).reduce(into: []) { if $1.1 != 0 { $0.insert(Capabilities($1.0)) } }
        contexts = facts.map { $0?.context ?? .max }
        outputs = facts.map { $0?.maxOutput ?? .max }
        leastContext = contexts.min() ?? .max
        leastOutput = outputs.min() ?? .max
        undivided = who { $0?.streams == false }
    }

    /// Whether the size of prompts matters to anybody.
    var boundsContext: Bool { leastContext != .max }

    /// Whether so many tokens of a prompt and of an answer are more than somebody takes.
    func minds(_ prompt: UInt64, _ answer: UInt64?) -> Bool {
        let (sum, isHuge) = prompt.addingReportingOverflow(answer ?? 0)
        return isHuge || sum > leastContext
    }

    /// Who falls, but for what the request may cost.
    func misfit(of need: RequestNeed) -> Misfit {
        let room = need.room
        return Misfit(
            lacking: need.wanted.intersection(lackable),
            context: room.estimated > leastContext ? Self.above(contexts, room.estimated) : 0,
            certain: room.certain > leastContext ? Self.above(contexts, room.certain) : 0,
            output: need.bound > leastOutput ? Self.above(outputs, need.bound) : 0,
            undivided: need.isStreamed ? undivided : 0
        )
    }

    /// Why the member at this place of the group falls; nil when it does not.
    func cause(_ misfit: Misfit, at place: Int) -> Cause? {
        guard place < UInt64.bitWidth else { return nil }
        let bit = UInt64(1) << UInt64(place)
        for (position, capability) in Capability.allCases.enumerated()
        where lacking[position] & bit != 0 && misfit.lacking.contains(Capabilities(capability)) {
            return .lacks(capability)
        }
        if misfit.undivided & bit != 0 { return .undivided }
        if misfit.full & bit != 0 { return .queue }
        if misfit.output & bit != 0 { return .maxOutput }
        if misfit.context & bit != 0 { return .context }
        if misfit.unpriced & bit != 0 { return .priceUnknown }
        return misfit.dear & bit != 0 ? .maxCost : nil
    }

    /// Tokens that the member at this place takes for prompt and answer; `.max` where nobody said.
    func context(at place: Int) -> UInt64 { place < contexts.count ? contexts[place] : .max }

    /// The same for an answer alone.
    func output(at place: Int) -> UInt64 { place < outputs.count ? outputs[place] : .max }

    private static func above(_ bounds: [UInt64], _ count: UInt64) -> UInt64 {
        bounds.enumerated().reduce(UInt64(0)) { count > $1.element ? $0 | 1 << UInt64($1.offset) : $0 }
    }
}

/// What of one request rules members out. The same for many requests, so that an answer to it can be kept.
struct Misfit: Hashable, Sendable {
    /// What the request needs and some member lacks.
    var lacking: Capabilities = []
    /// For whom it is too large by estimate, and for whom it is in any case.
    var context: UInt64 = 0
    var certain: UInt64 = 0
    /// Who gives shorter answers than it wants.
    var output: UInt64 = 0
    /// Who would not give the answer in pieces.
    var undivided: UInt64 = 0
    /// Where it may cost more than the policy allows, or nobody knows what.
    var dear: UInt64 = 0
    var unpriced: UInt64 = 0
    /// Whose server has as many requests as it may have, which is no fault of this one.
    var full: UInt64 = 0

    static let none = Misfit()

    /// The same, with nobody left out for a queue.
    var withoutQueues: Misfit {
        var misfit = self
        misfit.full = 0
        return misfit
    }

    /// The same, with nobody left out for what is only an estimate.
    var whatIsCertain: Misfit {
        var misfit = self
        misfit.context = certain
        return misfit
    }
}

extension GatewaySnapshot {
    /// What of the request rules out members of the offer's group.
    func misfit(of need: RequestNeed, to offer: Offer) -> Misfit {
        var misfit = offer.fitness.misfit(of: need)
        guard offer.terms.maxCost != nil else { return misfit }
        for (place, member) in models[offer.group].members.prefix(UInt64.bitWidth).enumerated() {
            switch dearness(of: member, by: offer.terms, need) {
            case nil: break
            case Cause.priceUnknown?: misfit.unpriced |= 1 << UInt64(place)
            case _?: misfit.dear |= 1 << UInt64(place)
            }
        }
        return misfit
    }
}

extension Cause {
    /// The model is known not to do what the request needs: `lacks-tools`.
    static func lacks(_ capability: Capability) -> Cause { Cause("lacks-" + capability.rawValue) }

    /// The request is larger than the model takes.
    package static let context = Cause("context")
    /// The request wants a longer answer than the model gives.
    package static let maxOutput = Cause("max-output")
    /// The request wants its answer in pieces, and the model gives none.
    package static let undivided = Cause("no-streams")
}
