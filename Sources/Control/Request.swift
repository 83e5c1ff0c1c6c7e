/// What can be asked of the daemon over its control socket: the calls, their paths and bodies.
///
/// HTTP/1.1, JSON bodies, one call a connection. Calls that change something need the admin group (docs/api.yaml).
package import NetTypes

/// One call of the control API.
package enum ControlCall: Sendable, Equatable {
    case status
    case show(Table)
    case plan(ConfigurationFiles)
    case apply(ApplyRequest)
    /// Keep what is on trial.
    case confirm
    case rollback(RollbackRequest)
    case history
    /// The texts of a configuration of the history; nil: of the running one. They hold hashes of keys, so they need the admin group.
    case configuration(Int?)
    /// What the kernel has otherwise than the running configuration wants it, asked of the kernel itself.
    case kernelDiff
    case explainRoute(RouteQuestion)
    case explainModel(ModelQuestion)
    case explainDecision(id: String)
    case setAdmin(AdminRequest)
    /// Makes a client key. What it answers holds the key itself, this once.
    case createKey(KeyWish)
    case rotateKey(KeyRotation)
    case revokeKey(KeyRevocation)
    /// Runs a member's probe once. It sends packets, so it needs the admin group.
    case probe(ProbeWish)
    /// How many flows are on a member now.
    case flows(FlowsWish)
    /// How every member stands and what it has carried, for `top`.
    case top
    /// What was used, and what it costs.
    case usage(UsageQuestion)
    /// A server-sent event stream of `WatchEvent`s.
    case watch

    package enum Table: String, Sendable, CaseIterable {
        case groups
        case members
        case routes
        case rules
        case drift
        case probes
        case bfd
        case providers
        case decisions
        case overrides
        case policies
        case sets
        case keys
    }

    /// Method and path. Paths are versioned so that a CLI of another release is told, not misunderstood.
    package var target: (method: String, path: String) {
        switch self {
        case .status: ("GET", "/v1/status")
        case .show(let table): ("GET", "/v1/show/\(table.rawValue)")
        case .plan: ("POST", "/v1/plan")
        case .apply: ("POST", "/v1/apply")
        case .confirm: ("POST", "/v1/confirm")
        case .rollback: ("POST", "/v1/rollback")
        case .history: ("GET", "/v1/history")
        case .configuration(let number): ("GET", "/v1/configuration/\(number.map(String.init) ?? "running")")
        case .kernelDiff: ("GET", "/v1/diff/kernel")
        case .explainRoute: ("POST", "/v1/explain/route")
        case .explainModel: ("POST", "/v1/explain/model")
        case .explainDecision(let id): ("GET", "/v1/explain/decision/\(Self.pathSegment(id))")
        case .setAdmin: ("POST", "/v1/admin")
        case .createKey: ("POST", "/v1/keys/create")
        case .rotateKey: ("POST", "/v1/keys/rotate")
        case .revokeKey: ("POST", "/v1/keys/revoke")
        case .probe: ("POST", "/v1/probe")
        case .flows: ("POST", "/v1/flows")
        case .top: ("GET", "/v1/top")
        case .usage: ("POST", "/v1/usage")
        case .watch: ("GET", "/v1/watch")
        }
    }

    /// The text as one segment of a path: all but letters, digits and `-._~` percent-encoded (RFC 3986 §2.1).
    private static func pathSegment(_ text: String) -> String {
        var segment = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                segment.unicodeScalars.append(Unicode.Scalar(byte))
            default: segment += (byte < 0x10 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return segment
    }
}

/// The texts of a configuration, in reading order: the daemon parses them itself, whatever the CLI thought of them.
package struct ConfigurationFiles: Codable, Sendable, Equatable {
    package struct File: Codable, Sendable, Equatable {
        package var name: String
        package var text: String

        package init(name: String, text: String) { (self.name, self.text) = (name, text) }
    }

    package var files: [File]

    package init(files: [File]) { self.files = files }
}

/// When an apply or a rollback wants a confirmation.
package struct ConfirmTerms: Codable, Sendable, Equatable {
    package enum When: String, Codable, Sendable, CaseIterable {
        /// When the change touches the operator's own path.
        case whenNeeded = "when-needed"
        case always
        case never
    }

    package var when: When
    /// How long the change may wait for its confirmation before it is taken back.
    package var within: Span
    /// The far end of the operator's session; nil: nobody knows, and the default route counts as the operator's path.
    package var peer: IPAddress?

    package init(_ when: When = .whenNeeded, within: Span = standard, peer: IPAddress? = nil) {
        (self.when, self.within, self.peer) = (when, within, peer)
    }

    package static let standard = Span.seconds(60)
    /// Less leaves no time to type; more than a day is no trial any more.
    package static let possible = Span.seconds(1)...Span.seconds(86400)
}

/// `apply [FILE]`.
package struct ApplyRequest: Codable, Sendable, Equatable {
    package var files: [ConfigurationFiles.File]
    /// Left out: when needed, within a minute.
    package var confirm: ConfirmTerms?

    package init(_ files: ConfigurationFiles, confirm: ConfirmTerms? = nil) {
        (self.files, self.confirm) = (files.files, confirm)
    }
}

/// `rollback [N]`.
package struct RollbackRequest: Codable, Sendable, Equatable {
    /// Nil: what is on trial is taken back; with nothing on trial, the configuration that ran before.
    package var configuration: Int?
    package var confirm: ConfirmTerms?

    package init(configuration: Int? = nil, confirm: ConfirmTerms? = nil) {
        (self.configuration, self.confirm) = (configuration, confirm)
    }
}

/// `explain route ADDRESS [--from A] [--iif DEV] [--mark M] …` and `explain flow SOURCE DESTINATION …`.
package struct RouteQuestion: Codable, Sendable, Equatable {
    package var destination: IPAddress
    package var source: IPAddress?
    package var inputDevice: String?
    package var mark: UInt32?
    /// `tcp`, `udp`, `icmp`, …
    package var transport: String?
    /// Of TCP or UDP.
    package var sourcePort: UInt16?
    package var destinationPort: UInt16?

    package init(
        destination: IPAddress,
        source: IPAddress? = nil,
        inputDevice: String? = nil,
        mark: UInt32? = nil,
        transport: String? = nil,
        sourcePort: UInt16? = nil,
        destinationPort: UInt16? = nil
    ) {
        (self.destination, self.source, self.inputDevice, self.mark) = (destination, source, inputDevice, mark)
        (self.transport, self.sourcePort, self.destinationPort) = (transport, sourcePort, destinationPort)
    }
}

/// `explain model 'PROMPT' [--model M] [--key NAME]`. The prompt is used for its facts and not kept.
package struct ModelQuestion: Codable, Sendable, Equatable {
    package var prompt: String
    package var model: String
    /// A key's name, not the key.
    package var key: String?
    package var stream: Bool
    package var tools: Bool
    /// As if a JSON schema were asked for, or an image shown.
    package var schema: Bool?
    package var image: Bool?
    /// As if something were heard, a file attached, or thinking asked for.
    package var audio: Bool?
    package var file: Bool?
    package var thinking: Bool?
    /// The most tokens that the answer might have.
    package var maxTokens: UInt64?
    /// Whom the request would be for.
    package var user: String?
    /// The client's address.
    package var source: String?
    /// `name: value` of each header.
    package var headers: [String]?

    package init(
        prompt: String,
        model: String,
        key: String? = nil,
        stream: Bool = false,
        tools: Bool = false,
        schema: Bool? = nil,
        image: Bool? = nil,
        audio: Bool? = nil,
        file: Bool? = nil,
        thinking: Bool? = nil,
        maxTokens: UInt64? = nil,
        user: String? = nil,
        source: String? = nil,
        headers: [String]? = nil
    ) {
        (self.prompt, self.model, self.key, self.stream, self.tools) = (prompt, model, key, stream, tools)
        (self.schema, self.image, self.user, self.source, self.headers) = (schema, image, user, source, headers)
        (self.audio, self.file, self.thinking, self.maxTokens) = (audio, file, thinking, maxTokens)
    }
}

package struct AdminRequest: Codable, Sendable, Equatable {
    /// `group.member`; `network:` or `models:` in front tells the plane where both have the name.
    package var member: String
    /// `up`, `drain` or `down`.
    package var admin: String
    /// Do it even if it leaves the group without a member that can carry load.
    package var force: Bool

    package init(member: String, admin: String, force: Bool = false) {
        (self.member, self.admin, self.force) = (member, admin, force)
    }
}
