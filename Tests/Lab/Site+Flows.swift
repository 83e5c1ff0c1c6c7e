import LabText

/// Which flows went by which provider?
extension Site {
    /// The first destination port of a spray.
    package static let sprayPort = 20_000

    /// Has both providers note the flows of sprays from now on.
    package func noteFlows() throws {
        for isp in ISP.allCases { try namespace(of: isp).nft(load: Site.flowRules) }
    }

    /// Sends one datagram to each of `count` ports of the far side: as many flows. Gives where each went, of those that arrived at a
    /// provider, and forgets earlier ones.
    package func spray(_ count: Int, family: Family) throws -> [Int: ISP] {
        for isp in ISP.allCases { try namespace(of: isp).nft(load: "flush set inet flows \(family.rawValue)\n") }
        let endpoint = Site.echo.endpoint(family, port: Site.sprayPort)
        let tool = try LabTool(["spray", "--to", endpoint, "--ports", String(count)], in: client)
        _ = try tool.waitForResult(within: .seconds(10))
        var flows: [Int: ISP] = [:]
        for isp in ISP.allCases { for port in try ports(by: isp, family) { flows[port] = isp } }
        return flows
    }

    private func ports(by isp: ISP, _ family: Family) throws -> [Int] {
        let list = try namespace(of: isp).nft("list", "set", "inet", "flows", family.rawValue)
        let set = list["nftables"]?.elements?.compactMap { $0["set"] }.first
        return (set?["elem"]?.elements ?? []).compactMap(\.integer)
    }

    private static let flowRules = """
        table inet flows {
            set v4 { type inet_service; size 65535; flags dynamic; }
            set v6 { type inet_service; size 65535; flags dynamic; }
            chain seen {
                type filter hook prerouting priority -400;
                iifname "wan0" udp dport >= \(sprayPort) meta nfproto ipv4 add @v4 { udp dport }
                iifname "wan0" udp dport >= \(sprayPort) meta nfproto ipv6 add @v6 { udp dport }
            }
        }

        """
}
