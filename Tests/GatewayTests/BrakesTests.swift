/// What the loops count together.
import ConfigSyntax
import Inference
import NetTypes
import PolicyEngine
import Synchronization
import Testing

@testable import Gateway

@Suite struct BrakesTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    private func view(_ groups: [String], atLeast: Int) throws -> RoutingView {
        let provider = GatewayProvider(
            name: "p",
            dialect: .openai,
            isTLS: false,
            host: "127.0.0.1",
            port: 9,
            pathPrefix: ""
        )
        let snapshot = GatewaySnapshot(
            generation: 1,
            providers: [provider],
            models: GroupTable(groups.map { Fixed.group($0, ["a"], [.any]) }, at: start),
            deployments: groups.map { _ in Deployment(provider: 0, model: "m") },
            retryBudgets: groups.map { _ in RetryBudget(share: Fraction(millionths: 500_000), atLeast: atLeast) },
            network: GroupTable([], at: start),
            paths: [],
            keys: [],
            policies: [],
            listeners: [],
            hashKey0: 1,
            hashKey1: 2
        )
        return try RoutingView(snapshot)
    }

    private func ask(
        _ brakes: Brakes,
        group: Int = 0,
        isRetry: Bool = false,
        isTrial: Bool = false,
        after: Span = .zero
    )
        -> Result<Brakes.Trial?, Brakes.Refused>
    {
        let permission = Permission(group: GroupID(group), member: MemberID(group), isRetry: isRetry, isTrial: isTrial)
        return brakes.grant(permission, at: start + after)
    }

    private func isGranted(_ result: Result<Brakes.Trial?, Brakes.Refused>) -> Bool {
        if case .success = result { true } else { false }
    }

    @Test func retriesAreGrantedByTheGroupsOwnRequestsAndComeBackWithTime() throws {
        let brakes = Brakes(try view(["x", "y"], atLeast: 1), keeping: nil)
        for _ in 0..<4 { #expect(isGranted(ask(brakes))) }
        let granted = (0..<10).count { _ in isGranted(ask(brakes, isRetry: true)) }
        #expect(granted == 3, "half of four, and one")
        #expect(
            (0..<10).count { _ in isGranted(ask(brakes, group: 1, isRetry: true)) } == 1,
            "the other group has its own"
        )
        #expect(isGranted(ask(brakes, isRetry: true, after: .seconds(20))))
    }

    @Test func countsAndTrialsGoOnOverSnapshotsByName() throws {
        let old = Brakes(try view(["x", "y"], atLeast: 1), keeping: nil)
        #expect(isGranted(ask(old, group: 1, isRetry: true)))
        #expect(isGranted(ask(old, group: 1, isTrial: true)))
        let new = Brakes(try view(["z", "w", "y"], atLeast: 1), keeping: old)
        #expect(!isGranted(ask(new, group: 2, isTrial: true)))
        #expect(isGranted(ask(new, group: 0, isTrial: true)))
    }

    @Test func oneRequestAtATimeTriesAMember() throws {
        let brakes = Brakes(try view(["x"], atLeast: 1), keeping: nil)
        let trial = try #require(try ask(brakes, isTrial: true).get())
        #expect(!isGranted(ask(brakes, isTrial: true)))
        #expect(isGranted(ask(brakes)), "who does not ask for the trial is not held up")
        trial.end()
        #expect(isGranted(ask(brakes, isTrial: true)))
    }

    @Test func noCountIsLostAmongThreads() {
        let tally = SharedTally(slice: .seconds(1))
        let running = Atomic(4)
        for _ in 0..<4 {
            onThread {
                for _ in 0..<20_000 { tally.add(all: 1, some: 2, at: Instant(nanoseconds: 5)) }
                running.subtract(1, ordering: .acquiringAndReleasing)
            }
        }
        #expect(eventually(within: 30) { running.load(ordering: .acquiring) == 0 })
        let sums = tally.sums(at: Instant(nanoseconds: 5))
        #expect(sums.all == 80_000 && sums.some == 160_000)
    }
}
