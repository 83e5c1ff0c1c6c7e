/// The prober against the real kernel, in namespaces of its own.
import Glibc
import Lab
import NetTypes
import Probing
import Testing

/// What a shared, busy machine may add to a measured time before a test calls it wrong, in milliseconds. The figure
/// itself is printed.
private let busyMachine = 250.0

@Suite(.serialized, .enabled(if: Programs.obstacle == nil, "needs root, ip, nft and setpriv"))
struct ProbingTests {
    /// A router with routes to the targets, per family, by its first uplink.
    private static func site(routes: Bool = true) throws -> RouterOnly {
        let site = try RouterOnly(uplinks: 2)
        if routes { try site.router.ipBatch(defaults(site.uplinks[0])) }
        return site
    }

    private static func defaults(_ uplink: Uplink) -> [String] {
        [
            "route replace default via \(uplink.gateway.v4) dev \(uplink.device)",
            "route replace default via \(uplink.gateway.v6) dev \(uplink.device)",
        ]
    }

    private static let targets = [Site.targets[0].v4, Site.targets[0].v6]

    private static func silence(_ rules: String) -> String {
        "table inet silence {\nchain in {\ntype filter hook prerouting priority -300\n\(rules) drop\n}\n}\n"
    }

    @Test func aSilentDeathIsKnownWithinTheBoundInBothFamilies() throws {
        let site = try Self.site()
        let wish = ProbeWish(targets: Self.targets)
        let run = try ProbeRun([wish], in: site.router)
        try run.waitUntilUp()
        // Before the command, not after: what is measured then is never too short.
        let death = BootClock.now()
        try site.peers.nft(load: Self.silence("meta l4proto icmp drop\nicmpv6 type echo-request"))
        for scope in ["ipv4", "ipv6"] {
            let down = try run.first("verdict", "down", in: scope, after: death, within: .seconds(5))
            let took = down.at.milliseconds(since: death)
            print("silent death, \(scope): down after \(took) ms, bound \(wish.bound) ms")
            #expect(took <= wish.bound + busyMachine)
        }
        try site.peers.run(["nft", "delete", "table", "inet", "silence"])
        let back = BootClock.now()
        for scope in ["ipv4", "ipv6"] {
            let up = try run.first("verdict", "up", in: scope, after: back, within: .seconds(5))
            print("return, \(scope): up after \(up.at.milliseconds(since: back)) ms")
        }
    }

    @Test func roundTripTimesAreThoseOfTheKernelsStamps() throws {
        let site = try Self.site()
        let run = try ProbeRun([ProbeWish(targets: Self.targets)], in: site.router)
        try run.waitUntilUp()
        let rtts = try eventually("twenty rounds", within: .seconds(5)) {
            let found = run.lines.compactMap(\.rtt)
            return found.count >= 20 ? found.sorted() : nil
        }
        print(
            "round-trip over veth: median \(rtts[rtts.count / 2] / 1000) us, largest \(rtts[rtts.count - 1] / 1000) us"
        )
        #expect(rtts[0] > 0 && rtts[rtts.count / 2] < 5_000_000, "a veth pair answers in microseconds")
    }

