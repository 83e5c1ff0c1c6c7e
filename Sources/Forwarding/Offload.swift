/// What became of an object that the kernel offered to forwarding hardware (a switch chip)? It says so in the object's flags.
package struct Offload: OptionSet, Hashable, Sendable, Codable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The hardware forwards by it (`RTM_F_OFFLOAD`, `RTNH_F_OFFLOAD`).
    package static let offloaded = Offload(rawValue: 1 << 0)
    /// The hardware hands its packets to the kernel (`RTM_F_TRAP`, `RTNH_F_TRAP`).
    package static let trapped = Offload(rawValue: 1 << 1)
    /// The hardware did not take it, and forwards as if it were not there (`RTM_F_OFFLOAD_FAILED`).
    package static let failed = Offload(rawValue: 1 << 2)
}

/// The flags of objects, as last told; what is not in here has none.
struct OffloadTable<Key: Hashable & Sendable>: Sendable {
    private(set) var flags: [Key: Offload] = [:]
    /// What was told before the object was: the same once more is no news.
    private var before: [Key: Offload] = [:]

    /// True when that is news.
    mutating func note(_ new: Offload, of key: Key) -> Bool {
        let known = before.removeValue(forKey: key) ?? flags[key] ?? []
        flags[key] = new
        return known != new
    }

    /// The object is told anew: its flags follow, if it has any.
    mutating func forget(_ key: Key) {
        if let old = flags.removeValue(forKey: key) { before[key] = old }
    }

    /// All objects are told anew.
    mutating func forgetAll() {
        before = flags
        flags = [:]
    }
}

extension KernelView {
    /// What hardware says of a route.
    package func offload(of key: Route.Key) -> Offload { routeOffloads.flags[key] ?? [] }

    package func offload(of id: NexthopID) -> Offload { nexthopOffloads.flags[id] ?? [] }

    /// Routes of ours that have flags, in order.
    package var offloadedRoutes: [(key: Route.Key, flags: Offload)] {
        routeOffloads.flags.filter { route(at: $0.key).map(window.owns) ?? false }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Next hops and groups of ours that have flags, in order.
    package var offloadedNexthops: [(id: NexthopID, flags: Offload)] {
        nexthopOffloads.flags.filter { nexthops[$0.key].map(window.owns) ?? false }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
