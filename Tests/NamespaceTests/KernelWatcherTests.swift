import Forwarding
import Foundation
import Glibc
import NetTypes
import Synchronization
import Testing

@testable import Kernel

/// What strangers do in a real kernel, as the watcher tells it.
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelWatcherTests {
    @Test func everyFamilyThatIsAskedForIsReadOnce() throws {
        try inNewNetwork {
            try connectVethPair()
            try run("ip route add 192.0.2.0/24 via 10.0.0.2")
            let witness = Witness()
            let watcher = try KernelWatcher(
                table: KernelWatcher.Table(name: "martlet", ownPorts: []),
                observe: witness.observe
            )
            defer { watcher.stop() }
            watcher.readEverything()
            try witness.waitFor("all dumps") { seen in
                KernelFamily.allCases.allSatisfy { seen.contains(.dumpEnded($0)) }
            }
            let seen = witness.observations
            for family in KernelFamily.allCases {
                let began = try #require(seen.firstIndex(of: .dumpBegan(family)))
                #expect(try began < #require(seen.firstIndex(of: .dumpEnded(family))))
            }
            #expect(seen.contains(.ruleset(RulesetReading(state: nil))))
            // The watcher's dumps and a snapshot are the same reading.
            #expect(try Set(witness.reports) == Set(KernelSnapshot.read(table: nil).reports))
        }
    }

    @Test func strangersChangesAreReported() throws {
        let stranger = Route(
            key: Route.Key(table: 254, prefix: prefix("192.0.2.0/24"), metric: 5),
            action: .inline(gateway: IPAddress("10.0.0.2"), interface: 11),
            routeProtocol: 4
        )
        let hop = Nexthop(id: NexthopID(5), family: .v4, kind: via("10.0.0.2"), routeProtocol: 0)
        let bundle = Nexthop(id: NexthopID(6), family: .v4, kind: group((5, 7)), routeProtocol: 0)
        let address = InterfaceAddress(
            interface: 11,
            address: IPAddress("10.0.9.1")!,
            prefixLength: 24,
            isTentative: false
        )
        let cases: [(String, KernelReport)] = [
            ("ip route add 192.0.2.0/24 via 10.0.0.2 metric 5 proto static", .route(stranger)),
            ("ip route del 192.0.2.0/24 metric 5", .routeGone(stranger)),
            ("ip nexthop add id 5 via 10.0.0.2 dev a", .nexthop(hop)),
            ("ip nexthop add id 6 group 5,7", .nexthop(bundle)),
            ("ip nexthop del id 6", .nexthopGone(NexthopID(6))),
            ("ip addr add 10.0.9.1/24 dev a", .address(address)),
            ("ip addr del 10.0.9.1/24 dev a", .addressGone(address)),
            ("ip rule add pref 100 from 10.0.0.0/8 table 9", .rule(strangersRule(.v4, 100, from: "10.0.0.0/8"))),
            ("ip -6 rule add pref 101 from fd00::/8 table 9", .rule(strangersRule(.v6, 101, from: "fd00::/8"))),
            ("ip rule del pref 100", .ruleGone(strangersRule(.v4, 100, from: "10.0.0.0/8"))),
            (
                "ip link set dev b down",
                .link(Link(index: 11, name: "a", isUp: true, hasCarrier: false, isLoopback: false))
            ),
            ("ip link del dev a", .linkGone(index: 11)),
        ]
        try inNewNetwork {
            try connectVethPair()
            let witness = Witness()
            let watcher = try KernelWatcher(table: nil, observe: witness.observe)
            defer { watcher.stop() }
            watcher.readEverything()
            try witness.waitFor("the first dumps") { $0.filter(\.isEndOfDump).count == 5 }
            witness.forget()
            for (command, report) in cases {
                try run(command)
                try witness.waitFor(command) { $0.flatMap(\.reports).contains(report) }
            }
        }
    }

    @Test func ourTablesDeletionIsSeen() throws {
        try inNewNetwork {
            let witness = Witness()
            let watcher = try KernelWatcher(
                table: KernelWatcher.Table(name: "martlet", ownPorts: []),
                observe: witness.observe
            )
            defer { watcher.stop() }
            watcher.readEverything()
            try witness.waitFor("absent") { $0.contains(.ruleset(RulesetReading(state: nil))) }
            #expect(try carryOut([.changeRuleset(RulesetChange.from(nil, to: KernelNftTests.table)!)]) == accepted(1))
            try witness.waitFor("ours") {
                $0.last == .ruleset(RulesetReading(state: RulesetState(KernelNftTests.table)))
            }
            try run("nft add table inet other")
            try run("nft delete table inet martlet")
            try witness.waitFor("absent again") { $0.last == .ruleset(RulesetReading(state: nil)) }
        }
    }

    /// The observer dawdles while more routes change than the smallest buffer holds.
    @Test func anOverrunNamesItsFamilyAndEndsInAnotherDump() throws {
        var limits = KernelWatcher.Limits()
        limits.receiveBuffer = 1
        limits.dumpEvery = .milliseconds(50)
        try inNewNetwork {
            let witness = Witness(pauseMicroseconds: 20_000)
            let watcher = try KernelWatcher(table: nil, limits: limits, observe: witness.observe)
            defer { watcher.stop() }
            watcher.readEverything()
            try witness.waitFor("the first dumps") { $0.filter(\.isEndOfDump).count == 5 }
            witness.forget()
            let routes = (0..<2000).map { "route add unreachable 10.\($0 / 250).\($0 % 250).0/24 table 7001" }
            try run("ip -batch -", input: routes.joined(separator: "\n") + "\n")
            try witness.waitFor("an overrun and then a dump with all routes", seconds: 20) { seen in
                guard let overrun = seen.lastIndex(of: .overrun(.routes)),
                    let began = seen.lastIndex(of: .dumpBegan(.routes)), began > overrun,
                    seen[began...].contains(.dumpEnded(.routes))
                else { return false }
                return Set(seen[began...].flatMap(\.reports)).count == 2000
            }
            #expect(!witness.observations.contains(.overrun(.links)))
        }
    }

    @Test func aDumpThatIsAskedForIsMade() throws {
        var limits = KernelWatcher.Limits()
        limits.dumpEvery = .milliseconds(1)
        try inNewNetwork {
            let witness = Witness()
            let watcher = try KernelWatcher(table: nil, limits: limits, observe: witness.observe)
            defer { watcher.stop() }
            watcher.readEverything()
            try witness.waitFor("the first dumps") { $0.filter(\.isEndOfDump).count == 5 }
            witness.forget()
            watcher.requestDump(of: .rules)
            try witness.waitFor("the dump") { $0.contains(.dumpEnded(.rules)) }
            #expect(witness.observations.filter(\.isEndOfDump) == [.dumpEnded(.rules)])
        }
    }

    private func strangersRule(_ family: AddressFamily, _ preference: UInt32, from source: String) -> Rule {
        Rule(
            family: family,
            preference: preference,
            selectors: RuleSelectors(source: prefix(source)),
            action: .lookup(9),
            routeProtocol: 0
        )
    }
}

