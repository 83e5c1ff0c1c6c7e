package import LabText
import Synchronization

/// What goes wrong on a provider's side, and how much went through it?
extension Site {
    /// The provider's gateway still answers and the carrier stays, but nothing goes through it any more, in either direction.
    ///
    /// - Returns: a moment just before the first packet could be lost.
    @discardableResult
    package func breakSilently(_ isp: ISP, families: [Family] = Family.allCases) throws -> Moment {
        let began = Moment.now
        let rules = families.map { "add rule inet lab gate meta nfproto \(Site.nfProtocol($0)) drop\n" }
        try namespace(of: isp).nft(load: "flush chain inet lab gate\n" + rules.joined())
        return began
    }

    /// A part of all packets from the router through the provider is lost, by chance; nothing else shows.
    ///
    /// - Returns: a moment just before the first packet could be lost.
    @discardableResult
    package func brownOut(_ isp: ISP, percent: Int) throws -> Moment {
        let began = Moment.now
        let rule =
            "add rule inet lab gate iifname \"\(isp.uplink.peerDevice)\" numgen random mod 100 < \(percent) drop\n"
        try namespace(of: isp).nft(load: "flush chain inet lab gate\n" + rule)
        return began
    }

    /// One address of the far side cannot be reached through the provider any more; everything else goes on.
    package func silence(_ target: Dual, over isp: ISP) throws {
        try namespace(of: isp).nft(
            load: """
                add rule inet lab gate ip daddr \(target.v4) drop
                add rule inet lab gate ip6 daddr \(target.v6) drop

                """
        )
    }

    /// Undoes ``breakSilently(_:families:)``, ``brownOut(_:percent:)`` and ``silence(_:over:)``.
    ///
    /// - Returns: a moment just after the first packet could pass.
    @discardableResult
    package func mend(_ isp: ISP) throws -> Moment {
        try namespace(of: isp).nft(load: "flush chain inet lab gate\n")
        return .now
    }

    /// The provider's end goes down: the router loses the carrier.
    ///
    /// - Returns: a moment just before.
    @discardableResult
    package func carrierDown(_ isp: ISP) throws -> Moment {
        let began = Moment.now
        try namespace(of: isp).ipBatch(["link set \(isp.uplink.peerDevice) down"])
        return began
    }

    /// The provider's end comes up again, with its addresses and routes.
    ///
    /// - Returns: a moment just after.
    @discardableResult
    package func carrierUp(_ isp: ISP) throws -> Moment {
        try namespace(of: isp).ipBatch(linesTowardsRouter(isp))
        return .now
    }

    /// The router's own end is set down by its administrator; the kernel forgets its IPv6 addresses.
    package func linkDown(_ isp: ISP) throws {
        try router.ipBatch(["link set \(isp.uplink.device) down"])
    }

    /// The router's own end is set up, with its addresses, as the host's network manager would.
    package func linkUp(_ isp: ISP) throws {
        try router.ipBatch(isp.uplink.end.lines)
    }

    /// From now on packets from the router to the far side take `time` longer; `.zero` takes that back. The round trip grows by it
    /// once, as answers come back undelayed. The gateway itself answers as before.
    package func delay(_ isp: ISP, by time: Duration) throws {
        try endDelay(isp)
        guard time > .zero else { return }
        let milliseconds = time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
        let relay = try LabTool(
            ["delay", "--device", Site.delayDevice, "--ms", String(max(1, milliseconds))],
            in: namespace(of: isp)
        )
        delays.withLock { $0[isp] = relay }
        let table = Site.delayTable
        let lines = [
            "route replace default dev \(Site.delayDevice) table \(table)",
            "rule add preference \(table) iif \(isp.uplink.peerDevice) lookup \(table)",
        ]
        // The packet passes twice; only its second passage, out to the far side, may be the one that conntrack translates.
        try namespace(of: isp).nft(load: "add rule inet lab early iifname \"\(isp.uplink.peerDevice)\" notrack\n")
        try namespace(of: isp).ipBatch(["link set \(Site.delayDevice) up"])
        for family in Family.allCases { try namespace(of: isp).ipBatch(lines, family: family) }
    }

    private func endDelay(_ isp: ISP) throws {
        guard let relay = delays.withLock({ $0.removeValue(forKey: isp) }) else { return }
        for family in Family.allCases {
            try namespace(of: isp).ipBatch(["rule delete preference \(Site.delayTable)"], family: family)
        }
        try namespace(of: isp).nft(load: "flush chain inet lab early\n")
        relay.stop()
    }

    /// How many packets from the router a provider has passed on.
    package func passed(by isp: ISP, _ family: Family) throws -> Int {
        let list = try namespace(of: isp).nft("list", "counter", "inet", "lab", "out-\(family.rawValue)")
        let counter = list["nftables"]?.elements?.compactMap { $0["counter"] }.first
        return counter?["packets"]?.integer ?? 0
    }

    private static func nfProtocol(_ family: Family) -> String {
        switch family {
        case .v4: "ipv4"
        case .v6: "ipv6"
        }
    }

    private static let delayDevice = "late0"
    private static let delayTable = 100

    /// A provider's ruleset: a gate that a fault closes, a count of what passes, and the translation of both families.
    static let carrierRules = """
        table inet lab {
            counter out-v4 { }
            counter out-v6 { }
            chain early { type filter hook prerouting priority raw; }
            chain gate { type filter hook forward priority 0; }
            chain count {
                type filter hook forward priority 10;
                iifname "wan0" meta nfproto ipv4 counter name "out-v4"
                iifname "wan0" meta nfproto ipv6 counter name "out-v6"
            }
            chain translate {
                type nat hook postrouting priority srcnat;
                oifname "\(upDevice)" masquerade
            }
        }
        """
}
