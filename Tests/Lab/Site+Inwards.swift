import LabText

/// How does the far side reach into the site, and who answers there?
extension Site {
    /// The far side reaches the router's address on this provider's link through that provider.
    package func openInwards(by isp: ISP) throws {
        let uplink = isp.uplink
        let near = Site.near(isp)
        try far.ipBatch([
            "route replace \(uplink.address.v4)/32 via \(near.v4)",
            "route replace \(uplink.address.v6)/128 via \(near.v6)",
        ])
    }

    /// Datagrams to port ``echoPort`` of the client are sent back, until the site ends.
    package func startEchoAtClient() throws {
        try startEcho(at: Site.clientAddress, in: client)
    }

    /// Datagrams to port ``echoPort`` of the addresses are sent back, until the site ends.
    package func startEcho(at address: Dual, in namespace: Namespace) throws {
        let endpoints = Family.allCases.flatMap { ["--listen", address.endpoint($0, port: Site.echoPort)] }
        _ = try LabTool(["echo"] + endpoints, in: namespace)
    }

    /// Has the provider count what comes from the router and meets these conditions of nft.
    package func watch(_ isp: ISP, _ conditions: [String]) throws {
        let rules = conditions.enumerated().map { "iifname \"wan0\" \($1) counter comment \"w\($0)\"" }
        let table =
            "table inet watch { chain c { type filter hook prerouting priority -400; \(rules.joined(separator: "; ")); }; }"
        try namespace(of: isp).nft(load: "add table inet watch\ndelete table inet watch\n\(table)\n")
    }

    /// How many packets met each condition.
    package func watched(by isp: ISP) throws -> [Int] {
        let list = try namespace(of: isp).nft("list", "table", "inet", "watch")["nftables"]?.elements ?? []
        return list.compactMap { $0["rule"]?["expr"]?.elements }.map { expressions in
            expressions.compactMap { $0["counter"]?["packets"]?.integer }.first ?? 0
        }
    }

    private static func near(_ isp: ISP) -> Dual {
        switch isp {
        case .isp1: Dual(v4: "203.0.113.249", v6: "2001:db8:a:f::1")
        case .isp2: Dual(v4: "198.51.100.249", v6: "2001:db8:b:f::1")
        }
    }
}

extension Namespace {
    /// Whether the address answers one echo request within a second; if not, what the asker said.
    package func ping(_ address: String) throws -> Command.Result {
        try attempt([Programs.built("lab-tool"), "ping", "--to", address, "--timeout-ms", "1000"])
    }
}
