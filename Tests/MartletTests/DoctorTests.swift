/// What the doctor says of a host: a fact a row, and what follows from it.
import ConfigModel
import ConfigYAML
import Forwarding
import Kernel
import NetTypes
import Testing

@testable import martlet

@Suite struct DoctorTests {
    /// A host on which all is well, for a site of two uplinks.
    private static let well: HostFacts = {
        var facts = HostFacts()
        let text = """
            version: 1
            network:
              probes: { far: { icmp: [192.0.2.53] } }
              groups:
                wan:
                  members:
                    fiber: { dev: eth0, via: { v4: 203.0.113.1, v6: "fe80::1" }, weight: 3, probe: far }
                    cable: { dev: eth1.7, via: { v4: 198.51.100.1, v6: "fe80::1" }, probe: far }
              routes: { default: wan }

            """
        facts.configuration = LocalConfiguration(texts: [("martlet.yaml", Array(text.utf8))]).checked.configuration
        facts.sysctls = [
            "net/ipv4/conf/all/rp_filter": 0, "net/ipv4/conf/eth0/rp_filter": 2, "net/ipv4/conf/eth1.7/rp_filter": 0,
            "net/ipv4/fib_multipath_hash_policy": 1, "net/ipv6/fib_multipath_hash_policy": 1,
            "net/ipv4/nexthop_compat_mode": 0, "net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1,
        ]
        facts.features = Set(KernelFeature.allCases)
        facts.isClockSynchronised = true
        facts.files = [SeenFile(path: "martlet.yaml", kind: .configuration, mode: 0o640)]
        facts.daemonCapabilities = 0x3400
        facts.kernel = SeenKernel(links: [], routes: ours, rules: [rule(7001, table: 7001, mark: 0x100_0000, by: 219)])
        return facts
    }()

    private static func route(
        _ prefix: String,
        table: UInt32 = 254,
        metric: UInt32 = 77,
        by owner: UInt8 = 219,
        _ action: Route.Action = .nexthop(NexthopID(0x4D41_0001))
    ) -> ListedRoute {
        let key = Route.Key(table: table, prefix: try! IPPrefix(parsing: prefix), metric: metric)
        return ListedRoute(Route(key: key, action: action, routeProtocol: owner), hops: [])
    }

    private static func rule(
        _ preference: UInt32,
        table: UInt32,
        mark: UInt32 = 0,
        mask: UInt32 = 0xFF00_0000,
        by owner: UInt8 = 3
    ) -> Rule {
        Rule(family: .v4, preference: preference, mark: mark, mask: mask, table: table, routeProtocol: owner)
    }

    private static let ours = [
        route("0.0.0.0/0"), route("::/0"), route("0.0.0.0/0", table: 7001, metric: 77),
        route("0.0.0.0/0", table: 7001, metric: 4_294_967_295, .unreachable),
    ]

    struct Case: Sendable, CustomTestStringConvertible {
        let code: String
        let severity: Finding.Severity
        let why: String
        /// A part of the fix.
        let fix: String
        let change: @Sendable (inout HostFacts) -> Void
        var testDescription: String { "\(code): \(why)" }

        init(
            _ code: String,
            _ severity: Finding.Severity,
            _ why: String,
            fix: String,
            _ change: @escaping @Sendable (inout HostFacts) -> Void
        ) {
            (self.code, self.severity, self.why, self.fix, self.change) = (code, severity, why, fix, change)
        }
    }

