/// `martlet explain route`: by which rule did the packet come to the table of its route?
///
/// The kernel answers with the route and not with the rule, so the rules are read and gone through in its order.
import ConfigSyntax
import Control
import Forwarding
import Kernel
import NetTypes
import Runtime

extension Answers {
    /// The rule that leads to the route; nothing when the rules cannot be read, or none of those we understand leads there.
    func ruleSteps(_ question: RouteQuestion, to route: Route?) -> [ExplainReply.Step] {
        guard let route, let rules = try? KernelSnapshot.rules() else { return [] }
        let ordered = rules.filter { $0.family == question.destination.family }.sorted { $0.preference < $1.preference }
        guard let rule = ordered.first(where: { $0.leads(question, to: route) }) else { return [] }
        let wished = router.network?.resolver.wish().rules.first { $0.object == rule }
        return [
            .init(
                "rule",
                "\(rule.preference): \(rule.selection) → table \(tableName(rule.table)), \(owner(of: rule, isWished: wished != nil))",
                cause: wished.map { sources.cause($0.cause) }
            )
        ]
    }

    private func owner(of rule: Rule, isWished: Bool) -> String {
        if isWished { return "as the file says" }
        if rule.routeProtocol == RouteProtocolName.kernel { return "the kernel's own" }
        let isOurs = router.network?.configuration.ownership.owns(rule) ?? false
        return isOurs ? "ours, and about to go" : "a stranger's (protocol \(RouteProtocolName.of(rule.routeProtocol)))"
    }

    func tableName(_ table: UInt32) -> String {
        switch table {
        case 253: "default"
        case Resolver.mainTable: "main"
        case 255: "local"
        default: "\(table)"
        }
    }
}

extension Rule {
    /// Whether the rule takes the packet of the question and looks in the route's table, without suppressing the route.
    fileprivate func leads(_ question: RouteQuestion, to route: Route) -> Bool {
        guard case .lookup(let table) = action, table == route.key.table, !hasOtherSelectors else { return false }
        if let least = suppressedPrefixLength, UInt32(route.key.prefix.length) <= least { return false }
        return selectors.takes(question)
    }

    /// What it asks for, in `ip rule`'s words; `all` when that is nothing.
    fileprivate var selection: String {
        var parts = selectors.isInverted ? ["not"] : []
        if let source = selectors.source { parts.append("from \(source)") }
        if let destination = selectors.destination { parts.append("to \(destination)") }
        if let device = selectors.inputInterface { parts.append("iif \(device)") }
        if mask != 0 { parts.append("fwmark 0x\(String(mark, radix: 16))/0x\(String(mask, radix: 16))") }
        if let least = suppressedPrefixLength { parts.append("suppress_prefixlength \(least)") }
        return parts.isEmpty ? "all" : parts.joined(separator: " ")
    }
}

extension RuleSelectors {
    /// What the question does not say of its packet, no rule that asks for it takes.
    fileprivate func takes(_ question: RouteQuestion) -> Bool {
        var isTaken = outputInterface == nil && transport == nil && sourcePorts == nil && destinationPorts == nil
        isTaken = isTaken && users == nil && typeOfService == 0 && codePoint == nil
        isTaken = isTaken && (source.map { prefix in question.source.map(prefix.contains) ?? false } ?? true)
        isTaken = isTaken && (destination?.contains(question.destination) ?? true)
        // What this host sends comes in by loopback.
        isTaken = isTaken && (inputInterface.map { $0 == question.inputDevice ?? "lo" } ?? true)
        isTaken = isTaken && (question.mark ?? 0) & mask == mark & mask
        return isTaken != isInverted
    }
}
