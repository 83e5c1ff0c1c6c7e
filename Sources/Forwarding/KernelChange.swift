/// One step of a plan: what to do to one kernel object, and which line of the configuration asked for it.
package import ConfigSyntax
package import NetTypes

package struct KernelChange: Hashable, Sendable, Codable {
    package enum Operation: Hashable, Sendable, Codable {
        /// Create or replace (`NLM_F_CREATE | NLM_F_REPLACE`); only on ids we own or know to be free.
        case setNexthop(Nexthop)
        case deleteNexthop(NexthopID, AddressFamily)
        /// Create or replace the route with this key; only where no stranger holds the key.
        case setRoute(Route)
        case deleteRoute(Route)
        case addRule(Rule)
        case deleteRule(Rule)
        /// Change our nftables table, in one batch.
        case changeRuleset(RulesetChange)
    }

    package let operation: Operation
    /// The line that asked for the object; nil when it is removed because no line asks for it any more.
    package let cause: Place?

    package init(_ operation: Operation, cause: Place?) {
        self.operation = operation
        self.cause = cause
    }
}

/// The kernel's refusal of one change, in its own words.
package struct KernelRefusal: Error, Hashable, Sendable, Codable {
    /// Positive errno, or `ETIME` when no answer came before the deadline.
    package let errno: Int32
    /// The extended acknowledgement's text, empty if the kernel gave none.
    package let words: String

    package init(errno: Int32, words: String) {
        self.errno = errno
        self.words = words
    }
}

/// What became of a change that was sent.
package enum ChangeOutcome: Hashable, Sendable, Codable {
    case accepted
    case refused(KernelRefusal)
    /// No answer came before the deadline: the kernel may or may not hold it.
    case unknown
}

extension KernelChange {
    /// The object a change is about, whatever is done to it.
    package enum Target: Hashable, Sendable, Codable {
        case nexthop(NexthopID)
        case route(Route.Key)
        case rule(Rule)
        case ruleset
    }

    package var target: Target {
        switch operation {
        case .setNexthop(let nexthop): .nexthop(nexthop.id)
        case .deleteNexthop(let id, _): .nexthop(id)
        case .setRoute(let route), .deleteRoute(let route): .route(route.key)
        case .addRule(let rule), .deleteRule(let rule): .rule(rule)
        case .changeRuleset: .ruleset
        }
    }

    /// Which families to read again when the kernel refused the change or never answered: with a next hop go its routes.
    package var families: [KernelFamily] {
        if case .deleteNexthop = operation { return [.nexthops, .routes] }
        return [family]
    }

    /// Which family its object is of.
    package var family: KernelFamily {
        switch operation {
        case .setNexthop, .deleteNexthop: .nexthops
        case .setRoute, .deleteRoute: .routes
        case .addRule, .deleteRule: .rules
        case .changeRuleset: .nftables
        }
    }
}

extension KernelChange {
    /// `ENOENT`, `ESRCH` and `EEXIST` of errno(3).
    private static let (noEntry, noProcess, exists) = (Int32(2), Int32(3), Int32(17))

    /// Whether the refusal says that the kernel is already as the change would make it: it had deleted the object by itself, as it
    /// does when a link goes (fact 1), or has the very rule.
    package func isDone(by refusal: KernelRefusal) -> Bool {
        switch operation {
        case .deleteNexthop, .deleteRoute, .deleteRule:
            refusal.errno == Self.noEntry || refusal.errno == Self.noProcess
        case .addRule: refusal.errno == Self.exists
        case .setNexthop, .setRoute, .changeRuleset: false
        }
    }
}

extension KernelChange.Operation {
    /// Whether what is set is made of the next hop.
    package func names(_ id: NexthopID) -> Bool {
        switch self {
        case .setNexthop(let nexthop):
            nexthop.kind.members?.contains { $0.id == id } ?? false
        case .setRoute(let route): route.action == .nexthop(id)
        case .deleteNexthop, .deleteRoute, .addRule, .deleteRule, .changeRuleset: false
        }
    }
}

extension KernelChange {
    /// How much there is to send: 1, or the rules and elements of a ruleset's change.
    package var size: Int {
        switch operation {
        case .changeRuleset(let change): change.size
        case .setNexthop, .deleteNexthop, .setRoute, .deleteRoute, .addRule, .deleteRule: 1
        }
    }
}
