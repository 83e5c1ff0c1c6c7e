/// What a policy asks of whoever serves it, and how one of those is picked, in words: a part of `martlet explain model`.
import ConfigSyntax
import Control
import Inference
import NetTypes
import PolicyEngine

extension Answers {
    func termSteps(_ explanation: ModelExplanation) -> [ExplainReply.Step] {
        let terms = Self.words(explanation.terms)
        let asks =
            terms.isEmpty ? [] : [ExplainReply.Step("terms", "only who keeps to " + terms.joined(separator: ", "))]
        return explanation.group == nil ? asks : asks + [.init("picking", Self.words(explanation.routing))]
    }

    private static func words(_ terms: PolicyTerms) -> [String] {
        names("only", terms.only) + names("except", terms.except)
            + [
                terms.maxCost.map { "max-cost \($0)" }, terms.maxLatency.map { "max-latency \($0)" },
                terms.minQuality.map { "min-quality \(Self.decimal($0.millionths))" },
                terms.strategy.map { "strategy \($0.rawValue)" },
            ].compactMap(\.self)
    }

    private static func names(_ what: String, _ names: PolicyTerms.Names) -> [String] {
        let capabilities = names.capabilities?.words ?? []
        return [
            ("region", names.regions), ("provider", names.providers), ("path", names.paths),
            // Who serves must have all of them, and must not have any.
            ("capability", what == "only" ? [capabilities.joined(separator: " and ")] : capabilities),
        ].compactMap { $1.joined().isEmpty ? nil : "\(what) \($0) \($1.joined(separator: " or "))" }
    }

    private static func words(_ routing: GroupRouting) -> String {
        guard let affinity = routing.affinity else {
            switch routing.balance {
            case .weight: return "a draw by weight"
            case .leastOutstanding: return "of two draws by weight the one with fewer requests under way for its weight"
            }
        }
        let by =
            switch affinity.by {
            case .session: "the header \(affinity.header)"
            case .prefix: "its beginning"
            case .user: "whom it is for"
            }
        return "a conversation, known by \(by), stays with its member for \(affinity.hold); this would be a new one"
    }
}
