/// Whose is it? A route by its protocol; a rule and a next hop by protocol and number.
import NetTypes
import Testing

@testable import Forwarding

@Suite struct OwnershipTests {
    private let window = OwnershipWindow.standard

    struct RouteRow: Sendable {
        let (table, metric, owner): (UInt32, UInt32, UInt8)
        let (isOurs, concerns): (Bool, Bool)
    }

    @Test(arguments: [
        RouteRow(table: 254, metric: 77, owner: 219, isOurs: true, concerns: true),
        RouteRow(table: 254, metric: 77, owner: 4, isOurs: false, concerns: true),
        RouteRow(table: 254, metric: 100, owner: 219, isOurs: true, concerns: true),
        RouteRow(table: 7001, metric: 100, owner: 219, isOurs: true, concerns: true),
        RouteRow(table: 7001, metric: 100, owner: 4, isOurs: false, concerns: true),
        RouteRow(table: 8000, metric: 100, owner: 4, isOurs: false, concerns: false),
    ]) func routes(row: RouteRow) {
        let key = Route.Key(table: row.table, prefix: Networks.prefix("10.0.0.0/8"), metric: row.metric)
        let route = Route(key: key, action: .blackhole, routeProtocol: row.owner)
        #expect(window.owns(route) == row.isOurs)
        #expect(window.concerns(route) == row.concerns)
    }

    struct RuleRow: Sendable {
        let (preference, owner): (UInt32, UInt8)
        let (hasOther, isOurs): (Bool, Bool)
    }

    @Test(arguments: [
        RuleRow(preference: 7001, owner: 219, hasOther: false, isOurs: true),
        RuleRow(preference: 7001, owner: 219, hasOther: true, isOurs: false),
        RuleRow(preference: 7001, owner: 3, hasOther: false, isOurs: false),
        RuleRow(preference: 6999, owner: 219, hasOther: false, isOurs: false),
        RuleRow(preference: 8000, owner: 219, hasOther: false, isOurs: false),
    ]) func rules(row: RuleRow) {
        let rule = Rule(
            family: .v4,
            preference: row.preference,
            mark: 1,
            mask: 1,
            table: 7001,
            routeProtocol: row.owner,
            hasOtherSelectors: row.hasOther
        )
        #expect(window.owns(rule) == row.isOurs)
    }

    @Test(arguments: [
        (0x4D41_0000, 219, true), (0x4D41_FFFF, 219, true), (0x4D42_0000, 219, false), (0x4D41_0000, 3, false),
    ])
    func nexthops(id: UInt32, owner: UInt8, isOurs: Bool) {
        let nexthop = Nexthop(id: NexthopID(id), family: .v4, kind: .blackhole, routeProtocol: owner)
        #expect(window.owns(nexthop) == isOurs)
    }
}
