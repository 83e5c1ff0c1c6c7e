/// What one end of a BFD session is told to do, and which session that is.
package import NetTypes
package import PolicyEngine

/// The local end's wishes; what is done follows from both ends' (RFC 5880 §6.8).
package struct BFDParameters: Hashable, Sendable, Codable {
    /// bfd.DesiredMinTxInterval once the session is up.
    package let transmit: Span
    /// bfd.RequiredMinRxInterval.
    package let receive: Span
    /// bfd.DetectMult: packets in a row whose absence the other end takes for our death; at least 1.
    package let multiplier: UInt8
    /// Whether to be silent until the other end speaks (§6.1 "Passive role").
    package let isPassive: Bool

    /// Values outside of their bounds are brought into them: a recording is a file, too.
    package init(transmit: Span, receive: Span, multiplier: Int, isPassive: Bool) {
        self.transmit = min(max(transmit, Self.shortestInterval), Self.longestInterval)
        self.receive = min(max(receive, Self.shortestInterval), Self.longestInterval)
        self.multiplier = UInt8(clamping: max(multiplier, 1))
        self.isPassive = isPassive
    }

    /// Below it a busy host's scheduling, not the path, would be measured.
    package static let shortestInterval = Span.milliseconds(10)
    /// Above it an ICMP probe sees as much.
    package static let longestInterval = Span.seconds(60)

    private enum CodingKeys: String, CodingKey {
        case transmit
        case receive
        case multiplier
        case isPassive
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            transmit: try values.decode(Span.self, forKey: .transmit),
            receive: try values.decode(Span.self, forKey: .receive),
            multiplier: try values.decode(Int.self, forKey: .multiplier),
            isPassive: try values.decode(Bool.self, forKey: .isPassive)
        )
    }
}

/// Where a session's key is kept: the reference travels, the service alone reads what stands behind it.
package enum BFDKeySource: Hashable, Sendable, Codable {
    /// A systemd credential, by name.
    case credential(String)
    /// A file that nobody but its owner may read.
    case file(String)
    case environment(String)
}

/// How a session is authenticated.
package struct BFDAuthenticationPlan: Hashable, Sendable, Codable {
    package let type: BFDAuthenticationType
    package let keyID: UInt8
    package let key: BFDKeySource

    package init(type: BFDAuthenticationType, keyID: UInt8, key: BFDKeySource) {
        (self.type, self.keyID, self.key) = (type, keyID, key)
    }
}

/// One session that is to be: between two systems there is one on a link and family (RFC 5881 §3), however many members use it.
package struct BFDSubject: Hashable, Sendable, Codable {
    /// `group.member`, in the order of the configuration; not empty.
    package let members: [String]
    package let scope: HealthScope
    /// The link; nil when the routes decide.
    package let device: String?
    /// The gateway.
    package let peer: IPAddress
    package let parameters: BFDParameters
    /// nil: packets are not authenticated, and authenticated ones are not taken.
    package let authentication: BFDAuthenticationPlan?
    /// How long the session must have stayed up before a member that was down counts as up again.
    package let upAfter: Span

    package init(
        members: [String],
        scope: HealthScope,
        device: String?,
        peer: IPAddress,
        parameters: BFDParameters,
        authentication: BFDAuthenticationPlan?,
        upAfter: Span
    ) {
        (self.members, self.scope, self.device, self.peer) = (members, scope, device, peer)
        (self.parameters, self.authentication, self.upAfter) = (parameters, authentication, upAfter)
    }

    /// The same session for one more member.
    package func shared(with member: String) -> BFDSubject {
        BFDSubject(
            members: members + [member],
            scope: scope,
            device: device,
            peer: peer,
            parameters: parameters,
            authentication: authentication,
            upAfter: upAfter
        )
    }
}
