/// Which optional things does this kernel have? Tried out, not read off a version, in a network namespace that nobody else sees.
import CShim
import Forwarding
import Glibc
import NetTypes
import Synchronization

/// What of the kernel not every kernel has.
package enum KernelFeature: String, Hashable, Sendable, CaseIterable, Codable {
    case nexthopObjects = "next-hop objects"
    case wideWeights = "weights above 256"
    case resilientGroups = "resilient groups"
    case nftables = "nftables with counters and marks"
    case conntrack = "connection tracking over netlink"
    case landlock = "Landlock"
}

package enum FeatureProbe {
    /// Each answer of an empty namespace comes within microseconds.
    private static let patience = Span.seconds(2)

    /// What the kernel took; nil when this process may not make a namespace (it needs CAP_SYS_ADMIN).
    package static func run() -> Set<KernelFeature>? {
        let found = Mutex<Set<KernelFeature>?>(nil)
        // A thread of its own: it can never come back from there.
        let thread = try? KernelThread.start("martlet-probe") {
            guard martlet_enter_scratch_network() == 0 else { return }
            let features = Set(KernelFeature.allCases.filter(has))
            found.withLock { $0 = features }
        }
        thread?.join()
        return found.withLock { $0 }
    }

    private static func has(_ feature: KernelFeature) -> Bool {
        switch feature {
        case .nexthopObjects: takes([hop])
        case .wideWeights: takes([hop, group(.group([WeightedNexthop(id: hopID, weight: 300)]), id: 2)])
        case .resilientGroups: takes([hop, group(.resilient([WeightedNexthop(id: hopID, weight: 1)], buckets), id: 3)])
        case .nftables:
            takes([
                .changeRuleset(
                    RulesetChange(table: "probe", [.addTable, .addChain("c", nil), .addRule(chain: "c", rule)])
                )
            ])
        case .landlock: martlet_landlock_version() > 0
        case .conntrack: (try? Conntrack.count(mark: Mark(1), under: mask, within: patience)) != nil
        }
    }

    private static let mask = MarkMask(bits: 0xFF)
    /// One that looks at the connection and at its direction, as those of a router do.
    private static let rule = Ruleset.Rule(
        "",
        [.connection(.direction, into: .first), .compare(.first, .equal, [1]), .counter, .verdict(.accept)]
    )
    private static let buckets = Buckets(count: 32, idle: .seconds(120), unbalanced: .zero)
    private static let hopID = NexthopID(1)
    /// By loopback, the one device of the namespace, whose index is always 1. The kernel takes no blackhole into a resilient group.
    private static let hop = group(.via(gateway: nil, interface: 1, onlink: false), id: 1)

    private static func group(_ kind: Nexthop.Kind, id: UInt32) -> KernelChange.Operation {
        .setNexthop(Nexthop(id: NexthopID(id), family: .v4, kind: kind, routeProtocol: 0))
    }

    private static func takes(_ operations: [KernelChange.Operation]) -> Bool {
        guard let session = try? ChangeSession(.oneByOne) else { return false }
        let changes = operations.map { KernelChange($0, cause: nil) }
        return session.perform(changes, order: changes.indices).allSatisfy { $0 == .accepted }
    }
}
