/// What becomes of a member's flows when it fails or recovers, and which addresses they leave with, as configured.
import ConfigSyntax
package import NetTypes
import PolicyEngine

package struct MemberTraffic: Hashable, Sendable {
    /// An address, a prefix that replaces another, or whatever the device has.
    package enum Source: Hashable, Sendable {
        case prefix(IPPrefix)
        /// `auto`: the network of the device's own address, which may change.
        case ofDevice
    }

    /// What becomes of flows on a member that fails.
    package enum OnFail: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
        /// They are forgotten, and our own sockets on it ended, so that each begins anew by a healthy member.
        case cut
        /// They stay until they end.
        case drain
    }

    /// What becomes of flows that others carried while a member was down.
    package enum OnRecover: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
        /// They stay where they are.
        case keep
        /// Those without a packet for a while are forgotten.
        case migrateIdle = "migrate-idle"
        /// Those on members that stand by again are forgotten.
        case cut
    }

    package var source4: Source?
    package var source6: Source?
    package var onFail = OnFail.cut
    package var onRecover = OnRecover.keep

    package init() {}
}

extension NetworkMember {
    package func source(_ family: AddressFamily) -> MemberTraffic.Source? {
        family == .v4 ? traffic.source4 : traffic.source6
    }
    package var onFail: MemberTraffic.OnFail { traffic.onFail }
    package var onRecover: MemberTraffic.OnRecover { traffic.onRecover }
}

extension MemberTraffic {
    /// Reads `snat`, `on-fail` and `on-recover` of a member.
    static func read(_ block: BlockReader) -> MemberTraffic {
        var traffic = MemberTraffic()
        traffic.onFail = block.optional("on-fail", as: OnFail.self)?.value ?? .cut
        traffic.onRecover = block.optional("on-recover", as: OnRecover.self)?.value ?? .keep
        guard let node = block.node("snat") else { return traffic }
        let diagnostics = block.diagnostics
        if case .map = node.kind {
            let both = BlockReader(node, path: "\(block.path).snat", into: diagnostics)
            defer { both.finish() }
            for family in AddressFamily.allCases {
                let key = family == .v4 ? "v4" : "v6"
                guard let value = both.node(key), let source = source(value, "\(both.path).\(key)", family, diagnostics)
                else { continue }
                if family == .v4 { traffic.source4 = source } else { traffic.source6 = source }
            }
            if !both.has("v4"), !both.has("v6") {
                diagnostics.report("'\(both.path)' names no address", at: both.place)
            }
            return traffic
        }
        guard let source = source(node, "\(block.path).snat", nil, diagnostics) else { return traffic }
        switch source {
        case .prefix(let prefix) where prefix.family == .v4: traffic.source4 = source
        case .prefix: traffic.source6 = source
        case .ofDevice: (traffic.source4, traffic.source6) = (source, source)
        }
        return traffic
    }

    private static func source(
        _ node: Node,
        _ what: String,
        _ family: AddressFamily?,
        _ diagnostics: Diagnostics
    ) -> Source? {
        if node.text == "auto" { return .ofDevice }
        guard let prefix = IPPrefix.read(node, what: what, into: diagnostics) else { return nil }
        if let family, prefix.value.family != family {
            diagnostics.report("'\(what)' must be an \(family.shownName) address or prefix", at: prefix.place)
            return nil
        }
        if prefix.value.address.isMulticast || prefix.value.address.isUnspecified {
            diagnostics.report("'\(what)' can be no source: '\(prefix.value)'", at: prefix.place)
            return nil
        }
        return .prefix(prefix.value)
    }
}
