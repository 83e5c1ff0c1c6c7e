/// How many requests has each member under way, over all event loops? A counter for each member that outlives snapshots.
import Synchronization

package final class MemberLoad: Sendable {
    private let underWay = Atomic<Int>(0)

    package init() {}

    package var outstanding: Int { underWay.load(ordering: .relaxed) }

    func began() { underWay.add(1, ordering: .relaxed) }

    func ended() { underWay.subtract(1, ordering: .relaxed) }
}
