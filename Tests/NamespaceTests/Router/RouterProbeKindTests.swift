import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does every kind of probe tell a far side that is well from one that is not, over its own member, in both families?
    @Suite(.serialized)
    struct ProbeKindTests {
        /// A probe, and what it must come to: `success`, or the code and a word of the detail.
        private struct Kind {
            let name: String
            let text: String
            var result = "success"
            var detail: String?
        }

        private static let asked = "[192.0.2.53, \"2001:db8:53::53\"]"

        private static func kinds(_ answerer: Answerer) -> [Kind] {
            func web(_ port: Int, _ tls: String) -> String {
                "http: \"https://www.example.com:\(port)/well\", targets: \(asked), tls: { \(tls) }"
            }
            let good = "ca: \(answerer.path(.good))"
            let ports = { (port: Int) in "[\"192.0.2.53:\(port)\", \"[2001:db8:53::53]:\(port)\"]" }
            let page = { (path: String) in "http: \"http://www.example.com\(path)\", targets: \(asked)" }
            return [
                Kind(name: "tcp", text: "tcp: \(ports(80))"),
                Kind(name: "closed", text: "tcp: \(ports(81))", result: "connection-refused"),
                Kind(name: "page", text: page("/well") + ", body: \"well for www.example.com\""),
                Kind(name: "moved", text: page("/moved") + ", expect: [200, 300-399]"),
                Kind(name: "ill", text: page("/ill"), result: "http-status", detail: "503"),
                Kind(name: "body", text: page("/well") + ", body: excellent", result: "http-body", detail: "excellent"),
                Kind(
                    name: "mute",
                    text: "http: \"http://www.example.com:25/\", targets: \(asked)",
                    result: "probe-timeout"
                ),
                Kind(name: "secure", text: web(443, good)),
                Kind(
                    name: "foreign",
                    text: web(443, "ca: \(answerer.path(.ending))"),
                    result: "tls-failed",
                    detail: "trusted"
                ),
                Kind(
                    name: "expired",
                    text: web(444, "ca: \(answerer.path(.expired))"),
                    result: "tls-failed",
                    detail: "expired"
                ),
                Kind(name: "lenient", text: web(444, "verify: false")),
                Kind(
                    name: "ending",
                    text: web(445, "ca: \(answerer.path(.ending)), expires-within: 7d"),
                    result: "certificate-expiring",
                    detail: "ends in"
                ),
                Kind(name: "noTLS", text: web(80, good), result: "tls-failed", detail: "TLS"),
                Kind(name: "name", text: dns("good.example.com")),
                Kind(name: "noName", text: dns("bad.example.com"), result: "dns-error", detail: "NXDOMAIN"),
                Kind(name: "address", text: dns("good.example.com", "expect: 192.0.2.200")),
                Kind(
                    name: "wrong",
                    text: dns("good.example.com", "expect: 192.0.2.201"),
                    result: "dns-answer",
                    detail: "192.0.2.200"
                ),
                Kind(name: "arp", text: "neighbour: true"),
            ]
        }

        private static func dns(_ name: String, _ more: String = "") -> String {
            "dns: { servers: \(asked), name: \(name)" + (more.isEmpty ? " }" : ", \(more) }")
        }

        /// Every probe watches a member of its own, all of them on the second uplink.
        private static func file(_ kinds: [Kind]) -> String {
            let probes = kinds.map { "    \($0.name): { \($0.text), every: 200ms, timeout: 180ms }" }
            let groups = kinds.map {
                "    \($0.name): { members: { only: { dev: eth1, via: { v4: 203.0.113.9, v6: fe80::1 }, probe: \($0.name) } } }"
            }
            return (["version: 1", "network:", "  probes:"] + probes + ["  groups:"] + groups).joined(separator: "\n")
                + "\n"
        }

        @Test(.timeLimit(.minutes(1)))
        func everyKindTellsWellFromIll() throws {
            let site = try RouterOnly()
            defer { site.tearDown() }
            let answerer = try Answerer.start(["192.0.2.53", "2001:db8:53::53"], in: site.peers, of: site.workspace)
            try Self.count(in: site.peers)
            let kinds = Self.kinds(answerer)
            let router = try RouterUnderTest(Self.file(kinds), in: site.router, of: site.workspace)
            try router.start()
            for kind in kinds { try expect(kind, of: router) }
            #expect(try router.alarms.contains { $0.contains("ending.only") && $0.contains("certificate ends in") })
            try everyRequestCameByItsOwnUplink(site)
            try onDemand(router)

            // And back: what answered is silent, then answers again.
            try site.peers.nft(load: "add rule inet watch in drop\nadd rule arp watch in drop\n")
            for name in ["tcp", "page", "name", "arp"] { try router.waitUntil("\(name).only", is: "down") }
            try site.peers.nft(load: "flush chain inet watch in\nflush chain arp watch in\n")
            for name in ["tcp", "page", "name", "arp"] { try router.waitUntil("\(name).only", is: "up") }
            try answersByAnotherUplinkDoNotCount(site, router)
        }

        /// The far side answers, and its answers come in by the first uplink.
        private func answersByAnotherUplinkDoNotCount(_ site: RouterOnly, _ router: RouterUnderTest) throws {
            let ways = [
                "\(site.uplinks[1].address.v4)/32 via \(site.uplinks[0].address.v4) dev peer0",
                "\(site.uplinks[1].address.v6)/128 via \(site.uplinks[0].address.v6) dev peer0",
            ]
            try site.peers.ipBatch(ways.map { "route add \($0)" })
            for name in ["tcp", "page", "name"] { try router.waitUntil("\(name).only", is: "down") }
            let members = try router.ask("show", "members").elements ?? []
            let arp = members.filter { $0["name"]?.string == "arp.only" }
            #expect(
                arp.count == 2 && arp.allSatisfy { $0["health"]?.string == "up" },
                "a neighbour answers on its link"
            )
            try site.peers.ipBatch(ways.map { "route delete \($0)" })
            for name in ["tcp", "page", "name"] { try router.waitUntil("\(name).only", is: "up") }
        }

        private func expect(_ kind: Kind, of router: RouterUnderTest) throws {
            for family in Family.allCases {
                // The first one may have been sent before the way out stood.
                let row = try eventually("\(kind.name) \(family.scope) says \(kind.result)", within: .seconds(10)) {
                    try router.ask("show", "probes").elements?.first {
                        $0["name"]?.string == kind.name && $0["scope"]?.string == family.scope
                            && $0["lastResult"]?.string == kind.result
                    }
                }
                // The wrong address is wrong in the family it is of; the other has none that is expected either.
                if let detail = kind.detail, family == .v4 || kind.name != "wrong" {
                    #expect(row["detail"]?.string?.contains(detail) == true, "\(kind.name): \(row)")
                }
                if kind.result == "success" {
                    let isWeb = row["kind"]?.string?.hasPrefix("http") == true
                    #expect(row["clock"]?.string == (isWeb ? "process" : "kernel"), "\(kind.name)")
                }
            }
        }

        /// `in` sees everything that comes by the second uplink, `stray` what comes by the first.
        private static func count(in namespace: Namespace) throws {
            try namespace.nft(
                load: """
                    table inet watch {
                        counter stray { }
                        chain in { type filter hook input priority 0; }
                        chain first {
                            type filter hook input priority -10;
                            iifname "peer0" meta l4proto { tcp, udp } counter name "stray"
                        }
                    }
                    table arp watch {
                        chain in { type filter hook input priority 0; }
                    }

                    """
            )
        }

        private func everyRequestCameByItsOwnUplink(_ site: RouterOnly) throws {
            let list = try site.peers.nft("list", "counter", "inet", "watch", "stray")
            let counter = list["nftables"]?.elements?.compactMap { $0["counter"] }.first
            #expect(counter?["packets"]?.integer == 0)
        }

        /// `martlet probe` shows each request with its way.
        private func onDemand(_ router: RouterUnderTest) throws {
            let well = try router.ask("probe", "page.only")
            let requests = well["requests"]?.elements ?? []
            #expect(requests.count == 2 && requests.allSatisfy { $0["result"]?.string == "success" }, "\(well)")
            #expect(requests.allSatisfy { $0["device"]?.string == "eth1" && $0["mark"]?.string != nil })
            #expect(Set(requests.compactMap { $0["source"]?.string }) == ["203.0.113.10", "2001:db8:2::2"])
            let ill = try router.attempt("probe", "ill.only")
            #expect(ill.status == 1 && ill.output.contains("status 503"))
            let none = try router.attempt("probe", "ill.onyl")
            #expect(none.status != 0 && none.errorOutput.contains("ill.only"), "\(none)")
        }
    }
}
