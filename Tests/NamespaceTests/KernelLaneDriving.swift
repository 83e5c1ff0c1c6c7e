import Forwarding
import NetTypes
import Synchronization
import Testing

@testable import Kernel

/// Outcomes of a lane, waited for by the test.
final class Outcomes: Sendable {
    private let queue = WorkQueue<(UInt64, [ChangeOutcome])>()

    var completion: KernelLane.Completion {
        { [queue] token, outcomes in _ = queue.push((token, outcomes)) }
    }

    /// The outcomes of the next submission to complete.
    func next() throws -> (token: UInt64, outcomes: [ChangeOutcome]) {
        let completed = try #require(queue.takeAll())
        try #require(completed.count == 1)
        return completed[0]
    }
}

/// Carries out the changes on a lane of their own and gives the outcomes.
func carryOut(_ operations: [KernelChange.Operation]) throws -> [ChangeOutcome] {
    let outcomes = Outcomes()
    let lane = try FastLane(completion: outcomes.completion)
    defer { lane.stop() }
    lane.submit(operations.map { KernelChange($0, cause: nil) }, token: 1)
    return try outcomes.next().outcomes
}

func accepted(_ count: Int) -> [ChangeOutcome] { Array(repeating: .accepted, count: count) }

func prefix(_ text: String) -> IPPrefix { try! IPPrefix(parsing: text) }

func route(_ text: String, _ action: Route.Action, table: UInt32 = 7001, metric: UInt32 = 77) -> Route {
    Route(key: Route.Key(table: table, prefix: prefix(text), metric: metric), action: action, routeProtocol: 219)
}

func nexthop(_ id: UInt32, _ family: AddressFamily, _ kind: Nexthop.Kind) -> Nexthop {
    Nexthop(id: NexthopID(id), family: family, kind: kind, routeProtocol: 219)
}

func via(_ gateway: String, onlink: Bool = false) -> Nexthop.Kind {
    .via(gateway: IPAddress(gateway)!, interface: 11, onlink: onlink)
}

func group(_ members: (UInt32, UInt32)...) -> Nexthop.Kind {
    .group(members.map { WeightedNexthop(id: NexthopID($0.0), weight: $0.1) })
}
