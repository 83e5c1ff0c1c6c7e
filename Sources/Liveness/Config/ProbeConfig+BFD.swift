/// How a `bfd` probe is read.
package import ConfigSyntax
package import NetTypes
import PolicyEngine

/// A BFD session with the member's gateway, as configured.
package struct BFDProbe: Hashable, Sendable {
    package let parameters: BFDParameters
    package let authentication: Authentication?
    /// How long the session must have stayed up before a member that was down counts as up again.
    package let upAfter: Span

    package struct Authentication: Hashable, Sendable {
        package let type: BFDAuthenticationType
        package let keyID: UInt8
        package let key: SecretReference
    }
}

extension BFDProbe {
    package static let defaultInterval = Span.milliseconds(100)
    package static let defaultMultiplier = 3
    /// Longer, and no operator would wait for it.
    package static let longestHold = Span.seconds(3600)
}

extension ProbeDefinition {
    /// Keys of other probes: the sizes of a session stand in its own block.
    private static let othersSchedule = ["every", "timeout", "need", "down-after", "up-after", "window", "limits"]

    /// Reads a probe that has a `bfd` key; nil when that is wrong.
    static func readBFD(_ block: BlockReader, name: Located<String>, otherKinds: [String]) -> ProbeDefinition? {
        for key in othersSchedule where block.has(key) {
            _ = block.node(key)
            block.report("belongs to other probes", key: key, hint: "a session's times stand in 'bfd'")
        }
        for key in otherKinds where block.has(key) {
            _ = block.node(key)
            block.report("stands beside 'bfd'; a probe is of one kind", key: key)
        }
        guard let inner = block.block("bfd") else { return nil }
        defer { inner.finish() }
        let probe = BFDProbe.read(inner)
        return ProbeDefinition(
            name: name,
            kind: .bfd(probe),
            need: 1,
            interval: probe.parameters.transmit,
            timeout: Span(
                nanoseconds: probe.parameters.receive.nanoseconds * Int64(probe.parameters.multiplier)
            ),
            // The session has counted its lost packets already.
            hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
            place: name.place
        )
    }
}

extension BFDProbe {
    fileprivate static func read(_ block: BlockReader) -> BFDProbe {
        let intervals = BFDParameters.shortestInterval...BFDParameters.longestInterval
        let parameters = BFDParameters(
            transmit: block.span("tx", default: defaultInterval, within: intervals),
            receive: block.span("rx", default: defaultInterval, within: intervals),
            multiplier: block.integer("multiplier", default: defaultMultiplier, within: 1...255),
            isPassive: block.optional("passive", as: Bool.self)?.value ?? false
        )
        return BFDProbe(
            parameters: parameters,
            authentication: block.block("authentication").flatMap(Authentication.read),
            upAfter: block.span("up-after", default: .zero, within: .zero...longestHold)
        )
    }
}

extension BFDProbe.Authentication {
    fileprivate static func read(_ block: BlockReader) -> Self? {
        defer { block.finish() }
        let type = block.required("type", as: BFDAuthenticationType.self)
        let keyID = block.required("key-id", as: Int.self)
        let key = SecretReference.required("key", in: block)
        guard let type, let keyID, let key else { return nil }
        guard let number = UInt8(exactly: keyID.value) else {
            block.report("must lie between 0 and 255", key: "key-id")
            return nil
        }
        return Self(type: type.value, keyID: number, key: key)
    }
}

extension BFDAuthenticationType: ScalarValue {}

extension BFDAuthenticationPlan {
    /// The same without places, as it travels.
    package init(_ authentication: BFDProbe.Authentication) {
        let key: BFDKeySource =
            switch authentication.key {
            case .credential(let name): .credential(name.value)
            case .file(let path): .file(path.value)
            case .environment(let name): .environment(name.value)
            }
        self.init(type: authentication.type, keyID: authentication.keyID, key: key)
    }
}
