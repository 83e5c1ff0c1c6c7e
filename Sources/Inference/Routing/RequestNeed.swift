/// What does a request ask of whoever serves it, besides its model's name? As far as it depends on the single request, and as far as the
/// members it may go to differ in it.
import ConfigSyntax
package import PolicyEngine

package struct RequestNeed: Hashable, Sendable {
    /// Nil: not known.
    package var size: PromptSize?
    /// Tokens of the prompt, estimated.
    package var prompt: UInt64
    /// Tokens of the answer: as many as the request allows, else `usualAnswer`.
    package var answer: UInt64
    /// What it will use besides tokens; nil: nothing.
    package var units: MediaUnits?
    /// Since 1970, UTC.
    package var second: UInt64
    /// What it cannot be served without.
    package var wanted: Capabilities = []
    /// Tokens of the prompt's text, estimated; 0 where no member minds.
    package var text: UInt64 = 0
    /// The most tokens of an answer that the request names; 0: none.
    package var bound: UInt64 = 0
    /// Whether the answer shall come in pieces.
    package var isStreamed = false

    /// What an answer is taken for that the request does not bound: two pages.
    package static let usualAnswer: UInt64 = 1000

    package init(prompt: UInt64? = nil, answer: UInt64? = nil, second: UInt64 = 0) {
        size = prompt.map { PromptSize(tokens: $0) }
        self.prompt = prompt ?? 0
        self.answer = answer ?? Self.usualAnswer
        self.second = second
    }

    package static let unknown = RequestNeed()

    /// Tokens that prompt and answer take together: by estimate, and in any case. Few texts have more than twice as many bytes to a token
    /// as the estimate takes.
    var room: (estimated: UInt64, certain: UInt64) {
        let (estimated, isHuge) = text.addingReportingOverflow(bound)
        let certain = (text / 2).addingReportingOverflow(bound)
        return (isHuge ? .max : estimated, certain.overflow ? .max : certain.partialValue)
    }
}

extension GatewaySnapshot {
    /// Why a member is too dear for a request by the terms; nil when it is not. A price that nobody knows keeps no promise.
    func dearness(of member: MemberID, by terms: PolicyTerms, _ need: RequestNeed) -> Cause? {
        guard let most = terms.maxCost else { return nil }
        let found = estimate(
            prompt: need.prompt,
            answer: need.answer,
            units: need.units,
            at: member,
            second: need.second
        )
        guard let found else { return .priceUnknown }
        return found.money > most ? .maxCost : nil
    }
}

extension Cause {
    /// What the request may cost there is beyond the policy's bound.
    package static let maxCost = Cause("max-cost")
    /// Nobody knows what it would cost there, by a policy's bound or a budget.
    package static let priceUnknown = Cause("price-unknown")
}
