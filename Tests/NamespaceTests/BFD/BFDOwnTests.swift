import Glibc
import Lab
import LabText
import NetTypes
import Probing
import Testing

extension BFDSuites {
    /// What can be seen only with both ends in hand.
    @Suite(.serialized)
    struct OwnTests {
        static let near = ["203.0.113.2", "fe80::2"]
        static let far = ["203.0.113.1", "fe80::1"]

        /// Both ends, up.
        private struct Pair {
            let site: RouterOnly
            let near: BFDRun
            let far: BFDRun

            init(as account: Account? = nil) throws {
                site = try RouterOnly(uplinks: 1)
                let tool = try site.workspace.stage(Programs.built("bfd-tool"))
                near = try BFDRun(
                    OwnTests.far.map { BFDWish(peer: $0) },
                    then: OwnTests.far.map { BFDWish(peer: $0, multiplier: 4) },
                    in: site.router,
                    as: account,
                    program: tool
                )
                far = try BFDRun(
                    OwnTests.near.map { BFDWish(device: "peer0", peer: $0) },
                    in: site.peers,
                    as: account,
                    program: tool
                )
                for peer in OwnTests.far { try near.waitUntilUp(peer, detection: 150) }
                for peer in OwnTests.near { try far.waitUntilUp(peer, detection: 150) }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func whoStopsIsNotTakenForDead() throws {
            let pair = try Pair()
            defer { pair.site.tearDown() }
            let stop = BootClock.now()
            pair.far.process.stop()
            for peer in Self.far {
                let line = try pair.near.first("an end", of: peer, after: stop) { $0.signal != "-" }
                #expect(line.signal == "bfd-admin-down")
            }
            rest(.milliseconds(500))
            #expect(pair.near.lines.allSatisfy { $0.signal != "bfd-timeout" })
        }

        /// GTSM (RFC 5881 §5): a packet that has crossed a router proves nothing about this link.
        @Test(.timeLimit(.minutes(1)))
        func packetsWithALowerHopLimitAreNotHeard() throws {
            let pair = try Pair()
            defer { pair.site.tearDown() }
            let change = BootClock.now()
            try pair.site.peers.nft(
                load: """
                    table inet far {
                        chain out {
                            type filter hook output priority 0;
                            udp dport 3784 ip ttl set 254
                            udp dport 3784 ip6 hoplimit set 254
                        }
                    }
                    """
            )
            for peer in Self.far {
                try pair.near.first("bfd-timeout", of: peer, after: change) { $0.signal == "bfd-timeout" }
            }
            #expect(pair.near.lines.allSatisfy { $0.facts["falls"]?.integer ?? 0 <= 1 })
            // They are not even read: the kernel has dropped them at the socket.
            for file in ["udp", "udp6"] {
                #expect(try Self.drops(file, in: pair.site.router) >= 2, "\(file)")
            }
        }

        /// Packets that sockets on BFD's port did not take: the last column of proc(5)'s table.
        private static func drops(_ file: String, in namespace: Namespace) throws -> Int {
            var sum = 0
            for line in try namespace.run(["cat", "/proc/net/\(file)"]).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count > 2, words[1].hasSuffix(":0EC8"), let drops = Int(words[words.count - 1]) else {
                    continue
                }
                sum += drops
            }
            return sum
        }

        /// A device may be given another name while it is up: what is on it then says nothing about the member.
        @Test(.timeLimit(.minutes(1)))
        func aDeviceThatHasAnotherNameNowIsNotTheMembersAnyMore() throws {
            let pair = try Pair()
            defer { pair.site.tearDown() }
            let change = BootClock.now()
            try pair.site.router.ipBatch(["link set eth0 name other0"])
            for peer in Self.far {
                try pair.near.first("a fall", of: peer, after: change) { $0.signal == "bfd-timeout" }
            }
            let back = BootClock.now()
            try pair.site.router.ipBatch(["link set other0 name eth0"])
            for peer in Self.far {
                try pair.near.first("up again", of: peer, after: back) { $0.signal == "success" }
            }
        }

