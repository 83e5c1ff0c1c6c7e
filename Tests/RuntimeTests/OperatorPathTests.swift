/// Which changes would cut off the operator who makes them?
import ConfigSyntax
import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct OperatorPathTests {
    /// What of a change from `Rig.network` to `text` touches the operator's path, as verbs and objects.
    private func touching(
        _ text: String,
        _ destination: OperatorPath.Destination,
        carrying: (Rig) -> Route? = { _ in nil }
    ) throws -> [KernelChange] {
        let rig = try Rig.running()
        let trial = rig.router.trial(of: try Rig.configuration(text), at: rig.now)
        let path = OperatorPath(destination, carrying: carrying(rig))
        return path.touching(running: rig.router.network, trial: try #require(trial.network))
    }

    private static func defaultRoute(_ rig: Rig) -> Route? {
        rig.router.network?.view.routes.values.first { $0.key.prefix.length == 0 && $0.key.table == Resolver.mainTable }
    }

    private static let lan = Route(
        key: Route.Key(
            table: Resolver.mainTable,
            prefix: IPPrefix(containing: IPAddress("10.0.5.0")!, length: 24),
            metric: 0
        ),
        action: .inline(gateway: nil, interface: 9),
        routeProtocol: 2
    )

    private func address(_ text: String) -> OperatorPath.Destination { .address(IPAddress(text)!) }

    @Test func aWeightOfTheGroupThatCarriesTheOperatorTouchesHim() throws {
        let heavier = Rig.network.replacing("weight: 3", with: "weight: 5")
        for destination in [.everywhere, address("192.0.2.9")] {
            let found = try touching(heavier, destination, carrying: Self.defaultRoute)
            #expect(found.count == 1)
            guard case .setNexthop? = found.first?.operation else {
                Issue.record("the group's next hop: \(found)")
                return
            }
        }
    }

    @Test func aListThatHoldsTheOperatorTouchesHim() throws {
        let text = Rig.network.replacing(
            "10.1.0.0/16: wan }",
            with: "10.1.0.0/16: wan, far: { file: l, use: unreachable } }"
        )
        for (list, isTouched) in [("192.0.2.0/24\n198.51.100.0/24\n", true), ("198.51.100.0/24\n", false)] {
            let rig = try Rig.running()
            let configuration = try Rig.configuration(text, lists: ["l": list])
            let trial = try #require(rig.router.trial(of: configuration, at: rig.now).network)
            let path = OperatorPath(address("192.0.2.9"), carrying: Self.defaultRoute(rig))
            let found = path.touching(running: rig.router.network, trial: trial)
            #expect(found.map(\.cause?.line) == (isTouched ? [10] : []), "\(list): \(found)")
        }
    }

    @Test func aRouteToSomewhereElseDoesNot() throws {
        let more = Rig.network.replacing("10.1.0.0/16: wan", with: "10.1.0.0/16: wan, 10.2.0.0/16: blackhole")
        #expect(try touching(more, .everywhere).isEmpty)
        #expect(try touching(more, address("192.0.2.9"), carrying: Self.defaultRoute).isEmpty)
        let mine = try touching(more, address("10.2.0.7"), carrying: Self.defaultRoute)
        #expect(mine.count == 1, "the same route, but the operator sits behind it")
    }

    @Test func anOperatorOnTheLANIsNotTouchedByTheUplinks() throws {
        let fewer = Rig.network.replacing(
            "        cable: { dev: eth1, via: 198.51.100.1, probe: internet }\n",
            with: ""
        )
        let found = try touching(fewer, address("10.0.5.9")) { _ in Self.lan }
        // The rule of the member that goes might have led a reply of his; nothing else could.
        #expect(
            found.allSatisfy { change in if case .deleteRule = change.operation { true } else { false } },
            "\(found)"
        )
        let wider = Rig.network.replacing("10.1.0.0/16: wan", with: "10.0.0.0/8: blackhole")
        let covered = try touching(wider, address("10.0.5.9")) { _ in Self.lan }
        #expect(covered.isEmpty, "the connected route is closer")
        let closer = Rig.network.replacing("10.1.0.0/16: wan", with: "10.0.5.8/29: blackhole")
        #expect(try touching(closer, address("10.0.5.9")) { _ in Self.lan }.count == 1)
    }

    @Test func theEndOfTheNetworkBlockTouchesEverybody() throws {
        let none = "version: 1\n"
        #expect(try !touching(none, .everywhere).isEmpty)
        #expect(try !touching(none, address("192.0.2.9"), carrying: Self.defaultRoute).isEmpty)
    }

    @Test func nothingChangedTouchesNobody() throws {
        #expect(try touching(Rig.network, .everywhere).isEmpty)
    }
}