    static let cases: [Case] = [
        Case("networkd", .fights, "it runs as shipped", fix: "ManageForeignRoutes=no") { $0.networkd = [] },
        Case("networkd", .fights, "one switch is on", fix: "printf '[Network]\\nManageForeignNextHops=no\\n'") {
            $0.networkd = [
                "[Network]\nManageForeignRoutes = no\n", "[Network]\nManageForeignRoutingPolicyRules=false\n",
            ]
        },
        Case("networkd", .fights, "the last word counts", fix: "ManageForeignRoutes=no") {
            $0.networkd = ["ManageForeignRoutes=no\n", "ManageForeignRoutes=yes\n"]
        },
        Case("network-manager", .note, "it runs", fix: "nmcli") { $0.networkManagerRuns = true },
        Case("nftables-flush", .fights, "the shipped file", fix: "destroy table") {
            $0.nftablesFile = "#!/usr/sbin/nft -f\n\nflush  ruleset\n"
        },
        Case("rp-filter", .fights, "strict on one uplink", fix: "sysctl -w net/ipv4/conf/eth1.7/rp_filter=2") {
            $0.sysctls["net/ipv4/conf/eth1.7/rp_filter"] = 1
        },
        Case("rp-filter", .fights, "strict for all", fix: "sysctl -w net/ipv4/conf/eth1.7/rp_filter=2") {
            $0.sysctls["net/ipv4/conf/all/rp_filter"] = 1
        },
        Case("hash-policy", .note, "addresses alone", fix: "sysctl -w net/ipv6/fib_multipath_hash_policy=1") {
            $0.sysctls["net/ipv6/fib_multipath_hash_policy"] = 0
        },
        Case("nexthop-compat", .note, "every route is announced", fix: "nexthop_compat_mode=0") {
            $0.sysctls["net/ipv4/nexthop_compat_mode"] = 1
        },
        Case("forwarding", .note, "off", fix: "sysctl -w net/ipv4/ip_forward=1") {
            $0.sysctls["net/ipv4/ip_forward"] = 0
        },
        Case("accept-ra", .note, "forwarding stops it", fix: "sysctl -w net/ipv6/conf/eth0/accept_ra=2") {
            ($0.sysctls["net/ipv6/conf/eth0/forwarding"], $0.sysctls["net/ipv6/conf/eth0/accept_ra"]) = (1, 1)
        },
        Case("nexthop-ids", .fights, "a stranger's id", fix: "ip nexthop del id 1296113700") {
            $0.nexthops = [Nexthop(id: NexthopID(1_296_113_700), family: .v4, kind: .blackhole, routeProtocol: 11)]
        },
        Case("rule-preference", .fights, "in our band", fix: "ip -4 rule del pref 7500") {
            $0.kernel.rules.append(rule(7500, table: 100))
        },
        Case("table", .fights, "in our tables", fix: "ip route flush table 7500 proto 3") {
            $0.kernel.routes.append(route("10.0.0.0/8", table: 7500, by: 3))
        },
        Case("mark", .fights, "our bits", fix: "network.ownership.marks") {
            $0.kernel.rules.append(rule(900, table: 100, mark: 0x100_0000, mask: 0xFF00_0000))
        },
        Case("kernel-feature", .fights, "nothing works without", fix: "Linux 5.17") {
            $0.features?.remove(.nexthopObjects)
        },
        Case("kernel-feature", .note, "some things do not", fix: "Linux 6.12") { $0.features?.remove(.wideWeights) },
        Case("features", .note, "not root", fix: "sudo") { $0.features = nil },
        Case("file-mode", .fights, "anybody may write it", fix: "chmod go-w martlet.yaml") {
            $0.files = [SeenFile(path: "martlet.yaml", kind: .configuration, mode: 0o646)]
        },
        Case("secret-mode", .fights, "anybody may read it", fix: "chmod 0600 /k") {
            $0.files = [SeenFile(path: "/k", kind: .secret, mode: 0o640)]
        },
        Case("secret", .fights, "it is not there", fix: "0600") {
            $0.files = [SeenFile(path: "/k", kind: .secret, mode: nil)]
        },
        Case("clock", .note, "nothing keeps it", fix: "timesyncd") { $0.isClockSynchronised = false },
        Case("capabilities", .fights, "one was taken away", fix: "restart") { $0.daemonCapabilities = 0x1000 },
        Case("file", .note, "no file", fix: "martlet check") { $0.fileTrouble = "not there" },
    ]

    @Test func aHostOnWhichAllIsWellGivesNoFinding() throws {
        _ = try #require(Self.well.network)
        let doctor = Doctor(facts: Self.well)
        #expect(doctor.findings == [])
        #expect(doctor.leaks == [])
        #expect(DoctorReport(findings: []).text(.plain) == "nothing on this host will fight us")
    }

    @Test(arguments: cases) func aFactGivesItsFindingWithItsFix(one: Case) {
        var facts = Self.well
        one.change(&facts)
        let findings = Doctor(facts: facts).findings
        #expect(Set(findings.map(\.code)) == [one.code], "this and no other")
        #expect(findings.contains { $0.severity == one.severity && $0.fix?.contains(one.fix) == true }, "\(findings)")
        #expect(DoctorReport(findings: findings).isWell == (one.severity == .note))
    }

    static let leaks: [Case] = [
        Case("leak-default", .fights, "in front of ours", fix: "ip -4 route del default metric 0 proto 3") {
            $0.kernel.routes.append(route("0.0.0.0/0", metric: 0, by: 3))
        },
        Case("leak-family", .fights, "IPv6 leaves as it likes", fix: "ipv6 gateway") {
            $0.kernel.routes = ours.filter { $0.route.key.prefix.family == .v4 } + [route("::/0", metric: 1024, by: 9)]
        },
        Case("leak-table", .fights, "open to the next table", fix: "martlet apply") {
            $0.kernel.routes = ours.filter { $0.route.action != .unreachable }
        },
    ]

    @Test(arguments: leaks) func aLeakIsFound(one: Case) {
        var facts = Self.well
        one.change(&facts)
        let findings = Doctor(facts: facts).leaks
        #expect(findings.map(\.code) == [one.code])
        #expect(
            findings.first?.severity == one.severity && findings.first?.fix?.contains(one.fix) == true,
            "\(findings)"
        )
    }

    @Test func whatHasNoConfigurationIsJudgedByTheDefaultWindows() {
        var facts = Self.well
        facts.configuration = nil
        facts.sysctls["net/ipv4/conf/all/rp_filter"] = 1
        facts.kernel.rules.append(Self.rule(7500, table: 100))
        #expect(Doctor(facts: facts).findings.map(\.code) == ["rule-preference"], "no members, no filter to mind")
    }

    @Test func theWorstComesFirst() {
        var facts = Self.well
        facts.isClockSynchronised = false
        facts.features?.remove(.nexthopObjects)
        facts.sysctls["net/ipv4/ip_forward"] = 0
        let report = DoctorReport(findings: Doctor(facts: facts).findings)
        #expect(report.findings.map(\.severity) == [.fights, .note, .note])
        #expect(report.text(.plain).hasSuffix("1 thing will fight us"))
    }
}