/// Notes what a watcher says.
private final class Witness: Sendable {
    private let seen = Mutex<[KernelObservation]>([])
    private let pauseMicroseconds: UInt32

    /// - Parameter pauseMicroseconds: how long each observation keeps the watcher waiting.
    init(pauseMicroseconds: UInt32 = 0) { self.pauseMicroseconds = pauseMicroseconds }

    var observations: [KernelObservation] { seen.withLock { $0 } }
    var reports: [KernelReport] { observations.flatMap(\.reports) }

    var observe: KernelWatcher.Observer {
        { [self] observation in
            seen.withLock { $0.append(observation) }
            if pauseMicroseconds > 0 { usleep(pauseMicroseconds) }
        }
    }

    func forget() { seen.withLock { $0 = [] } }

    func waitFor(_ what: String, seconds: Int = 5, _ isThere: ([KernelObservation]) -> Bool) throws {
        for _ in 0..<seconds * 200 {
            if isThere(observations) { return }
            usleep(5000)
        }
        try #require(Bool(false), "\(what): not within \(seconds) s; \(observations.count) observations")
    }
}

extension KernelWatcher {
    fileprivate func readEverything() {
        for family in KernelFamily.allCases { requestDump(of: family) }
    }
}

extension KernelObservation {
    fileprivate var reports: [KernelReport] {
        if case .reports(let reports) = self { reports } else { [] }
    }

    fileprivate var isEndOfDump: Bool {
        if case .dumpEnded = self { true } else { false }
    }
}
