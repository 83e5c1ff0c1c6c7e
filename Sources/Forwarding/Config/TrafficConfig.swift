/// What steers and announces traffic beyond routes, as configured: policies, sets, services, masquerade, notices.
///
/// All of it parses and checks; this version serves none of it and says so at apply.
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// One rule of `network.policies`; the first that matches decides.
package struct NetworkPolicy: Hashable, Sendable {
    package let name: Located<String>
    /// The condition, over the slots of `PacketFact`.
    package let match: Match
    /// The condition as written.
    package let matchText: String
    /// `group` or `group.member`.
    package let use: Located<String>
    package let strategy: Strategy?
    package let otherwise: Otherwise
    package let place: Place
}

/// A named set of addresses (`network.sets`), written `@name` in conditions.
package struct AddressSetDefinition: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case prefixes([Located<IPPrefix>])
        /// Filled from DNS answers seen on the wire. Checked, not yet served.
        case domains([Located<String>])
        /// One prefix a line. Checked, not yet served.
        case file(Located<String>)
    }

    package let name: Located<String>
    package let content: Content
}

/// Load shared out at layer 4 (`network.services`).
package struct ServiceDefinition: Hashable, Sendable {
    package enum Transport: String, Hashable, Sendable, CaseIterable {
        case tcp
        case udp
    }

    package let name: Located<String>
    package let listen: Located<IPEndpoint>
    package let transport: Transport
    package let use: Located<String>
    package let flows: Flows
}

/// Source translation on the way out (`network.masquerade`).
package struct MasqueradeDefinition: Hashable, Sendable {
    package let devices: [Located<String>]
    package let place: Place
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
