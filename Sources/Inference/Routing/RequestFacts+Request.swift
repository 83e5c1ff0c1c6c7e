/// What does a request tell to the conditions of policies?
package import NetTypes
import PolicyEngine

extension RequestFacts {
    /// The facts of a chat request. Those that this version cannot answer stay absent; `check` refuses policies that ask.
    package init(_ request: RequestView, key: String, team: String?, source: IPAddress?) {
        self.init()
        self[.model] = .text(request.model)
        self[.key] = .text(key)
        if let team { self[.team] = .text(team) }
        self[.stream] = .flag(request.stream)
        self[.tools] = .flag(request.hasTools)
        if let source { self[.source] = .address(source) }
        self[.promptTokens] = .number(Int64(clamping: request.estimatedInputTokens))
    }
}
