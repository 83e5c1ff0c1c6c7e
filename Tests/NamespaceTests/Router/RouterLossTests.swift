import Lab
import LabText
import Testing

extension RouterSuites {
    /// Is the operator told what goes along with a next hop, and whether a gateway answers?
    @Suite(.serialized)
    struct LossTests {
        private static let routes = [
            "-4 route add 10.98.0.0/16 nhid %4 proto bird", "-6 route add 2001:db8:98::/48 nhid %6 proto bird",
        ]

        @Test(.timeLimit(.minutes(1)))
        func aPlanAndAnApplyNameTheStrangersRoutesThatGoAlong() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let state = try KernelState(of: lab.router)
            let ids = try Family.allCases.map { try #require(state.route("default", $0)?.nexthop) }
            for line in Self.routes {
                let words = line.replacing("%4", with: "\(ids[0])").replacing("%6", with: "\(ids[1])").split(
                    separator: " "
                )
                try lab.router.run(["ip"] + words.map(String.init))
            }
            try lab.router.ipBatch(["nexthop add id 9 group \(try member(of: ids[0], state)) proto static"])
            // Another shape is another group: what leans on the old one goes with it.
            try router.write(Self.resilient)
            let named = ["10.98.0.0/16", "2001:db8:98::/48"]
            func tells(_ losses: [String]) -> Bool {
                named.allSatisfy { prefix in losses.contains { $0.contains(prefix) && $0.contains("protocol bird") } }
            }
            try eventually("the plan to know of them", within: RouterUnderTest.patience) {
                tells(try losses(router.ask("plan", router.configurationPath)))
            }
            #expect(
                try KernelState(of: lab.router).strangers.routes.count { $0.owner == "bird" } == 2,
                "a plan does nothing"
            )
            #expect(tells(try losses(router.ask("apply", router.configurationPath, "--no-confirm"))))
            try router.waitForJournal("10.98.0.0/16")
            let after = try KernelState(of: lab.router)
            #expect(after.strangers.routes.allSatisfy { $0.owner != "bird" }, "the kernel did as was said")
            #expect(after.nexthops[9] != nil, "its members stayed")
            #expect(try losses(router.ask("plan", router.configurationPath)) == [])
            try router.write(
                "version: 1\nnetwork: { groups: { wan: { members: { only: { dev: eth1, via: 203.0.113.9 } } } } }\n"
            )
            let last = try losses(router.ask("plan", router.configurationPath))
            #expect(last.contains { $0.contains("id 9 group") && $0.contains("protocol static") }, "\(last)")
        }

        private static let resilient = RouterFile.links().replacingFirst(
            "members:",
            with: "flows: resilient\n      members:"
        )

        private func member(of group: Int, _ state: KernelState) throws -> Int {
            let members = try #require(state.nexthops[group]?.group.keys)
            return try #require(members.first { state.nexthops[$0]?.device == "eth0" })
        }

        private func losses(_ reply: JSON) throws -> [String] {
            try #require(reply["losses"]?.elements).compactMap(\.string)
        }

        /// Asked when somebody looks, with what the kernel itself found out.
        @Test(.timeLimit(.minutes(1)))
        func aGatewaysNeighbourEntryIsShown() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let (here, dead) = (lab.uplinks[0], lab.uplinks[1])
            for flag in ["-4", "-6"] { try lab.router.run(["ip", flag, "neigh", "flush", "all"]) }
            // Nobody answers for the second gateway any more, though its link is well.
            try lab.peers.ipBatch(["addr flush dev \(dead.peerDevice)"])
            for family in Family.allCases {
                for uplink in [here, dead] {
                    let gateway = family == .v4 ? uplink.gateway.v4 : "\(Uplink.gatewayLinkLocal)%\(uplink.device)"
                    try lab.router.run(["python3", "-c", Self.sender, gateway])
                }
            }
            let hardware = try #require(lab.peers.ip("link", "show", here.peerDevice)[0]?["address"]?.string)
            for family in Family.allCases {
                let answers = try neighbour("wan.first", family, router)
                #expect(answers.hasSuffix(" " + hardware), "\(family): \(answers)")
                #expect(["reachable", "stale", "delay", "probe"].contains { answers.hasPrefix($0) }, "\(answers)")
                try eventually("a failed entry, \(family)", within: RouterUnderTest.patience, every: .milliseconds(50))
                {
                    ["failed", "incomplete"].contains(try neighbour("wan.second", family, router))
                }
            }
            let steps = try router.ask("explain", "route", "198.51.100.7")["steps"]?.elements ?? []
            let words = steps.compactMap { $0["words"]?.string }
            #expect(
                words.contains { $0.contains("wan.first") && $0.contains("its gateway 203.0.113.1 is ") },
                "\(words)"
            )
            #expect(words.contains { $0.contains("its gateway 203.0.113.9 does not answer") }, "\(words)")
        }

        /// One datagram to whoever is there: the kernel looks for its link-layer address.
        private static let sender = """
            import socket, sys
            family, kind, _, _, address = socket.getaddrinfo(sys.argv[1], 9, type=socket.SOCK_DGRAM)[0]
            socket.socket(family, kind).sendto(b'?', address)
            """

        private func neighbour(_ member: String, _ family: Family, _ router: RouterUnderTest) throws -> String {
            let rows = try router.ask("show", "members").elements ?? []
            let row = rows.first { $0["name"]?.string == member && $0["scope"]?.string == family.scope }
            return try #require(row?["neighbour"]?.string)
        }
    }
}
