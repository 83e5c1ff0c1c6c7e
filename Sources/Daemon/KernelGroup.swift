/// What the kernel's own group says about the load: its state, which buckets are with whom, and what went by each member.
import Control
import Forwarding
import Kernel
import Runtime

struct KernelGroup {
    let nexthop: Nexthop
    let state: ObjectState
    /// What an id stands for.
    let nameOf: (NexthopID) -> String?

    /// The row with it. With figures the kernel is asked: not on the runtime's thread.
    func added(to row: GroupRow, _ withFigures: Bool) -> GroupRow {
        var row = row
        row.object = "id \(nexthop.id.value)"
        if case .resilient(_, let buckets) = nexthop.kind { row.object? += " resilient \(buckets.count)" }
        row.objectState = state.code
        guard withFigures else { return row }
        let (buckets, counts) = (buckets, counts)
        for position in row.shares.indices {
            row.shares[position].buckets = buckets?[row.shares[position].member, default: 0]
            row.shares[position].packets = counts?[row.shares[position].member]
        }
        return row
    }

    /// How many buckets are with each member; nil when the group has none.
    var buckets: [String: Int]? {
        guard case .resilient = nexthop.kind, let found = try? NexthopBucket.all(of: nexthop.id) else { return nil }
        return found.reduce(into: [:]) { sums, bucket in
            if let name = nameOf(bucket.member) { sums[name, default: 0] += 1 }
        }
    }

    private var counts: [String: UInt64]? {
        guard let found = try? MemberCount.all(of: nexthop.id) else { return nil }
        return found.reduce(into: [:]) { sums, count in
            if let name = nameOf(count.member) { sums[name, default: 0] += count.packets }
        }
    }
}
