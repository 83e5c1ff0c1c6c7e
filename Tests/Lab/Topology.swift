/// Which addresses, links and names does the lab's internet have?
///
/// ```
///                                     wan0 ┌──────┐ up0                  isp1
///                              eth0 ┌──────┤ isp1 ├──────┐             ┌──────┐
///  ┌────────┐ lan0   lan0 ┌────────┐│      └──────┘      └─────────────┤      │ lo: 192.0.2.53   198.51.100.53
///  │ client ├─────────────┤ router ├┤                                  │ far  │     2001:db8:53::53  …::54
///  └────────┘             └────────┘│      ┌──────┐      ┌─────────────┤      │     (probe targets, an echo,
///                              eth1 └──────┤ isp2 ├──────┘             └──────┘      two providers)
///                                     wan0 └──────┘ up0                  isp2
///
///            IPv4                               IPv6                                    link-local      ifindex
///  client    10.0.5.2                           2001:db8:10::2                          fe80::2         20
///  router    10.0.5.1/24         (lan0)         2001:db8:10::1/64                       fe80::1         10
///            203.0.113.2/29      (eth0)         2001:db8:a::2/64                        fe80::2         11
///            198.51.100.2/29     (eth1)         2001:db8:b::2/64                        fe80::2         12
///  isp1      203.0.113.1         (wan0)         2001:db8:a::1                           fe80::1         31
///            203.0.113.249/30    (up0)          2001:db8:a:f::1/64                      fe80::1         41
///  isp2      198.51.100.1        (wan0)         2001:db8:b::1                           fe80::1         32
///            198.51.100.249/30   (up0)          2001:db8:b:f::1/64                      fe80::1         42
///  far       203.0.113.250       (isp1)         2001:db8:a:f::2                         fe80::2         51
///            198.51.100.250      (isp2)         2001:db8:b:f::2                         fe80::2         52
/// ```
///
/// Both providers are fe80::1 on their own link, as real ones often are. Each masquerades both families on `up0`, so that an answer
/// comes back by the way its question went. The router has no route beyond its links: making them is martletd's work. The two
/// ends of a link never have the same interface index: the kernel then delays carrier events by up to 0.4 s.
package enum Family: String, Sendable, CaseIterable {
    case v4
    case v6
}

/// One thing in both families.
package struct Dual: Sendable, Hashable {
    package var v4: String
    package var v6: String

    package init(v4: String, v6: String) {
        self.v4 = v4
        self.v6 = v6
    }

    /// The one of `family`.
    package subscript(family: Family) -> String {
        switch family {
        case .v4: v4
        case .v6: v6
        }
    }

    /// With a port, as an endpoint is written: `192.0.2.7:7`, `[2001:db8:53::7]:7`.
    package func endpoint(_ family: Family, port: Int) -> String {
        switch family {
        case .v4: "\(v4):\(port)"
        case .v6: "[\(v6)]:\(port)"
        }
    }
}

/// One way out of the router.
package struct Uplink: Sendable {
    /// The router's device.
    package var device: String
    /// The router's interface index.
    package var index: Int
    /// The device at the other end.
    package var peerDevice: String
    /// The interface index at the other end.
    package var peerIndex: Int
    /// The router's own addresses.
    package var address: Dual
    /// The other end's global addresses.
    package var gateway: Dual
    /// Lengths of the link's prefixes.
    package var prefixLength: (v4: Int, v6: Int)

    /// The gateway's link-local address, the same on every link.
    package static let gatewayLinkLocal = "fe80::1"
    /// The router's link-local address on every uplink.
    package static let routerLinkLocal = "fe80::2"

    /// The router's end.
    var end: LinkEnd {
        LinkEnd(device, lengths(address), linkLocal: Uplink.routerLinkLocal)
    }

    /// The gateway's end.
    var peerEnd: LinkEnd {
        LinkEnd(peerDevice, lengths(gateway), linkLocal: Uplink.gatewayLinkLocal)
    }

    private func lengths(_ addresses: Dual) -> Dual {
        Dual(v4: "\(addresses.v4)/\(prefixLength.v4)", v6: "\(addresses.v6)/\(prefixLength.v6)")
    }
}

/// What is configured on one end of a link. The lines may be carried out again: setting a link down and up loses what they set.
struct LinkEnd {
    var device: String
    var addresses: Dual
    var linkLocal: String

    init(_ device: String, _ addresses: Dual, linkLocal: String) {
        self.device = device
        self.addresses = addresses
        self.linkLocal = linkLocal
    }

    /// `ip` lines that bring it up.
    var lines: [String] {
        [
            "link set \(device) up", "addr replace \(addresses.v4) dev \(device)",
            "addr replace \(addresses.v6) dev \(device) nodad", "addr replace \(linkLocal)/64 dev \(device) nodad",
        ]
    }
}

/// The sysctls every namespace of the lab begins with.
enum LabSysctls {
    /// Addresses are usable at once and are only those of the drawing.
    static let quiet: [(name: String, value: String)] = ["all", "default"].flatMap { scope in
        [
            ("net.ipv6.conf.\(scope).accept_dad", "0"), ("net.ipv6.conf.\(scope).accept_ra", "0"),
            ("net.ipv6.conf.\(scope).addr_gen_mode", "1"), ("net.ipv4.conf.\(scope).rp_filter", "0"),
        ]
    }

    static let forwarding = [("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1")]

    /// What martletd asks of the host it runs on (docs/architecture.md §3): ports count when a path is chosen, and replacing a group
    /// notifies nobody about its routes.
    static let router = [
        ("net.ipv4.fib_multipath_hash_policy", "1"), ("net.ipv6.fib_multipath_hash_policy", "1"),
        ("net.ipv4.nexthop_compat_mode", "0"),
    ]
}
