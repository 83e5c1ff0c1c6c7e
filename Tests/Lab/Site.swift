import LabText
import Synchronization

/// Which of the two ways out?
package enum ISP: String, Sendable, CaseIterable {
    case isp1
    case isp2

    /// The router's link to it.
    package var uplink: Uplink {
        switch self {
        case .isp1:
            Uplink(
                device: "eth0",
                index: 11,
                peerDevice: "wan0",
                peerIndex: 31,
                address: Dual(v4: "203.0.113.2", v6: "2001:db8:a::2"),
                gateway: Dual(v4: "203.0.113.1", v6: "2001:db8:a::1"),
                prefixLength: (29, 64)
            )
        case .isp2:
            Uplink(
                device: "eth1",
                index: 12,
                peerDevice: "wan0",
                peerIndex: 32,
                address: Dual(v4: "198.51.100.2", v6: "2001:db8:b::2"),
                gateway: Dual(v4: "198.51.100.1", v6: "2001:db8:b::1"),
                prefixLength: (29, 64)
            )
        }
    }
}

/// A whole small internet in namespaces: a client, a router, two providers and the far side of both. The drawing is in Topology.swift.
///
/// ```swift
/// let site = try Site()
/// try site.router.spawn([martletd, "--config", file], as: Account(capabilities: ["net_admin", "net_raw"]))
/// let stream = try site.packets(family: .v4, rate: 1000)
/// let broken = try site.breakSilently(.isp1)
/// …
/// let result = try stream.finish()
/// ```
package final class Site: Sendable {
    package let workspace: Workspace
    package let client: Namespace
    package let router: Namespace
    package let far: Namespace
    private let isp1: Namespace
    private let isp2: Namespace

    /// Addresses that answer pings: far beyond both providers.
    package static let targets = [
        Dual(v4: "192.0.2.53", v6: "2001:db8:53::53"), Dual(v4: "198.51.100.53", v6: "2001:db8:53::54"),
    ]
    /// Where the echo of packet streams listens.
    package static let echo = Dual(v4: "192.0.2.7", v6: "2001:db8:53::7")
    /// The port of the echo.
    package static let echoPort = 7
    /// Addresses for providers of models.
    package static let providers = [
        Dual(v4: "192.0.2.80", v6: "2001:db8:80::1"), Dual(v4: "192.0.2.81", v6: "2001:db8:80::2"),
    ]
    /// The router's addresses on the client's network.
    package static let lan = Dual(v4: "10.0.5.1", v6: "2001:db8:10::1")
    /// The client's addresses.
    package static let clientAddress = Dual(v4: "10.0.5.2", v6: "2001:db8:10::2")
    /// The client's network.
    package static let lanPrefix = Dual(v4: "10.0.5.0/24", v6: "2001:db8:10::/64")

    let echoProcess = Mutex<LabTool?>(nil)
    let delays = Mutex<[ISP: LabTool]>([:])

    /// Builds it, ready to carry packets as soon as the router has routes.
    ///
    /// - Parameter sysctls: more settings for the router, after those martletd asks for.
    package init(sysctls: [(name: String, value: String)] = []) throws {
        workspace = try Workspace()
        let made = try workspace.makeNamespaces(["client", "router", "isp1", "isp2", "far"])
        (client, router, isp1, isp2, far) = (made[0], made[1], made[2], made[3], made[4])
        do {
            try build(sysctls)
        } catch {
            workspace.tearDown()
            throw error
        }
    }

    deinit { workspace.tearDown() }

    /// The namespace of a provider.
    package func namespace(of isp: ISP) -> Namespace {
        switch isp {
        case .isp1: isp1
        case .isp2: isp2
        }
    }

    /// Ends every process in it and removes it.
    package func tearDown() {
        workspace.tearDown()
    }
}

