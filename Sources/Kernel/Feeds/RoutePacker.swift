/// How does a dump of a million routes of ours become lists? Each message is looked at once, and two numbers are kept of it.
import CShim
import Forwarding
import NetTypes

struct RoutePacker {
    private let window: OwnershipWindow
    private var lists: [Kind: Packed] = [:]
    /// The kind last found, which most of a dump is of.
    private var latest: (kind: Kind, packed: Packed)?

    private struct Kind: Hashable {
        let family: AddressFamily
        let action: Route.Action
    }

    private struct Packed {
        var v4: [PackedPrefix4] = []
        var v6: [PackedPrefix6] = []
    }

    init(window: OwnershipWindow) { self.window = window }

    /// Takes the route; false when it is none of those that are told of in segments.
    mutating func take(_ route: Route) -> Bool {
        guard window.packs(route) else { return false }
        let kind = Kind(family: route.key.prefix.family, action: route.action)
        if latest?.kind != kind {
            keepLatest()
            latest = (kind, lists.removeValue(forKey: kind) ?? Packed())
        }
        switch route.key.prefix.family {
        case .v4: latest?.packed.v4.append(PackedPrefix4(route.key.prefix))
        case .v6: latest?.packed.v6.append(PackedPrefix6(route.key.prefix))
        }
        return true
    }

    private mutating func keepLatest() {
        guard let (kind, packed) = latest else { return }
        latest = nil
        lists[kind] = packed
    }

    /// Everything taken, by family and action; then it is empty.
    mutating func finish() -> [RouteSegment] {
        keepLatest()
        defer { lists = [:] }
        let ordered = lists.sorted { a, b in
            (a.key.family, a.key.action.order) < (b.key.family, b.key.action.order)
        }
        return ordered.map { kind, packed in
            var packed = packed
            _ = packed.v4.sortUniquely()
            _ = packed.v6.sortUniquely()
            return RouteSegment(kind.family, kind.action, PrefixList(v4: packed.v4, v6: packed.v6))
        }
    }
}

extension Route.Action {
    /// A number by which segments are sorted, so that a dump gives the same ones each time.
    fileprivate var order: UInt64 {
        switch self {
        case .nexthop(let id): 1 << 32 | UInt64(id.value)
        case .blackhole: 1
        case .unreachable: 2
        case .prohibit: 3
        case .inline, .multipath, .other: 0
        }
    }
}
