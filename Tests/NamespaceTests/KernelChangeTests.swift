import Forwarding
import Glibc
import NetTypes
import Testing

@testable import Kernel

/// Changes in a real kernel, judged by `ip` and by reading back.
@Suite(.enabled(if: isRoot, "needs root: makes network namespaces"))
struct KernelChangeTests {
    struct Plane: Sendable {
        let family: AddressFamily
        let flag: String
        let gateways: [String]
        let prefix: String
    }

    static let planes = [
        Plane(family: .v4, flag: "-4", gateways: ["10.0.0.2", "10.0.0.3"], prefix: "192.0.2.0/24"),
        Plane(family: .v6, flag: "-6", gateways: ["fd00::2", "fe80::3"], prefix: "2001:db8::/32"),
    ]

    @Test(arguments: planes) func hopsGroupAndRouteAreSetReplacedAndDeleted(plane: Plane) throws {
        try inNewNetwork {
            try connectVethPair()
            let members = zip([1, 2] as [UInt32], plane.gateways).map { nexthop($0, plane.family, via($1)) }
            let overGroup = route(plane.prefix, .nexthop(NexthopID(9)))
            let setting =
                members.map { KernelChange.Operation.setNexthop($0) } + [
                    .setNexthop(nexthop(9, plane.family, group((1, 3), (2, 1)))), .setRoute(overGroup),
                ]
            #expect(try carryOut(setting) == accepted(4))
            try expectRoute(plane, nexthop: 9)
            #expect(try groupWeights() == [3, 1])

            let replaced = nexthop(9, plane.family, group((1, 300)))
            #expect(try carryOut([.setNexthop(replaced)]) == accepted(1))
            #expect(try groupWeights() == [300])
            let snapshot = try KernelSnapshot.read(table: nil).reports
            #expect(snapshot.contains(.nexthop(replaced)))
            #expect(snapshot.contains(.nexthop(members[0])))
            #expect(snapshot.contains(.route(overGroup)))

            #expect(try carryOut([.setRoute(route(plane.prefix, .unreachable))]) == accepted(1))
            #expect(
                try objects("ip -j \(plane.flag) route show table 7001").map { $0["type"] as? String } == [
                    "unreachable"
                ]
            )

            #expect(try carryOut([.deleteRoute(overGroup), .deleteNexthop(NexthopID(9), plane.family)]) == accepted(2))
            #expect(try KernelSnapshot.read(table: nil).reports.filter(isOurRouteOrGroup).isEmpty)
        }
    }

    @Test(arguments: ["0.0.0.0/0", "::/0"]) func refusingRoutesAreWhatTheySay(prefix: String) throws {
        let kinds: [(Route.Action, UInt32)] = [(.blackhole, 7001), (.unreachable, 7002), (.prohibit, 7003)]
        try inNewNetwork {
            let routes = kinds.map { route(prefix, $0.0, table: $0.1, metric: .max) }
            #expect(try carryOut(routes.map { .setRoute($0) }) == accepted(3))
            let read = try KernelSnapshot.read(table: nil).reports
            for route in routes { #expect(read.contains(.route(route))) }
            #expect(try carryOut(routes.map { .deleteRoute($0) }) == accepted(3))
            #expect(try KernelSnapshot.read(table: nil).reports.filter(isOurRouteOrGroup).isEmpty)
        }
    }

    @Test(arguments: AddressFamily.allCases) func aRuleIsAddedOnceAndDeleted(family: AddressFamily) throws {
        let rule = Rule(
            family: family,
            preference: 7001,
            mark: 0x0100_0000,
            mask: 0x7F00_0000,
            table: 7001,
            routeProtocol: 219
        )
        try inNewNetwork {
            #expect(try carryOut([.addRule(rule)]) == accepted(1))
            #expect(try KernelSnapshot.read(table: nil).reports.contains(.rule(rule)))
            let refusal = KernelRefusal(errno: EEXIST, words: "")
            #expect(try carryOut([.addRule(rule)]) == [.refused(refusal)])
            #expect(try carryOut([.deleteRule(rule)]) == accepted(1))
            let left = try KernelSnapshot.read(table: nil).reports.filter { report in
                if case .rule(let rule) = report { rule.preference == 7001 } else { false }
            }
            #expect(left.isEmpty)
        }
    }

    @Test func aRefusalHasTheKernelsOwnWords() throws {
        try inNewNetwork {
            try connectVethPair()
            let outcomes = try carryOut([
                .setNexthop(nexthop(1, .v4, via("172.16.0.1"))),
                .setRoute(route("192.0.2.0/24", .nexthop(NexthopID(77)))),
            ])
            #expect(
                outcomes == [
                    .refused(KernelRefusal(errno: ENETUNREACH, words: "Nexthop has invalid gateway")),
                    .refused(KernelRefusal(errno: EINVAL, words: "Nexthop id does not exist")),
                ]
            )
        }
    }

    @Test func aStrangersRouteIsNotDeletedForItsKeyAlone() throws {
        try inNewNetwork {
            try run("ip route add unreachable 192.0.2.0/24 table 7001 metric 77 proto static")
            let outcome = try carryOut([.deleteRoute(route("192.0.2.0/24", .unreachable))])
            #expect(outcome == [.refused(KernelRefusal(errno: ESRCH, words: ""))])
            #expect(try objects("ip -j route show table 7001").count == 1)
        }
    }

    private func expectRoute(_ plane: Plane, nexthop: Int) throws {
        let shown = try objects("ip -j \(plane.flag) route show table 7001")
        #expect(shown.count == 1)
        #expect(shown.first?["dst"] as? String == plane.prefix)
        #expect(shown.first?["nhid"] as? Int == nexthop)
        #expect(shown.first?["metric"] as? Int == 77)
        #expect(shown.first?["protocol"] as? String == "219")
    }

    /// iproute2 6.1 prints the low byte only; the high one is read back by our own reader.
    private func groupWeights() throws -> [UInt32] {
        let groups = try KernelSnapshot.read(table: nil).reports.compactMap { report -> [UInt32]? in
            guard case .nexthop(let nexthop) = report, case .group(let members) = nexthop.kind else { return nil }
            return members.map(\.weight)
        }
        let shown = try objects("ip -j nexthop show groups").compactMap { $0["group"] as? [[String: Any]] }
        let low = shown.first?.map { UInt32($0["weight"] as? Int ?? 1) & 0xFF }
        #expect(low == groups.first?.map { $0 & 0xFF })
        return try #require(groups.first)
    }

    private func isOurRouteOrGroup(_ report: KernelReport) -> Bool {
        switch report {
        case .route(let route): route.routeProtocol == 219
        case .nexthop(let nexthop): nexthop.id == NexthopID(9)
        default: false
        }
    }
}