extension Site {
    private func build(_ sysctls: [(name: String, value: String)]) throws {
        let plain = [client, far].map { ($0, LabSysctls.quiet) }
        let forwarding = [isp1, isp2].map { ($0, LabSysctls.quiet + LabSysctls.forwarding) }
        let ours = (router, LabSysctls.quiet + LabSysctls.forwarding + LabSysctls.router + sysctls)
        try allTogether(
            (plain + forwarding + [ours]).map { namespace, settings in { try namespace.startSysctl(settings) } }
        )
        try connect()
        try allTogether([
            { try self.client.startBatch(self.clientLines) }, { try self.router.startBatch(self.routerLines) },
            { try self.isp1.startBatch(self.lines(of: .isp1)) }, { try self.isp2.startBatch(self.lines(of: .isp2)) },
            { try self.far.startBatch(self.farLines) },
        ])
        for isp in ISP.allCases { try namespace(of: isp).nft(load: Site.carrierRules) }
    }

    /// Makes the links, each end at once in its own namespace: the host's own network never sees them.
    private func connect() throws {
        let lan = (Site.lanDevice, 10, router, Site.lanDevice, 20, client)
        let uplinks = ISP.allCases.map { isp in
            let uplink = isp.uplink
            return (uplink.device, uplink.index, router, uplink.peerDevice, uplink.peerIndex, namespace(of: isp))
        }
        let beyond = [(Site.upDevice, 41, isp1, "isp1", 51, far), (Site.upDevice, 42, isp2, "isp2", 52, far)]
        try workspace.connect([lan] + uplinks + beyond)
    }

    private var clientLines: [String] {
        let end = LinkEnd(
            Site.lanDevice,
            Dual(v4: "\(Site.clientAddress.v4)/24", v6: "\(Site.clientAddress.v6)/64"),
            linkLocal: "fe80::2"
        )
        return ["link set lo up"] + end.lines + [
            "route replace default via \(Site.lan.v4)", "route replace default via \(Site.lan.v6)",
        ]
    }

    private var routerLines: [String] {
        let lan = LinkEnd(Site.lanDevice, Dual(v4: "\(Site.lan.v4)/24", v6: "\(Site.lan.v6)/64"), linkLocal: "fe80::1")
        return ["link set lo up"] + lan.lines + ISP.allCases.flatMap { $0.uplink.end.lines }
    }

    private func lines(of isp: ISP) -> [String] {
        let up = LinkEnd(Site.upDevice, Site.beyond(isp).near, linkLocal: "fe80::1")
        let far = Site.beyond(isp).far
        return ["link set lo up"] + linesTowardsRouter(isp) + up.lines + [
            "route replace default via \(far.v4)", "route replace default via \(far.v6)",
        ]
    }

    /// What a provider loses when its end of the router's link goes down, and must set again.
    func linesTowardsRouter(_ isp: ISP) -> [String] {
        let uplink = isp.uplink
        return uplink.peerEnd.lines + [
            "route replace \(Site.lanPrefix.v4) via \(uplink.address.v4)",
            "route replace \(Site.lanPrefix.v6) via \(uplink.address.v6)",
        ]
    }

    private var farLines: [String] {
        let served = Site.targets + [Site.echo] + Site.providers
        let addresses = served.flatMap {
            ["addr replace \($0.v4)/32 dev lo", "addr replace \($0.v6)/128 dev lo nodad"]
        }
        let links = ISP.allCases.flatMap { isp in
            let far = Site.beyond(isp).far
            return LinkEnd(isp.rawValue, Dual(v4: "\(far.v4)/30", v6: "\(far.v6)/64"), linkLocal: "fe80::2").lines
        }
        return ["link set lo up"] + addresses + links
    }

    /// The addresses of a provider's link to the far side: its own with their lengths, the far side's without.
    private static func beyond(_ isp: ISP) -> (near: Dual, far: Dual) {
        switch isp {
        case .isp1:
            (
                Dual(v4: "203.0.113.249/30", v6: "2001:db8:a:f::1/64"),
                Dual(v4: "203.0.113.250", v6: "2001:db8:a:f::2")
            )
        case .isp2:
            (
                Dual(v4: "198.51.100.249/30", v6: "2001:db8:b:f::1/64"),
                Dual(v4: "198.51.100.250", v6: "2001:db8:b:f::2")
            )
        }
    }

    static let lanDevice = "lan0"
    static let upDevice = "up0"
}
