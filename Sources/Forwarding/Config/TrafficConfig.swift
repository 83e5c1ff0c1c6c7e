/// What steers and announces traffic beyond routes, as configured: policies, sets, services, notices.
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// One rule of `network.policies`; the first that matches decides.
package struct NetworkPolicy: Hashable, Sendable {
    package let name: Located<String>
    /// The condition, over the slots of `PacketFact`, with what its sets hold now.
    package internal(set) var match: Match
    /// The condition as written.
    package let matchText: String
    package let action: Action
    /// How it chooses among the group's members; nil: as the group does.
    package let strategy: PolicyStrategy?
    /// What is done with a packet when no member of the target is healthy; nil: what the group's `when-all-down` says.
    package let otherwise: Otherwise?
    package let place: Place

    package enum Action: Hashable, Sendable {
        /// `group` or `group.member`.
        case use(Located<String>)
        case reject(Refusal)
    }

    /// How a packet is refused.
    package enum Refusal: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
        /// Its sender is told that this is forbidden.
        case prohibited
        /// Its sender is told that there is no way.
        case unreachable
        /// Its sender is told nothing.
        case silent
    }
}

/// A policy's own way to choose among the members of the group that it uses.
package struct PolicyStrategy: Hashable, Sendable, Codable {
    package let strategy: Strategy
    /// Of `hybrid`.
    package let aims: Aims?

    package init(_ strategy: Strategy, _ aims: Aims? = nil) { (self.strategy, self.aims) = (strategy, aims) }

    /// `cost`; with its aims in millionths where it has any, so that equal names are equal strategies.
    package var name: String {
        guard let aims else { return strategy.rawValue }
        let parts = [aims.cost, aims.latency, aims.quality].map { String($0.millionths) }
        return "\(strategy.rawValue) \(parts.joined(separator: ":"))"
    }

    /// By what the group's members are judged for the policy: its strategy, under the group's limits.
    package func terms(in group: GroupDefinition) -> Terms {
        Terms(strategy: strategy, aims: aims, limits: group.terms.limits)
    }
}

/// A named set of addresses (`network.sets`), written `@name` in conditions.
package struct AddressSetDefinition: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case list([Located<AddressSpan>])
        /// Filled from DNS answers seen on the wire. Checked, not yet served.
        case domains([Located<String>])
        /// One prefix or address a line, read again when it changes.
        case file(Located<String>)
    }

    package let name: Located<String>
    package let content: Content
    /// What it holds, by family; of a file, what was read last.
    private let (addresses4, addresses6): (AddressRanges, AddressRanges)

    package init(name: Located<String>, content: Content, addresses: AddressRanges) {
        self.name = name
        self.content = content
        (addresses4, addresses6) = (addresses.only(.v4), addresses.only(.v6))
    }

    /// The same set, holding something else.
    func holding(_ addresses: AddressRanges) -> AddressSetDefinition {
        AddressSetDefinition(name: name, content: content, addresses: addresses)
    }

    package func addresses(_ family: AddressFamily) -> AddressRanges { family == .v4 ? addresses4 : addresses6 }

    package var addresses: AddressRanges { AddressRanges(sorted: addresses4.ranges + addresses6.ranges) }
}

/// A prefix, an address, or a range of addresses of one family.
package struct AddressSpan: Hashable, Sendable {
    package let range: ClosedRange<IPAddress>
}

/// What was read of a set's file.
package struct SetContent: Hashable, Sendable, Codable {
    package let set: String
    package let addresses: AddressRanges
    /// How many lines repeated another.
    package let duplicates: Int

    package init(set: String, addresses: AddressRanges, duplicates: Int) {
        (self.set, self.addresses, self.duplicates) = (set, addresses, duplicates)
    }
}

extension NetworkConfiguration {
    /// What the sets hold that are read from files.
    package var setContents: [SetContent] {
        sets.compactMap { set in
            guard case .file = set.content else { return nil }
            return SetContent(set: set.name.value, addresses: set.addresses, duplicates: 0)
        }
    }

    /// Has a set hold something else, wherever a condition looks into it. True when that is a change.
    package mutating func fill(_ content: SetContent) -> Bool {
        guard let position = sets.firstIndex(where: { $0.name.value == content.set }),
            sets[position].addresses != content.addresses
        else { return false }
        sets[position] = sets[position].holding(content.addresses)
        for index in policies.indices where policies[index].match.setNames.contains(content.set) {
            policies[index].match = policies[index].match.replacingSets { name in
                name == content.set ? content.addresses : nil
            }
        }
        return true
    }
}

/// Load shared out at layer 4 (`network.services`).
package struct ServiceDefinition: Hashable, Sendable {
    package enum Transport: String, Hashable, Sendable, CaseIterable, ScalarValue {
        case tcp
        case udp
    }

    package let name: Located<String>
    package let listen: Located<IPEndpoint>
    package let transport: Transport
    package let use: Located<String>
    package let flows: Flows
}

/// Who is told of what (`network.notify`).
package struct NotifyDefinition: Hashable, Sendable {
    /// Each has a thread of its own.
    static let mostHooks = 16
    static let standardTimeout = Span.seconds(10)
    /// What waits longer delays what comes behind it.
    static let longestTimeout = Span.seconds(60)

    package enum Subject: String, Hashable, Sendable, CaseIterable, ScalarValue {
        case member
        case group
        case alarm
    }

    package enum Channel: Hashable, Sendable {
        case webhook(Located<String>)
        case exec(Located<String>)
    }

    package let subjects: [Subject]
    package let channel: Channel
    /// How long one try may take.
    package let timeout: Span
    package let place: Place
}