        /// Two spinning processes on two cores; as root with real-time priority, and as an unprivileged user without.
        @Test(.timeLimit(.minutes(1)), arguments: [true, false])
        func aBusyMachineBringsNoSessionDown(isRoot: Bool) throws {
            let pair = try Pair(as: isRoot ? nil : Account(capabilities: ["net_admin", "net_raw"]))
            defer { pair.site.tearDown() }
            let isRealTime = pair.near.lines.last?.facts["isRealTime"]?.bool
            if !isRoot { #expect(isRealTime == false) }
            let spinning = try (0..<2).map { _ in try pair.site.router.spawn(["sh", "-c", "while :; do :; done"]) }
            rest(.milliseconds(5000))
            for process in spinning { process.stop(with: SIGKILL) }
            #expect(pair.near.falls == 0 && pair.far.falls == 0)
            // Another multiplier is news, and every report tells of the longest silence since the one before.
            let asked = BootClock.now()
            pair.near.process.signal(SIGUSR1)
            for peer in Self.far {
                let line = try pair.near.first("a report", of: peer, after: asked) { _ in true }
                measured(
                    "longest silence beside two spinning processes, \(isRealTime == true ? "real-time" : "normal")",
                    line.milliseconds("longestGap") ?? 0
                )
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aPassiveEndComesUpWhenItIsSpokenTo() throws {
            let site = try RouterOnly(uplinks: 1)
            defer { site.tearDown() }
            let passive = try BFDRun(Self.far.map { BFDWish(peer: $0, isPassive: true) }, in: site.router)
            rest(.milliseconds(300))
            #expect(passive.lines.allSatisfy { $0.facts["sent"]?.integer == 0 })
            _ = try BFDRun(Self.near.map { BFDWish(device: "peer0", peer: $0) }, in: site.peers)
            for peer in Self.far { try passive.waitUntilUp(peer, detection: 150) }
        }

        /// It sends nothing that would tell it that its device is there.
        @Test(.timeLimit(.minutes(1)))
        func aPassiveEndHearsOnADeviceThatComesLater() throws {
            let site = try RouterOnly(uplinks: 1)
            defer { site.tearDown() }
            try site.router.ipBatch(["link set eth0 name later0"])
            let passive = try BFDRun(Self.far.map { BFDWish(peer: $0, isPassive: true) }, in: site.router)
            for peer in Self.far { try passive.first("a first word", of: peer) { $0.state == "down" } }
            _ = try BFDRun(Self.near.map { BFDWish(device: "peer0", peer: $0) }, in: site.peers)
            try site.router.ipBatch(["link set later0 name eth0"])
            for peer in Self.far { try passive.waitUntilUp(peer, detection: 150) }
        }

        /// The device goes and comes back with another index, as a PPP link does.
        @Test(.timeLimit(.minutes(1)))
        func aDeviceThatComesBackIsSpokenOnAgain() throws {
            let pair = try Pair()
            defer { pair.site.tearDown() }
            let gone = BootClock.now()
            try pair.site.router.ipBatch(["link del eth0"])
            for peer in Self.far {
                try pair.near.first("a fall", of: peer, after: gone) { $0.state == "down" }
            }
            let uplink = pair.site.uplinks[0]
            let far = "peer name \(uplink.peerDevice) index \(uplink.peerIndex + 50) netns \(pair.site.peers.name)"
            try pair.site.router.ipBatch([
                "link add name \(uplink.device) index \(uplink.index + 50) type veth \(far)"
            ])
            let mended = BootClock.now()
            try pair.site.linkUp(0)
            try pair.site.carrierUp(0)
            for peer in Self.far {
                try pair.near.first("up again", of: peer, after: mended) { $0.signal == "success" }
            }
        }
    }
}
