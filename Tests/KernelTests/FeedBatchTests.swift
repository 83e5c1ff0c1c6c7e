/// Are the messages of a list's routes those that single routes have, and is each answer given to its route?
import Forwarding
import NetTypes
import Testing

@testable import Kernel

@Suite struct FeedBatchTests {
    private static let prefixes = ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "2001:db8:ffff::1/128"].map {
        try! IPPrefix(parsing: $0)
    }

    @Test(arguments: AddressFamily.allCases, [Route.Action.nexthop(NexthopID(0x4D41_0007)), .blackhole, .unreachable])
    func aListsRouteIsSentAsASingleOneWouldBe(_ family: AddressFamily, _ action: Route.Action) {
        let routes = RouteSegment(family, action, PrefixList(Self.prefixes))
        for operation in [FeedStep.Operation.add, .replace, .delete] {
            let step = FeedStep(operation, routes)
            var batch = FeedBatch(capacity: 4096)
            batch.begin(RouteTemplate(step, metric: 77, routeProtocol: 219))
            for index in 0..<routes.count { batch.append(routes, index) }
            var sent: [UInt8] = []
            batch.withBytes { sent = Array($0) }
            #expect(sent == single(step), "\(operation)")
        }
    }

    /// The same routes one by one, in one send.
    private func single(_ step: FeedStep) -> [UInt8] {
        var encoder = MessageEncoder(capacity: 4096)
        for (index, prefix) in step.routes.list.prefixes(step.routes.family).enumerated() {
            let key = Route.Key(table: Resolver.mainTable, prefix: prefix, metric: 77)
            let route = Route(key: key, action: step.routes.action, routeProtocol: 219)
            let sequence = UInt32(index + 1)
            switch step.operation {
            case .add: _ = encoder.addRoute(route, sequence: sequence)
            case .replace: _ = encoder.setRoute(route, sequence: sequence)
            case .delete: _ = encoder.deleteRoute(route, sequence: sequence)
            }
        }
        encoder.acknowledgeLast()
        return encoder.withBytes { Array($0) }
    }

    @Test func anAnswerIsGivenToItsRouteAndALateOneToNone() {
        let routes = RouteSegment(.v4, .blackhole, PrefixList(Self.prefixes))
        let template = RouteTemplate(FeedStep(.add, routes), metric: 77, routeProtocol: 219)
        var batch = FeedBatch(capacity: 4096)
        batch.begin(template)
        batch.append(routes, 1)
        batch.append(routes, 0)
        #expect(batch.index(of: 1)?.index == 1 && batch.index(of: 1)?.isLast == false)
        #expect(batch.index(of: 2)?.index == 0 && batch.index(of: 2)?.isLast == true)
        #expect(batch.index(of: 3) == nil && batch.index(of: 0) == nil)
        batch.begin(template)
        batch.append(routes, 0)
        #expect(batch.index(of: 2) == nil && batch.index(of: 3)?.isLast == true)
    }

    @Test func aDumpsRoutesArePackedByActionAndTheRestIsLeft() throws {
        let main = Resolver.mainTable
        let sixteen = try IPPrefix(parsing: "10.1.0.0/16")
        let mine: [(prefix: IPPrefix, action: Route.Action)] =
            Self.prefixes.map { ($0, .blackhole) } + [(sixteen, .unreachable)]
        let others: [(prefix: IPPrefix, table: UInt32, owner: UInt8, why: String)] = [
            (sixteen, main, 4, "a stranger's"), (sixteen, 7001, 219, "in another table"),
            (.everything(.v4), main, 219, "the default"),
        ]
        var packer = RoutePacker(window: .standard)
        for (prefix, action) in mine {
            let key = Route.Key(table: main, prefix: prefix, metric: 77)
            let isTaken = packer.take(Route(key: key, action: action, routeProtocol: 219))
            #expect(isTaken, "\(prefix)")
        }
        for (prefix, table, owner, why) in others {
            let key = Route.Key(table: table, prefix: prefix, metric: 77)
            let isTaken = packer.take(Route(key: key, action: .blackhole, routeProtocol: owner))
            #expect(!isTaken, "\(why)")
        }
        let found = packer.finish()
        #expect(found.map(\.family) == [.v4, .v4, .v6] && found.map(\.count) == [2, 1, 2])
        let rest = packer.finish()
        #expect(rest.isEmpty)
    }
}
