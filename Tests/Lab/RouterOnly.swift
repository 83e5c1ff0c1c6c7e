package import LabText

/// One router and N uplinks whose gateways share one other namespace: starts fast, for tests of the kernel's side alone.
///
/// ```
///  ┌────────┐ eth0            peer0 ┌───────┐
///  │        ├───────────────────────┤       │  uplink i (0 ≤ i < 30)      router             gateway
///  │ router │ eth1            peer1 │ peers │  203.0.113.(8i)/29          .2                 .1
///  │        ├───────────────────────┤       │  2001:db8:<i+1>::/64        ::2, fe80::2       ::1, fe80::1
///  │        │  …                 …  │       │  interface index            101 + i            201 + i
///  └────────┘                       └───────┘  lo of peers: the probe targets and the echo of Site
/// ```
package final class RouterOnly: Sendable {
    package let workspace: Workspace
    package let router: Namespace
    package let peers: Namespace
    /// The uplinks, in order.
    package let uplinks: [Uplink]

    /// As many /29 as fit below the addresses that other drawings use.
    package static let mostUplinks = 30

    /// Builds it.
    ///
    /// - Parameter count: 1 to ``mostUplinks``; anything else is brought to the nearest of these.
    package init(uplinks count: Int = 2, sysctls: [(name: String, value: String)] = []) throws {
        uplinks = (0..<min(max(count, 1), RouterOnly.mostUplinks)).map(RouterOnly.uplink)
        workspace = try Workspace()
        let made = try workspace.makeNamespaces(["router", "peers"])
        (router, peers) = (made[0], made[1])
        do {
            try build(sysctls)
        } catch {
            workspace.tearDown()
            throw error
        }
    }

    deinit { workspace.tearDown() }

    /// Ends every process in it and removes it.
    package func tearDown() {
        workspace.tearDown()
    }

    private static func uplink(_ number: Int) -> Uplink {
        Uplink(
            device: "eth\(number)",
            index: 101 + number,
            peerDevice: "peer\(number)",
            peerIndex: 201 + number,
            address: Dual(v4: "203.0.113.\(8 * number + 2)", v6: "2001:db8:\(String(number + 1, radix: 16))::2"),
            gateway: Dual(v4: "203.0.113.\(8 * number + 1)", v6: "2001:db8:\(String(number + 1, radix: 16))::1"),
            prefixLength: (29, 64)
        )
    }

    private func build(_ sysctls: [(name: String, value: String)]) throws {
        let ours = LabSysctls.quiet + LabSysctls.forwarding + LabSysctls.router + sysctls
        try allTogether([{ try self.router.startSysctl(ours) }, { try self.peers.startSysctl(LabSysctls.quiet) }])
        try workspace.connect(
            uplinks.map { ($0.device, $0.index, router, $0.peerDevice, $0.peerIndex, peers) }
        )
        let served = (Site.targets + [Site.echo]).flatMap {
            ["addr replace \($0.v4)/32 dev lo", "addr replace \($0.v6)/128 dev lo nodad"]
        }
        try allTogether([
            { try self.router.startBatch(["link set lo up"] + self.uplinks.flatMap { $0.end.lines }) },
            { try self.peers.startBatch(["link set lo up"] + served + self.uplinks.flatMap { $0.peerEnd.lines }) },
        ])
    }
}

extension RouterOnly {
    /// The gateway's end of an uplink goes down: the router loses the carrier.
    ///
    /// - Returns: a moment just before.
    @discardableResult
    package func carrierDown(_ number: Int) throws -> Moment {
        let began = Moment.now
        try peers.ipBatch(["link set \(uplinks[number].peerDevice) down"])
        return began
    }

    /// The gateway's end of an uplink comes up again, with its addresses.
    ///
    /// - Returns: a moment just after.
    @discardableResult
    package func carrierUp(_ number: Int) throws -> Moment {
        try peers.ipBatch(uplinks[number].peerEnd.lines)
        return .now
    }

    /// The router's own end is set down by its administrator; the kernel forgets its IPv6 addresses.
    package func linkDown(_ number: Int) throws {
        try router.ipBatch(["link set \(uplinks[number].device) down"])
    }

    /// The router's own end is set up, with its addresses, as the host's network manager would.
    package func linkUp(_ number: Int) throws {
        try router.ipBatch(uplinks[number].end.lines)
    }
}
