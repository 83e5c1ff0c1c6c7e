/// Plans as rows: what the file would change in the kernel.
import ConfigSyntax
import Control
import Forwarding
import Kernel
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// The plan of this (trial) router, whose overrides and view are the running one's.
    func plan() -> PlanReply {
        guard let network = router.network else {
            return PlanReply(changes: [], conflicts: [], pending: [], overrides: overrideWords)
        }
        return reply(network.plan(), network.feedPlan(), network)
    }

    private func reply(_ plan: Forwarding.Plan, _ feeds: FeedPlan, _ network: NetworkPlane) -> PlanReply {
        PlanReply(
            changes: plan.changes.map { change in
                let parts = change.parts
                return PlanReply.Change(
                    verb: parts.verb,
                    kind: parts.kind,
                    object: parts.object,
                    cause: change.cause.map(sources.cause)
                )
            } + feedChanges(network, feeds),
            conflicts: plan.conflicts.map(words),
            losses: plan.losses.map(\.words),
            pending: network.resolver.wish().pending.map(words),
            overrides: overrideWords
        )
    }

    private var overrideWords: [String] {
        router.overrides.map { "\($0.member) is set to \($0.admin.rawValue) by the operator" }
    }

    /// What of strangers goes along when this (trial) router is applied.
    var losses: [Loss] { router.network?.plan().losses ?? [] }

    private func words(_ conflict: ForeignConflict) -> String {
        conflict.words + (conflict.cause.map { ", wanted by \(sources.cause($0))" } ?? "")
    }

    private func words(_ pending: Pending) -> String {
        "\(pending.name) waits: \(pending.why.name) (\(sources.cause(pending.cause)))"
    }

    /// What the kernel has otherwise than the running configuration wants it, read from the kernel afresh: what we believe of it does
    /// not count here. Throws `ErrorReply` when it cannot be read.
    func kernelDiff() throws -> PlanReply {
        guard let network = router.network else { return plan() }
        do throws(NetlinkFailure) {
            let name = network.configuration.ownership.tableName
            let window = network.configuration.ownership
            let watch = RouteWatch(network.configuration)
            let snapshot = try KernelSnapshot.read(table: name, window: window, watch: watch)
            var view = KernelView(window: window)
            _ = view.look(at: watch)
            for report in snapshot.reports { _ = view.apply(report) }
            _ = view.foundSegments(snapshot.segments)
            _ = view.found(snapshot.ruleset?.state)
            return reply(network.plan(from: view), network.feedPlan(from: view), network)
        } catch {
            throw ErrorReply(errors: ["the kernel cannot be read: \(error)"])
        }
    }

    /// What an apply has come to by now.
    func applied(generation: UInt64, configuration: Int, trial: TrialRow?, losses: [Loss]) -> ApplyReply {
        let network = router.network
        return ApplyReply(
            generation: generation,
            configuration: configuration,
            trial: trial,
            changes: network?.tally.sent ?? 0,
            accepted: network?.tally.accepted ?? 0,
            refused: (network?.refusals.values.sorted { $0.retryAt < $1.retryAt } ?? []).map {
                "\($0.change.words): \($0.refusal.sentence)"
            },
            conflicts: (network?.conflicts ?? []).map(words),
            losses: losses.map(\.words),
            pending: (network?.pending ?? []).map(words)
        )
    }
}