    @Test func twoMembersOnOneDeviceAreToldApartByTheirMarks() throws {
        let site = try Self.site(routes: false)
        try Self.addSecondGateway(site)
        let good = ProbeWish(name: "wan.good", mark: 0x0100_0000, targets: Self.targets)
        let bad = ProbeWish(name: "wan.bad", mark: 0x0200_0000, targets: Self.targets)
        let run = try ProbeRun([good, bad], in: site.router)
        for name in ["wan.good", "wan.bad"] { try run.waitUntilUp(name: name) }
        let death = BootClock.now()
        try site.peers.nft(load: Self.silence("iifname second0"))
        for scope in ["ipv4", "ipv6"] {
            let down = try run.first("verdict", "down", of: "wan.bad", in: scope, after: death, within: .seconds(5))
            print("one gateway of two, \(scope): down after \(down.at.milliseconds(since: death)) ms")
        }
        #expect(
            !run.lines.contains { $0.name == "wan.good" && $0.kind == "round" && $0.word != "success" && $0.at > death }
        )
    }

    /// A second gateway with an address of its own on the first link, and for each mark a table that uses one of the
    /// two.
    private static func addSecondGateway(_ site: RouterOnly) throws {
        let uplink = site.uplinks[0]
        let hardware = "02:00:00:00:00:02"
        try site.peers.ipBatch([
            "link add second0 link \(uplink.peerDevice) address \(hardware) type macvlan mode bridge",
            "link set second0 up",
        ])
        let (second4, second6) = ("203.0.113.3", "2001:db8:1::3")
        try site.router.ipBatch([
            "neigh replace \(second4) lladdr \(hardware) dev \(uplink.device) nud permanent",
            "neigh replace \(second6) lladdr \(hardware) dev \(uplink.device) nud permanent",
        ])
        for (mark, gateways) in [
            (0x0100_0000, (uplink.gateway.v4, uplink.gateway.v6)), (0x0200_0000, (second4, second6)),
        ] {
            let table = mark == 0x0100_0000 ? 7001 : 7002
            for (family, gateway) in [(Family.v4, gateways.0), (.v6, gateways.1)] {
                try site.router.ipBatch(
                    [
                        "rule add fwmark \(mark) lookup \(table) pref \(table)",
                        "route add default via \(gateway) dev \(uplink.device) table \(table)",
                    ],
                    family: family
                )
            }
        }
    }

    @Test func anAnswerThatComesInByAnotherDeviceDoesNotCountAndIsSaid() throws {
        let site = try Self.site()
        let uplinks = site.uplinks
        let run = try ProbeRun([ProbeWish(targets: Self.targets)], in: site.router)
        try run.waitUntilUp()
        let start = BootClock.now()
        // The far side sends its answers to the first uplink's address over the second one.
        try site.peers.ipBatch([
            "route add \(uplinks[0].address.v4)/32 via \(uplinks[1].address.v4) dev \(uplinks[1].peerDevice)",
            "route add \(uplinks[0].address.v6)/128 via \(uplinks[1].address.v6) dev \(uplinks[1].peerDevice)",
        ])
        for scope in ["ipv4", "ipv6"] {
            _ = try run.first("round", "answered-elsewhere", in: scope, after: start, within: .seconds(5))
            _ = try run.first("verdict", "down", in: scope, after: start, within: .seconds(5))
        }
        try site.peers.ipBatch([
            "route delete \(uplinks[0].address.v4)/32", "route delete \(uplinks[0].address.v6)/128",
        ])
        let back = BootClock.now()
        for scope in ["ipv4", "ipv6"] {
            _ = try run.first("verdict", "up", in: scope, after: back, within: .seconds(5))
        }
    }

    /// A device may be given another name while it is up: what answers on it then says nothing about the member.
    @Test func aDeviceThatHasAnotherNameNowIsNotTheMembersAnyMore() throws {
        let site = try Self.site()
        let run = try ProbeRun([ProbeWish(targets: Self.targets)], in: site.router)
        try run.waitUntilUp()
        let change = BootClock.now()
        try site.router.ipBatch(["link set eth0 name other0"])
        for scope in ["ipv4", "ipv6"] {
            _ = try run.first("round", "no-device", in: scope, after: change, within: .seconds(5))
            _ = try run.first("verdict", "down", in: scope, after: change, within: .seconds(5))
        }
        let back = BootClock.now()
        try site.router.ipBatch(["link set other0 name eth0"])
        for scope in ["ipv4", "ipv6"] {
            _ = try run.first("verdict", "up", in: scope, after: back, within: .seconds(5))
        }
    }

    @Test func aDeviceThatVanishesAndComesBackIsProbedAgain() throws {
        let site = try Self.site()
        let run = try ProbeRun([ProbeWish(targets: [Site.targets[0].v4])], in: site.router)
        try run.waitUntilUp(["ipv4"])
        let gone = BootClock.now()
        try site.router.ipBatch(["link del eth0"])
        let missed = try run.first("round", "no-device", in: "ipv4", after: gone, within: .seconds(5))
        print("device gone: first failure after \(missed.at.milliseconds(since: gone)) ms")
        _ = try run.first("verdict", "down", in: "ipv4", after: gone, within: .seconds(5))
        try Self.remake(site)
        let back = BootClock.now()
        let up = try run.first("verdict", "up", in: "ipv4", after: back, within: .seconds(5))
        print("device back: up after \(up.at.milliseconds(since: back)) ms")
        #expect(run.process.isRunning)
    }

    /// The same names with other interface indexes.
    private static func remake(_ site: RouterOnly) throws {
        let uplink = site.uplinks[0]
        try site.router.ipBatch([
            "link add name \(uplink.device) index 301 type veth "
                + "peer name \(uplink.peerDevice) index 401 netns \(site.peers.name)",
            "addr add \(uplink.address.v4)/29 dev \(uplink.device)", "link set \(uplink.device) up",
        ])
        try site.peers.ipBatch([
            "addr add \(uplink.gateway.v4)/29 dev \(uplink.peerDevice)", "link set \(uplink.peerDevice) up",
        ])
        try site.router.ipBatch(["route replace default via \(uplink.gateway.v4) dev \(uplink.device)"])
    }

    @Test func aDeviceThatIsDownFailsWithItsCauseAndWithoutBusyLoop() throws {
        let site = try Self.site()
        let run = try ProbeRun([ProbeWish(targets: Self.targets)], in: site.router)
        try run.waitUntilUp()
        let start = BootClock.now()
        try site.linkDown(0)
        for scope in ["ipv4", "ipv6"] {
            _ = try run.first("verdict", "down", in: scope, after: start, within: .seconds(5))
        }
        let words = Set(
            run.lines.filter { $0.kind == "round" && $0.at > start + .milliseconds(200) }.map { String($0.word) }
        )
        print("device down: \(words.sorted())")
        #expect(words.isSubset(of: ["no-route", "device-down", "probe-timeout"]))
        let rounds = run.lines.filter { $0.kind == "round" && $0.at > start }.count
        let most = 2 * (BootClock.now().milliseconds(since: start) / 100 + 2)
        #expect(Double(rounds) <= most, "a verdict an interval and scope, no more")
    }

    @Test func aMissingDeviceAtTheStartIsOnlyAFailure() throws {
        let site = try Self.site()
        let start = BootClock.now()
        let run = try ProbeRun([ProbeWish(device: "ppp9", targets: Self.targets)], in: site.router)
        _ = try run.first("verdict", "down", in: "ipv6", after: start, within: .seconds(5))
        #expect(run.lines.filter { $0.kind == "round" }.allSatisfy { $0.word == "no-device" })
    }

    @Test func anUnreachableErrorFailsTheRoundAtOnce() throws {
        let site = try Self.site()
        try site.peers.sysctl([("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1")])
        try site.peers.ipBatch(["route add unreachable 192.0.2.99", "route add unreachable 2001:db8:53::99"])
        let wish = ProbeWish(interval: 1000, timeout: 900, targets: ["192.0.2.99", "2001:db8:53::99"])
        let run = try ProbeRun([wish], in: site.router)
        let start = Instant(nanoseconds: 0)
        for scope in ["ipv4", "ipv6"] {
            _ = try run.first("round", "probe-unreachable", in: scope, after: start, within: .seconds(5))
        }
    }

    @Test func aProberThatIsHeldUpBlamesNobody() throws {
        let site = try Self.site()
        let run = try ProbeRun([ProbeWish(targets: Self.targets)], in: site.router)
        try run.waitUntilUp()
        let start = BootClock.now()
        for _ in 0..<5 {
            run.process.signal(SIGSTOP)
            rest(.milliseconds(333))
            run.process.signal(SIGCONT)
            rest(.milliseconds(150))
        }
        let rounds = run.lines.filter { $0.kind == "round" && $0.at > start }
        #expect(rounds.count >= 5, "it did probe in between")
        #expect(rounds.allSatisfy { $0.word == "success" })
    }

    @Test func anUnprivilegedUserWithTwoCapabilitiesProbes() throws {
        let site = try Self.site()
        let program = try site.workspace.stage(try Programs.built("probe-tool"))
        let account = Account(capabilities: ["net_raw", "net_admin"])
        let wish = ProbeWish(mark: 0x0100_0000, targets: Self.targets)
        let run = try ProbeRun([wish], in: site.router, as: account, program: program)
        try run.waitUntilUp()
    }

    @Test func withoutCapabilitiesTheCauseIsNotPermitted() throws {
        let site = try Self.site()
        let program = try site.workspace.stage(try Programs.built("probe-tool"))
        let start = BootClock.now()
        let run = try ProbeRun([ProbeWish(targets: Self.targets)], in: site.router, as: Account(), program: program)
        _ = try run.first("round", "not-permitted", in: "ipv4", after: start, within: .seconds(5))
    }
}
