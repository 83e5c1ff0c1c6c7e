/// (member, path) pairs: whose weights they carry, and why the others have none.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct CandidateTests {
    private func rows(
        _ exclusions: [(MemberID, MemberID?, FailureRule.Next)] = [],
        change: (inout GatewaySnapshot) -> Void = { _ in }
    ) -> [String] {
        var snapshot = Stage.snapshot()
        change(&snapshot)
        var tried = Exclusions()
        for (member, path, next) in exclusions {
            tried.add(Candidate(member: member, path: path, mark: nil, families: [], weight: 1), after: next)
        }
        return snapshot.candidates(for: Offer(snapshot, GroupID(0), nil, .none), without: tried).rows.map { row in
            [row.member, row.path, row.weight.description, row.reason, row.cause].compactMap { $0 }.joined(
                separator: " "
            )
        }
    }

    private func weighted(_ models: [(String, Int)], _ paths: [(String, Int)]) -> (inout GatewaySnapshot) -> Void {
        { snapshot in
            func table(_ name: String, _ members: [(String, Int)], _ scopes: [HealthScope]) -> GroupTable {
                let definitions = members.map { member in
                    MemberDefinition(
                        name: .init(member.0, at: Stage.place),
                        weight: member.1,
                        tier: 1,
                        hysteresis: Hysteresis(downAfter: 1, upAfter: 1),
                        scopes: scopes
                    )
                }
                let group = GroupDefinition(
                    name: .init(name, at: Stage.place),
                    strategy: .weighted,
                    members: definitions,
                    keepsLast: false
                )
                return GroupTable([group], at: Stage.start)
            }
            snapshot.models = table("chat", models, [.any])
            snapshot.network = table("wan", paths, [.v4, .v6])
        }
    }

    @Test func weightsOfBothPlanesMultiply() {
        // big has half of the group, and of that fiber three quarters.
        let change = weighted([("big", 1), ("small", 1)], [("fiber", 3), ("cable", 1)])
        #expect(
            rows(change: change) == [
                "chat.big wan.fiber 3 eligible", "chat.big wan.cable 1 eligible", "chat.small 4 eligible",
            ]
        )
    }

    @Test func aDownPathLeavesItsShareToTheOthers() {
        let change = weighted([("big", 1), ("small", 1)], [("fiber", 3), ("cable", 1)])
        let rows = rows { snapshot in
            change(&snapshot)
            for scope in [HealthScope.v4, .v6] {
                _ = snapshot.network.observe(.failure(Cause("lost")), of: MemberID(0), in: scope, at: Stage.start)
            }
        }
        #expect(
            rows == ["chat.big wan.fiber 0 path-down", "chat.big wan.cable 1 eligible", "chat.small 1 eligible"]
        )
    }

    @Test func aMemberWithoutAnyPathGivesWayToTheNextAndSaysWhy() {
        let rows = rows { snapshot in
            for member in [0, 1] {
                _ = snapshot.network.observe(
                    .absent(Cause("no-carrier")),
                    of: MemberID(member),
                    in: .v4,
                    at: Stage.start
                )
            }
        }
        // The provider's literal address is IPv4: that IPv6 works helps nothing.
        #expect(
            rows == [
                "chat.big 0 excluded no-path", "chat.big wan.fiber 0 path-absent no-carrier",
                "chat.big wan.cable 0 path-absent no-carrier", "chat.small 1 eligible",
            ]
        )
    }

    @Test func aPathWithoutMarkIsNoCandidate() {
        let rows = rows { $0.paths.removeFirst() }
        #expect(
            rows == [
                "chat.big wan.fiber 0 path-excluded no-mark", "chat.big wan.cable 1 eligible", "chat.small 0 behind",
            ]
        )
    }

    @Test(
        arguments: [
            (
                FailureRule.Next.otherCandidate,
                ["chat.big wan.fiber 0 path-excluded tried", "chat.big wan.cable 1 eligible", "chat.small 0 behind"]
            ),
            (.otherMember, ["chat.big 0 excluded tried", "chat.small 1 eligible"]),
        ] as [(FailureRule.Next, [String])]
    )
    func whatWasTriedIsExcludedAsFarAsTheClassSays(_ next: FailureRule.Next, _ expected: [String]) {
        #expect(rows([(MemberID(0), MemberID(0), next)]) == expected)
    }

    @Test func aNameFamilyIsLimitedToWhatThePathCarries() {
        var snapshot = Stage.snapshot()
        snapshot.providers[0].host = "one.example"
        _ = snapshot.network.observe(.failure(Cause("lost")), of: MemberID(0), in: .v4, at: Stage.start)
        let set = snapshot.candidates(for: Offer(snapshot, GroupID(0), nil, .none), without: Exclusions())
        #expect(set.eligible.map(\.families) == [[.v6], [.v4]])
    }

    @Test func aDrainedMemberAskedForByNameIsNotServed() {
        var snapshot = Stage.snapshot()
        _ = snapshot.models.set(.drain, of: MemberID(1))
        let set = snapshot.candidates(for: Offer(snapshot, GroupID(0), MemberID(1), .none), without: Exclusions())
        #expect(set.eligible.isEmpty)
        #expect(set.rows.map(\.reason) == ["drained"])
    }

    @Test func aMemberAskedForByNameIsTheOnlyCandidate() {
        let snapshot = Stage.snapshot()
        let set = snapshot.candidates(for: Offer(snapshot, GroupID(0), MemberID(1), .none), without: Exclusions())
        #expect(set.eligible.map(\.member) == [MemberID(1)])
        #expect(set.rows.count == 1)
    }
}
