import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// BIRD or FRR beside martletd in one router: nobody touches the other's objects, and health decides what BGP announces.
    @Suite(.serialized)
    struct CoexistenceTests {
        /// Announced while the group has somebody healthy.
        private static let announced = Dual(v4: "198.18.0.0/24", v6: "2001:db8:f00::/48")
        /// The other daemon's own.
        private static let theirs = Dual(v4: "198.19.0.0/16", v6: "2001:db8:bad::/48")

        /// One uplink that probes watch; BGP runs over the other, which is not ours.
        private static func file(_ more: String = "", routes: String = "") -> String {
            """
            version: 1
            network:
              probes:
                far: { icmp: [192.0.2.53, "2001:db8:53::53"], every: 40ms, timeout: 30ms, down-after: 3, up-after: 3 }
              groups:
                wan:
                  members:
                    first: { dev: eth0, via: { v4: 203.0.113.1, v6: fe80::1 }, probe: far }
              routes:
                10.20.0.0/16: wan
                "2001:db8:2020::/48": wan
                \(announced.v4): { use: unreachable, while: wan }
                "\(announced.v6)": { use: unreachable, while: wan }
            \(routes)\(more)

            """
        }

        private struct Stage {
            let site: RouterOnly
            let beside: RoutingDaemon
            let peer: RoutingDaemon
            let router: RouterUnderTest

            init(_ kind: RoutingDaemon.Kind, compatible: Bool, file: String = CoexistenceTests.file()) throws {
                site = try RouterOnly(sysctls: [("net.ipv4.nexthop_compat_mode", compatible ? "1" : "0")])
                let (ours, gateway) = (site.uplinks[1].address, site.uplinks[1].gateway)
                let duty = RoutingDaemon.Duty(
                    number: 65001,
                    peerNumber: 65000,
                    neighbours: Family.allCases.map { .init(family: $0, local: ours[$0], remote: gateway[$0]) },
                    announced: [CoexistenceTests.announced],
                    own: (CoexistenceTests.theirs, gateway)
                )
                let facing = RoutingDaemon.Duty(
                    number: 65000,
                    peerNumber: 65001,
                    neighbours: Family.allCases.map { .init(family: $0, local: gateway[$0], remote: ours[$0]) },
                    isPassive: true
                )
                beside = try RoutingDaemon(kind, duty, in: site.router, of: site.workspace)
                peer = try RoutingDaemon(.bird, facing, in: site.peers, of: site.workspace)
                router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            }

            func waitForPeer(toKnow isKnown: Bool, _ what: String) throws {
                for family in Family.allCases {
                    let prefix = CoexistenceTests.announced[family]
                    try eventually(
                        "\(what): the peer \(isKnown ? "knows" : "forgets") \(prefix)",
                        within: RoutingDaemon.patience,
                        every: .milliseconds(20)
                    ) { try peer.knows(prefix) == isKnown }
                }
            }

            /// Until its own route is there in both families.
            func waitForBeside() throws {
                try eventually("\(beside.kind)'s own routes", within: RoutingDaemon.patience) {
                    let strangers = try KernelState(of: site.router).strangers.routes.map(\.destination)
                    return Family.allCases.allSatisfy { strangers.contains(CoexistenceTests.theirs[$0]) }
                }
            }

            /// What the probes send and get stops; links and neighbours stay.
            func breakSilently() throws {
                try site.peers.nft(
                    load: """
                        table inet cut {
                            chain in { type filter hook input priority 0; iifname "peer0" drop; }
                        }

                        """
                )
            }

            func mend() throws { try site.peers.nft(load: "delete table inet cut\n") }
        }

        @Test(
            .timeLimit(.minutes(2)),
            arguments: [(RoutingDaemon.Kind.bird, false), (.bird, true), (.frr, false), (.frr, true)]
        )
        func healthAddsAndRemovesWhatBGPAnnouncesAndRestartsTouchNothing(
            kind: RoutingDaemon.Kind,
            compatible: Bool
        ) throws {
            let stage = try Stage(kind, compatible: compatible)
            defer { stage.site.tearDown() }
            try stage.beside.start()
            try stage.peer.start()
            try stage.waitForBeside()
            let alone = try KernelState(of: stage.site.router).strangers
            try stage.router.start()
            try stage.router.waitUntil("wan.first", is: "up")
            try stage.waitForPeer(toKnow: true, "at first, \(stage.beside.words) \(stage.peer.words)")
            let whole = try KernelState(of: stage.site.router)
            expectKept(alone, in: whole)
            try announce(stage)
            let after = try KernelState(of: stage.site.router)
            #expect(after.ours == whole.ours)
            expectKept(alone, in: after)
            try restartBeside(stage, whole, by: compatible ? SIGKILL : SIGTERM)
            try restartOurs(stage, whole)
        }

        /// Theirs are as they were. Zebra may have made more next hops: it numbers one for each route that it learns.
        private func expectKept(_ strangers: KernelState, in state: KernelState) {
            #expect(state.strangers.routes == strangers.routes)
            #expect(state.strangers.rules == strangers.rules && state.strangers.tables == strangers.tables)
            #expect(strangers.nexthops.allSatisfy { state.nexthops[$0.key] == $0.value })
        }

        private func announce(_ stage: Stage) throws {
            let death = Moment.now
            try stage.breakSilently()
            try stage.waitForPeer(toKnow: false, "down")
            measured(
                "silent death of the uplink to the peer's forgetting both prefixes, \(stage.beside.kind)",
                Moment.now.milliseconds(since: death)
            )
            let pending = (try stage.router.ask("show", "routes").elements ?? []).filter {
                $0["object"]?.string == Self.announced.v4
            }
            #expect(pending.first?["state"]?.string == "pending", "\(pending)")
            try stage.mend()
            try stage.waitForPeer(toKnow: true, "up again")
            try stage.router.waitUntilSettled()
        }

        /// However it ends: ours stay, and it finds them again.
        private func restartBeside(_ stage: Stage, _ whole: KernelState, by signal: CInt) throws {
            stage.beside.end(with: signal)
            #expect(try KernelState(of: stage.site.router).ours == whole.ours)
            try stage.waitForPeer(toKnow: false, "without \(stage.beside.kind)")
            try stage.beside.start()
            try stage.waitForBeside()
            try stage.waitForPeer(toKnow: true, "after \(stage.beside.kind) was ended by \(signal)")
            #expect(try KernelState(of: stage.site.router).ours == whole.ours)
            #expect(try stage.router.plan().changes.isEmpty)
        }

        /// Whichever way martletd ends: theirs stay, and the peer hears nothing of it.
        private func restartOurs(_ stage: Stage, _ whole: KernelState) throws {
            let theirs = try KernelState(of: stage.site.router).strangers
            let listener = try NetlinkListener(in: stage.site.router)
            let began = Moment.now
            for signal in [SIGTERM, SIGKILL] {
                try stage.router.end(with: signal)
                try stage.router.start()
                try stage.router.waitUntil("wan.first", is: "up")
            }
            let routes = listener.changes(since: began).filter {
                $0.type.contains("route") && $0.details["protocol"]?.string == KernelState.ourProtocol
            }
            #expect(routes.isEmpty, "no route came or went: \(routes.map(\.details))")
            let state = try KernelState(of: stage.site.router)
            #expect(state.ours == whole.ours)
            expectKept(theirs, in: state)
            for family in Family.allCases {
                #expect(try stage.peer.knows(Self.announced[family]), "\(stage.beside.words) \(stage.peer.words)")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: [(RoutingDaemon.Kind.bird, 32), (.frr, 20)])
        func planNamesWhatOfTheirsIsInTheWay(kind: RoutingDaemon.Kind, metric: Int) throws {
            let window = "  ownership: { metric: \(metric) }"
            let stage = try Stage(kind, compatible: false, file: Self.file(window))
            defer { stage.site.tearDown() }
            try stage.beside.start()
            try stage.waitForBeside()
            try stage.router.start()
            // The same prefix at the same metric in the same table: the kernel has room for one of them.
            let routes = "    \(Self.theirs.v4): { via: 203.0.113.1 }\n"
            try stage.router.write(Self.file(window, routes: routes))
            let plan = try stage.router.plan()
            #expect(plan.conflicts.contains { $0.contains(Self.theirs.v4) }, "\(plan.conflicts)")
            #expect(!plan.changes.contains { $0.contains(Self.theirs.v4) })
        }
    }
}
