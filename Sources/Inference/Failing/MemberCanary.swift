/// How is a member asked whether its model works, when no client asks it? By a request that is paid for like any other: only where the
/// file wants it, and no more often in a day than it says.
import ConfigSyntax
package import NetTypes
import PolicyEngine

package struct MemberCanary: Hashable, Sendable, Codable {
    /// After so long without an answer to anybody.
    package let every: Span
    /// In any 24 hours; at least 1.
    package let perDay: Int

    /// A quarter of an hour: who asks less often than that learns of a failure late enough to want a canary. 48 of the 96 there
    /// could be in a day: more means that nobody uses the member.
    package static let standard = MemberCanary(every: .seconds(900), perDay: 48)

    package init(every: Span, perDay: Int) { (self.every, self.perDay) = (every, max(1, perDay)) }

    /// Whom records and the ledger name as the key; none of a client can have this name.
    package static let key = "(canary)"

    /// A word, and room for one: what the cheapest request is in both dialects.
    package static func body(model: String) -> [UInt8] {
        Array(#"{"model":"\#(model)","max_tokens":16,"messages":[{"role":"user","content":"ping"}]}"#.utf8)
    }
}

extension MemberCanary {
    /// - Parameter facts: what the file says of the member's model.
    static func read(_ block: BlockReader, of facts: ModelFacts) -> MemberCanary {
        defer { block.finish() }
        if let able = facts.capabilities, !able.isSuperset(of: ModelOperation.chat.needs) {
            block.report("asks for a conversation, and the model has none", key: "every")
        }
        return MemberCanary(
            every: block.span("every", default: standard.every, within: .seconds(10)...(.seconds(86_400))),
            perDay: block.integer("per-day", default: standard.perDay, within: 1...8640)
        )
    }
}
