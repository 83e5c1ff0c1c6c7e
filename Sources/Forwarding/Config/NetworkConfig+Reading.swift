/// How `network` is read, without its probes.
package import ConfigSyntax
import NetTypes
package import PolicyEngine

extension NetworkConfiguration {
    /// Reads the block, except for `probes`, which the caller has taken out of it. `hysteresis` gives what a probe of this name
    /// asks for; nil when there is none, which the caller reports.
    package static func read(_ block: BlockReader, hysteresis: (String) -> Hysteresis?) -> NetworkConfiguration {
        let diagnostics = block.diagnostics
        let ownership = block.block("ownership").map(OwnershipWindow.read) ?? .standard
        let sets = AddressSetDefinition.readAll(in: block)
        let groups = block.named("groups").compactMap { entry in
            NetworkGroup.read(entry, path: "\(block.path).groups", hysteresis: hysteresis, into: diagnostics)
        }
        let (routes, routeFiles) = RouteReader(diagnostics, ownership).readAll(in: block)
        var read = NetworkConfiguration(
            ownership: ownership,
            groups: groups,
            routes: routes,
            routeFiles: routeFiles,
            policies: NetworkPolicy.readAll(in: block, sets: SetTable(sets)),
            sets: sets,
            services: ServiceDefinition.readAll(in: block),
            masquerade: MasqueradeDefinition.read(in: block),
            notify: NotifyDefinition.readAll(in: block),
            place: block.place,
            forwards: ForwardDefinition.readAll(in: block),
            segmentClamp: SegmentClamp.read(in: block),
            isTracking: block.optional("connections", as: ConnectionTracking.self)?.value != .untracked
        )
        read.onFailure = block.optional("on-failure", as: OnFailure.self)?.value ?? .hold
        return read
    }
}

/// Reads names and values that several blocks of the network plane have in common.
enum NetworkNames {
    /// The kernel's limit: 15 bytes, no space, no slash (`dev_valid_name`).
    static func checkDevice(_ device: Located<String>, _ diagnostics: Diagnostics) {
        let bytes = device.value.utf8
        let isFine =
            (1...15).contains(bytes.count) && device.value != "." && device.value != ".."
            && bytes.allSatisfy { $0 > 0x20 && $0 != 0x2F && $0 != 0x3A && $0 != 0x7F }
        if !isFine {
            diagnostics.report(
                "'\(device.value)' can be no device's name",
                at: device.place,
                hint: "at most 15 characters, without spaces, '/' and ':'"
            )
        }
    }

    /// Whether an address can be somebody's own.
    static func checkHost(_ address: Located<IPAddress>, what: String, _ diagnostics: Diagnostics) {
        let kind =
            if address.value.isMulticast { "multicast" } else if address.value.isUnspecified {
                "unspecified"
            } else if address.value.isLoopback { "a loopback address" } else { "" }
        guard !kind.isEmpty else { return }
        diagnostics.report("\(what) '\(address.value)' is \(kind)", at: address.place)
    }

    /// Words that stand where a group's name could.
    static let reserved = ["auto", "blackhole", "default", "prohibit", "unreachable"]
}
