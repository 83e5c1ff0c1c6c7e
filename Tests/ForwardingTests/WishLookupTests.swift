import ConfigSyntax
import Forwarding
import NetTypes
import Testing

@Suite struct WishLookupTests {
    private static func wish() throws -> Wish {
        var wish = Wish()
        let rows: [(table: UInt32, prefix: String, metric: UInt32)] = [
            (254, "::/0", 77), (254, "2001:db8::/32", 77), (254, "2001:db8::/32", 78), (254, "0.0.0.0/0", 77),
            (7001, "::/0", 4_294_967_295), (7001, "::/0", 77),
        ]
        for row in rows {
            let key = Route.Key(table: row.table, prefix: try IPPrefix(parsing: row.prefix), metric: row.metric)
            let route = Route(key: key, action: .unreachable, routeProtocol: 219)
            wish.routes.append(Wished(route, cause: Place(file: 0, line: 1, column: 1)))
        }
        return wish
    }

    @Test(
        arguments: [
            ("2001:db8::1", 254, "2001:db8::/32", 77),  // the longest prefix, then the best metric
            ("2001:db9::1", 254, "::/0", 77),  // outside of the longer prefix
            ("192.0.2.1", 254, "0.0.0.0/0", 77),  // never of the other family
            ("2001:db8::1", 7001, "::/0", 77),  // another table's longer prefix does not count
        ] as [(String, UInt32, String, UInt32)]
    )
    func theLongestPrefixOfTheTableCarries(_ to: String, _ table: UInt32, _ prefix: String, _ metric: UInt32) throws {
        let destination = try #require(IPAddress(to))
        let wish = try Self.wish()
        let expected = Route.Key(table: table, prefix: try IPPrefix(parsing: prefix), metric: metric)
        #expect(wish.route(to: destination, in: table)?.object.key == expected)
    }

    @Test func aTableWithoutSuchARouteGivesNone() throws {
        let destination = try #require(IPAddress("192.0.2.1"))
        let wish = try Self.wish()
        #expect(wish.route(to: destination, in: 7001) == nil)
    }
}
