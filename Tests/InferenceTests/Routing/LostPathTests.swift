/// Whom is the gateway told of when a network member changes?
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct LostPathTests {
    private let fiber = MemberID(0)

    private func lost(keepsLast: Bool = false, _ change: (inout GroupTable) -> Void) -> [Mark] {
        var old = Stage.snapshot()
        let group = Stage.group("wan", [("fiber", 1), ("cable", 1)], scopes: [.v4, .v6], keepsLast: keepsLast)
        old.network = GroupTable([group], at: Stage.start)
        var new = old
        change(&new.network)
        return new.pathsLost(since: old)
    }

    @Test func aPathThatDiesInOneFamilyIsLost() {
        #expect(
            lost { _ = $0.observe(.failure(Cause("timeout")), of: fiber, in: .v4, at: Stage.start) } == [Stage.fiber]
        )
        #expect(
            lost { _ = $0.observe(.absent(Cause("no-carrier")), of: fiber, in: .v6, at: Stage.start) } == [Stage.fiber]
        )
    }

    @Test func oneTakenDownByTheOperatorIsLostAndOneDrainedIsNot() {
        #expect(lost { _ = $0.set(.down, of: fiber) } == [Stage.fiber])
        #expect(lost { _ = $0.set(.drain, of: fiber) } == [])
    }

    @Test func theLastOneThatIsKeptIsNotLost() {
        let both = lost(keepsLast: true) { table in
            for member in [fiber, MemberID(1)] {
                _ = table.observe(.failure(Cause("timeout")), of: member, in: .v4, at: Stage.start)
            }
        }
        #expect(both.count == 1, "cable, which carried last, is kept")
    }

    @Test func whatWasLostBeforeIsNotToldAgainNorIsAReturn() {
        var old = Stage.snapshot()
        _ = old.network.observe(.failure(Cause("timeout")), of: fiber, in: .v4, at: Stage.start)
        #expect(old.pathsLost(since: old) == [])
        var new = old
        _ = new.network.observe(.success, of: fiber, in: .v4, at: Stage.start)
        #expect(new.pathsLost(since: old) == [])
        // Another mark: a new path by an old name, with no connection over it.
        var numbered = old
        old.network = Stage.snapshot().network
        numbered.paths = [PathMark(member: fiber, mark: Mark(0x0500_0000))]
        #expect(numbered.pathsLost(since: old) == [])
    }
}
