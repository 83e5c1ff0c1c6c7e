/// What crosses the socket pair arrives as it was.
import ConfigSyntax
import Foundation
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct SnapshotTests {
    @Test func aSnapshotSurvivesJSONWithHealthAdminStateAndConditions() throws {
        let match = try Match.compile(
            try .init(parsing: #"model matches "gpt-*" and src in 10.0.0.0/8 or stream"#),
            schema: RequestFact.schema,
            sets: SetTable([])
        ).get()
        var snapshot = Stage.snapshot(policies: [Stage.policy("p", match, .group(GroupID(0)))])
        _ = snapshot.models.set(.drain, of: MemberID(0))
        _ = snapshot.network.observe(.absent(Cause("no-carrier")), of: MemberID(1), in: .v6, at: Stage.start)
        let bytes = try JSONEncoder().encode(GatewayCommand.snapshot(snapshot))
        guard case .snapshot(let back) = try JSONDecoder().decode(GatewayCommand.self, from: bytes) else {
            Issue.record("another command came back")
            return
        }
        #expect(back.policies.first?.match == match)
        #expect(back.models[MemberID(0)].admin == .drain)
        #expect(back.network[MemberID(1)].health(in: .v6)?.absence == Cause("no-carrier"))
        #expect(back.providers == snapshot.providers && back.deployments == snapshot.deployments)
        let view = try RoutingView(snapshot)
        let viewOfBack = try RoutingView(back)
        let offer = view.offers.offer(of: GroupID(0))
        #expect(
            viewOfBack.candidates(for: offer, .unknown, without: Exclusions()).rows
                == view.candidates(for: offer, .unknown, without: Exclusions()).rows
        )
    }
}
