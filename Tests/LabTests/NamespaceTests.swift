import Lab
import LabText
import Testing

extension LabSuites {
    /// Do processes inside run as they should, and is building fast enough for tests that need nothing else?
    @Suite(.serialized)
    struct NamespaceTests {
        @Test(.timeLimit(.minutes(1)))
        func aSpawnedProcessHasExactlyItsAccountsCapabilities() throws {
            let lab = try RouterOnly(uplinks: 1)
            defer { lab.tearDown() }
            let account = Account(capabilities: ["net_admin", "net_raw"])
            let script = "id -u; echo $COLOUR; grep '^Cap' /proc/self/status; ip link set eth0 mtu 1400 && echo changed"
            let child = try lab.router.spawn(["sh", "-c", script], as: account, environment: ["COLOUR": "red"])
            #expect(try child.waitForEnd(within: .seconds(5)) == .exited(0))
            let said = child.output
            #expect(said.hasPrefix("61077\nred\n"))
            // CAP_NET_ADMIN is 12, CAP_NET_RAW 13: 0x3000, in all five sets.
            #expect(said.split(separator: "0000000000003000").count == 6, "\(said)")
            #expect(said.contains("changed"))
        }

        @Test(.timeLimit(.minutes(1)))
        func anAccountWithoutCapabilitiesMayChangeNothing() throws {
            let lab = try RouterOnly(uplinks: 1)
            defer { lab.tearDown() }
            let child = try lab.router.spawn(["ip", "link", "set", "eth0", "mtu", "1400"], as: Account())
            #expect(try child.waitForEnd(within: .seconds(5)) == .exited(2))
            #expect(child.errorOutput.contains("Operation not permitted"))
        }

        @Test(.timeLimit(.minutes(1)))
        func whatIpAndNftSayIsReadAsJSON() throws {
            let lab = try RouterOnly(uplinks: 3)
            defer { lab.tearDown() }
            #expect(try lab.router.ip("link", "show", "dev", "eth2")[0]?["ifindex"]?.integer == 103)
            #expect(try lab.router.ip("nexthop") == nil || lab.router.ip("nexthop") == [])
            try lab.router.nft(
                load:
                    "add table inet some; add set inet some s { type ipv4_addr; }; add element inet some s { 192.0.2.1 }"
            )
            let list = try lab.router.nft("list", "table", "inet", "some")
            let set = list["nftables"]?.elements?.compactMap { $0["set"] }.first
            #expect(set?["elem"]?[0]?.string == "192.0.2.1")
        }

        @Test(.timeLimit(.minutes(1)))
        func aCommandThatFailsNamesItselfAndWhatItSaid() throws {
            let lab = try RouterOnly(uplinks: 1)
            defer { lab.tearDown() }
            let failure = #expect(throws: Command.Failure.self) {
                try lab.router.run(["ip", "link", "set", "nothing", "up"])
            }
            #expect(failure?.status == 1)
            #expect(failure?.errorOutput.contains("nothing") == true)
        }

        @Test(.timeLimit(.minutes(1)))
        func noInterfaceShowsInTheHostsOwnNamespace() throws {
            let site = try Site()
            defer { site.tearDown() }
            let devices = TextFile.read("/proc/self/net/dev")
            for name in ["lan0:", "wan0:", "up0:", "isp1:"] { #expect(!devices.contains(name)) }
        }

        @Test(.timeLimit(.minutes(1)))
        func aRouterIsBuiltInLessThan150Milliseconds() throws {
            var times: [Double] = []
            for _ in 0..<5 {
                let began = Moment.now
                let lab = try RouterOnly(uplinks: 2)
                times.append(Moment.now.milliseconds(since: began))
                lab.tearDown()
            }
            print("router of two uplinks built in \(times.map { ($0 * 10).rounded() / 10 }) ms")
            #expect(times.sorted()[0] < 150, "the best of five: the machine may be busy, the lab may not be slow")
        }
    }
}
