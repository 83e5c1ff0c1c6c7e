import ConfigSyntax
import NetTypes
import Testing

@testable import Forwarding

/// The order in which bulk changes are sent.
@Suite struct BulkOrderTests {
    @Test(arguments: [
        (0, []),
        (1, [0]),
        (2, [0, 1]),
        (3, [0, 2, 1]),
        (8, [0, 4, 2, 6, 1, 5, 3, 7]),
        // Not a power of two: the order of 8 without what is not there.
        (6, [0, 4, 2, 1, 5, 3]),
    ])
    func positionsComeInTheOrderOfTheirReversedBits(count: Int, order: [Int]) {
        #expect(bitReversedOrder(count) == order)
    }

    @Test(arguments: [1, 2, 7, 64, 1000, 65_537])
    func everyPositionComesOnce(count: Int) {
        #expect(bitReversedOrder(count).sorted() == Array(0..<count))
    }

    @Test func onlyRunsOfLikeRouteChangesAreReordered() {
        let changes =
            [nexthop(1), set("0.0.0.0/0")] + (0..<4).map { set("10.\($0).0.0/16") }
            + (0..<3).map { delete("10.9.\($0).0/24") } + [delete("0.0.0.0/0"), nexthop(2)]
        #expect(bulkOrder(changes) == [0, 1, 2, 4, 3, 5, 6, 8, 7, 9, 10])
    }

    @Test func aTablesLastResortIsFirstInAndLastOut() {
        let setting = [set("0.0.0.0/0"), set("10.0.0.0/8"), set("11.0.0.0/8"), set("12.0.0.0/8")]
        #expect(bulkOrder(setting).first == 0)
        let deleting = [delete("10.0.0.0/8"), delete("11.0.0.0/8"), delete("12.0.0.0/8"), delete("0.0.0.0/0")]
        #expect(bulkOrder(deleting).last == 3)
    }

    private func nexthop(_ id: UInt32) -> KernelChange {
        let nexthop = Nexthop(id: NexthopID(id), family: .v4, kind: .blackhole, routeProtocol: 219)
        return KernelChange(.setNexthop(nexthop), cause: nil)
    }

    private func set(_ prefix: String) -> KernelChange { KernelChange(.setRoute(route(prefix)), cause: nil) }

    private func delete(_ prefix: String) -> KernelChange { KernelChange(.deleteRoute(route(prefix)), cause: nil) }

    private func route(_ prefix: String) -> Route {
        let key = Route.Key(table: 7001, prefix: try! IPPrefix(parsing: prefix), metric: 77)
        return Route(key: key, action: .unreachable, routeProtocol: 219)
    }
}
