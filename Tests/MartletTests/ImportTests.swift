/// What an imported file says of a kernel: every case must pass `check`, as printed.
import Forwarding
import Kernel
import NetTypes
import Testing

@testable import martlet

@Suite struct ImportTests {
    private static let links = [("eth0", 1), ("eth1", 2), ("ppp0", 3), ("lan.100", 4)].map {
        Link(index: UInt32($0.1), name: $0.0, isUp: true, hasCarrier: true, isLoopback: false)
    }

    private static func hop(_ gateway: String?, _ interface: UInt32, _ weight: UInt32 = 1) -> ListedRoute.Hop {
        ListedRoute.Hop(gateway: gateway.flatMap { IPAddress($0) }, interface: interface, weight: weight)
    }

    private static func route(
        _ prefix: String,
        _ hops: [ListedRoute.Hop],
        metric: UInt32 = 100,
        table: UInt32 = 254,
        by owner: UInt8 = 4,
        action: Route.Action? = nil,
        source: String? = nil
    ) -> ListedRoute {
        let key = Route.Key(table: table, prefix: try! IPPrefix(parsing: prefix), metric: metric)
        let inline = Route.Action.inline(gateway: hops.first?.gateway, interface: hops.first?.interface ?? 0)
        return ListedRoute(
            Route(key: key, action: action ?? inline, routeProtocol: owner),
            hops: hops,
            preferredSource: source.flatMap { IPAddress($0) }
        )
    }

    private func file(_ routes: [ListedRoute], rules: [Rule] = []) throws -> ImportedFile {
        let file = ImportedFile(SeenKernel(links: Self.links, routes: routes, rules: rules))
        let report = LocalConfiguration(texts: [("import", Array(file.text.utf8))]).report
        #expect(report.errors.map(\.text) == [], "\(file.text)")
        return file
    }

    @Test func twoUplinksOfBothFamiliesAreOneGroup() throws {
        let text = try file([
            Self.route("0.0.0.0/0", [Self.hop("203.0.113.1", 1, 3), Self.hop("198.51.100.1", 2)]),
            Self.route("::/0", [Self.hop("fe80::1", 1, 3), Self.hop("fe80::1", 2)]),
        ]).text
        #expect(
            text.contains(
                """
                  groups:
                    wan:
                      members:
                        eth0: { dev: eth0, via: { v4: 203.0.113.1, v6: "fe80::1" }, weight: 3 }
                        eth1: { dev: eth1, via: { v4: 198.51.100.1, v6: "fe80::1" } }
                  routes:
                    default: wan
                """
            ),
            "\(text)"
        )
    }

    @Test func worseMetricsAreHigherTiersAndLearntGatewaysAreSaid() throws {
        let text = try file([
            Self.route("0.0.0.0/0", [Self.hop(nil, 3)], metric: 200),
            Self.route("0.0.0.0/0", [Self.hop("203.0.113.1", 1)], metric: 100, by: 16),
        ]).text
        #expect(text.contains("eth0: { dev: eth0, via: 203.0.113.1 } # learnt by dhcp"), "\(text)")
        #expect(text.contains("ppp0: { dev: ppp0, tier: 2 }"))
    }

    @Test(
        arguments: [
            (route("10.20.0.0/16", [hop("10.0.0.2", 1)]), "10.20.0.0/16: { via: 10.0.0.2, dev: eth0 }", "a gateway"),
            (
                route("2001:db8:1::/48", [hop("fe80::2", 4)]), #""2001:db8:1::/48": { via: "fe80::2", dev: lan.100 }"#,
                "IPv6"
            ),
            (route("10.8.0.0/24", [hop(nil, 3)]), "10.8.0.0/24: to-ppp0", "a device alone"),
            (route("10.9.0.0/24", [hop("10.0.0.2", 1, 2), hop("10.0.0.3", 1)]), "10.9.0.0/24: paths", "several ways"),
            (
                route("10.9.0.0/24", [hop("10.0.0.2", 1, 2), hop("10.0.0.3", 1)]),
                "eth0-2: { dev: eth0, via: 10.0.0.3 }", "a name each"
            ),
            (route("192.0.2.0/24", [], action: .blackhole), "192.0.2.0/24: blackhole", "a discard"),
            (route("192.0.2.0/24", [], action: .unreachable), "192.0.2.0/24: unreachable", "a refusal"),
            (
                route("192.0.2.0/24", [], action: .prohibit), "#   a route of a type that the file does not have",
                "not ours to say"
            ),
            (
                route("10.20.0.0/16", [hop("10.0.0.2", 1)], metric: 0),
                "#   this one goes before Martlet's (metric 77)", "in front"
            ),
            (
                route("10.20.0.0/16", [hop("10.0.0.2", 1)], source: "10.0.0.9"),
                "#   the source address 10.0.0.9 is not", "its source"
            ),
            (route("10.20.0.0/16", [hop("fe80::2", 1)]), "#   a gateway of the other family", "IPv4 over IPv6"),
            (route("10.20.0.0/16", [hop("10.0.0.2", 9)]), "#   a route over a device that is gone", "no such device"),
            (
                route("10.20.0.0/16", [hop("10.0.0.2", 1)], by: 12),
                "#   1 routes of protocol bird, which stay with it", "a daemon's"
            ),
            (route("10.20.0.0/16", [hop("10.0.0.2", 1)], table: 101), "#   1 routes in table 101", "another table"),
            (
                route("10.20.0.0/16", [hop(nil, 1)], by: 2), "# No route was found that could be taken over.",
                "connected"
            ),
            (route("0.0.0.0/0", [hop("10.0.0.2", 1)], metric: 77, by: 219), "# No route was found", "ours already"),
        ] as [(ListedRoute, String, String)]
    )
    func aRouteIsSaidAsTheFormatSaysIt(route: ListedRoute, line: String, why: String) throws {
        let text = try file([route]).text
        #expect(text.contains(line), "\(why): \(text)")
    }

    @Test func rulesOfStrangersAreRemarksAndTheKernelsOwnAreNot() throws {
        let rules = [(32766, 254), (900, 101)].map {
            Rule(family: .v4, preference: $0.0, mark: 0, mask: 0, table: $0.1, routeProtocol: 3)
        }
        let notes = try file([Self.route("10.8.0.0/24", [Self.hop("10.0.0.2", 1)])], rules: rules).notes
        #expect(notes.filter { $0.contains("rule of preference") }.count == 1)
        #expect(notes.contains { $0.contains("preference 900 (ipv4)") })
    }

    @Test(arguments: [
        ("eth0", "eth0"), ("a b", "\"a b\""), ("fe80::1", "\"fe80::1\""), ("-x", "\"-x\""), ("a\"b", #""a\"b""#),
        ("10.0.0.0/8", "10.0.0.0/8"), ("", "\"\""),
    ])
    func whatYAMLWouldReadOtherwiseIsQuoted(text: String, written: String) {
        #expect(YAMLText.quoted(text) == written)
    }
}
