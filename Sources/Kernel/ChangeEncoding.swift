/// Which message carries which change, and which changes no message can carry.
import Forwarding
import Glibc

extension KernelChange.Operation {
    /// The nftables part goes another way: as a batch of its own, on another socket.
    var rulesetChange: RulesetChange? {
        switch self {
        case .changeRuleset(let change): change
        case .setNexthop, .deleteNexthop, .setRoute, .deleteRoute, .addRule, .deleteRule: nil
        }
    }

    /// Why this is never sent, if so.
    var refusalBeforeSending: KernelRefusal? {
        guard case .setRoute(let route) = self, !route.action.isMadeByUs else { return nil }
        return KernelRefusal(errno: EINVAL, words: "a route of this kind is only observed, never made")
    }
}

extension MessageEncoder {
    /// Appends the change's message. False when it does not fit behind the others.
    mutating func append(_ operation: KernelChange.Operation, sequence: UInt32) -> Bool {
        switch operation {
        case .setRoute(let route): setRoute(route, sequence: sequence)
        case .deleteRoute(let route): deleteRoute(route, sequence: sequence)
        case .setNexthop(let nexthop): setNexthop(nexthop, sequence: sequence)
        case .deleteNexthop(let id, _): deleteNexthop(id, sequence: sequence)
        case .addRule(let rule): addRule(rule, sequence: sequence)
        case .deleteRule(let rule): deleteRule(rule, sequence: sequence)
        // Not ours to encode; `ChangeSession` sends these as an nftables batch.
        case .changeRuleset: false
        }
    }
}
