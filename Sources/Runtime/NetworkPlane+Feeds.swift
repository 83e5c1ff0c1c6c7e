/// How long lists of routes get into the kernel: compared elsewhere on a snapshot, sent elsewhere in one job at a time, and in the turn
/// only pointed to. A turn costs the same at a thousand routes and at a million.
import ConfigModel
import ConfigSyntax
import Forwarding
import NetTypes

extension NetworkPlane {
    /// Asks for a plan of the lists when wish and view differ and nothing is in the way of carrying it out.
    mutating func settleFeeds(at now: Instant, _ effects: inout [Effect]) {
        if view.wantsRouteDump || (feeds.needsDump && feeds.job == nil) {
            (view.wantsRouteDump, feeds.needsDump) = (false, false)
            effects.append(.reread(.routes))
        }
        cancelOvertakenJob(&effects)
        guard feeds.isDue, feeds.job == nil, feeds.planning == nil, stageToken == nil, !needsPlan else { return }
        feeds.isDue = false
        guard feeds.wished != view.segments, feedRetry.allSatisfy({ $0 <= now }), feeds.wished.allSatisfy(isUsable)
        else {
            return
        }
        let question = question(view, wished: feeds.wished, written: feeds.written)
        feeds.generation += 1
        feeds.planning = FeedWork.Planning(
            generation: feeds.generation,
            question: question,
            routeRevision: view.routeRevision
        )
        effects.append(.planFeeds(generation: feeds.generation, question))
    }

    /// Up to this many routes that somebody took out of a list are put back one by one; of more the kernel is asked, and what is
    /// missing is sent like a list. That many announcements are about to be lost anyway.
    static let mostGaps = 2000

    /// Has the routes read again, and plans when they have been.
    mutating func readRoutes(_ effects: inout [Effect]) {
        needsPlan = false
        guard !feeds.isReading else { return }
        feeds.isReading = true
        effects.append(.reread(.routes))
    }

    /// When a refused job is tried again; none unless one was.
    var feedRetry: [Instant] { feeds.trouble.map { [$0.retryAt] } ?? [] }

    /// What is asked of whoever compares the lists. The keys apart are those that the ordinary plan looks after.
    func question(_ view: KernelView, wished: [RouteSegment], written: [Route.Key]) -> FeedQuestion {
        var apart = Set(written.map(\.prefix))
        for key in view.routes.keys where stands(key) { apart.insert(key.prefix) }
        for key in view.gaps { apart.insert(key.prefix) }
        return FeedQuestion(wished: wished, observed: view.segments, apart: apart.sorted())
    }

    private func stands(_ key: Route.Key) -> Bool {
        key.table == Resolver.mainTable && key.metric == configuration.ownership.metric
    }

    /// Whether the kernel has the next hop: not only on its way, and not a stranger's under our number.
    private func isUsable(_ segment: RouteSegment) -> Bool {
        guard case .nexthop(let id) = segment.action else { return true }
        guard let there = view.nexthops[id], configuration.ownership.owns(there) else { return false }
        return !inFlight.values.contains { batch in
            batch.contains { sent in
                guard case .setNexthop(let nexthop) = sent.change.operation else { return false }
                return nexthop.id == id && sent.displaced == .nexthop(nil)
            }
        }
    }

    /// A job for a wish that is no more is not waited for.
    private mutating func cancelOvertakenJob(_ effects: inout [Effect]) {
        guard let job = feeds.job, !job.isCancelled, job.after != feeds.wished, !needsPlan else { return }
        feeds.job?.isCancelled = true
        effects.append(.cancelFeeds(token: job.token))
    }

    /// Whether a change is about a route that a job may be about to touch.
    func waitsForFeeds(_ change: KernelChange) -> Bool {
        guard let job = feeds.job else { return false }
        switch change.operation {
        case .setRoute(let route), .deleteRoute(let route):
            return stands(route.key) && job.after.action(of: route.key.prefix) != nil
        case .setNexthop, .deleteNexthop, .addRule, .deleteRule, .changeRuleset: return false
        }
    }
}

// MARK: - What is learnt

extension NetworkPlane {
    /// A feed's file was read again: a wrong one changes nothing.
    mutating func read(_ reading: ListReading, _ effects: inout [Effect]) {
        guard configuration.routeFiles.contains(where: { $0.name.value == reading.feed }) else { return }
        guard let list = reading.list else {
            let problem = reading.problem ?? "cannot be read"
            guard feeds.problems.updateValue(problem, forKey: reading.feed) != problem else { return }
            effects.append(.note(.listRefused(feed: reading.feed, problem: problem)))
            return
        }
        feeds.problems[reading.feed] = nil
        let others = configuration.lists.filter { $0.feed != reading.feed }
        guard others.count == configuration.lists.count || !configuration.lists.contains(list) else { return }
        configuration.lists = others + [list]
        needsPlan = true
        effects.append(.note(.list(feed: list.feed, prefixes: list.prefixes.count, duplicates: list.duplicates)))
    }

    /// What a dump found of ours in the main table.
    mutating func take(_ found: [RouteSegment]) {
        if feeds.isReading { (feeds.isReading, needsPlan) = (false, true) }
        if feeds.isDumpVoid {
            view.passOverSegments()
            feeds.needsDump = true
        } else if view.foundSegments(found) {
            needsPlan = true
        }
    }

    mutating func planned(_ generation: UInt64, _ plan: FeedPlan, _ effects: inout [Effect]) {
        guard let planning = feeds.planning, planning.generation == generation else { return }
        feeds.planning = nil
        feeds.isDue = true
        // Made from what is no more: it is asked for again.
        guard planning.question.wished == feeds.wished, planning.question.observed == view.segments,
            planning.routeRevision == view.routeRevision
        else { return }
        let before = view.segments
        view.adopt(plan.after, keeping: feeds.written)
        guard !plan.steps.isEmpty else {
            feeds.trouble = nil
            return
        }
        start(plan, from: before, &effects)
    }

    private mutating func start(_ plan: FeedPlan, from before: [RouteSegment], _ effects: inout [Effect]) {
        let window = configuration.ownership
        let job = FeedJob(
            steps: plan.steps,
            before: before,
            metric: window.metric,
            routeProtocol: window.routeProtocol
        )
        feeds.job = FeedWork.Job(token: nextToken, total: job.count, after: plan.after)
        if view.isReading(.routes) { feeds.isDumpVoid = true }
        tally.sent += job.count
        effects.append(.note(.feedsBegan(routes: job.count)))
        effects.append(.programFeeds(token: nextToken, job))
        nextToken += 1
    }

    mutating func progressed(_ token: UInt64, _ done: Int, _ effects: inout [Effect]) {
        guard let job = feeds.job, job.token == token else { return }
        feeds.job?.done = done
        effects.append(.note(.feedsProgress(done: done, of: job.total)))
    }

    mutating func programmed(
        _ token: UInt64,
        _ outcome: FeedOutcome,
        at now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let job = feeds.job, job.token == token else { return }
        feeds.job = nil
        feeds.isDue = true
        needsPlan = true
        if let standing = outcome.standing { view.adopt(standing, keeping: feeds.written) }
        if token >= firstToken { tally.accepted += outcome.accepted }
        if outcome.refused > 0 || outcome.ending == .unanswered { feeds.needsDump = true }
        hold(outcome, at: now)
        effects.append(
            .note(
                .feedsEnded(
                    outcome.ending,
                    accepted: outcome.accepted,
                    refused: outcome.refused,
                    first: outcome.refusals
                )
            )
        )
    }

    /// First pause before a job with refusals is tried again, doubled each time up to `longestRetry`: time for the dump that follows.
    private static let firstFeedRetry = Span.seconds(1)

    private mutating func hold(_ outcome: FeedOutcome, at now: Instant) {
        if outcome.ending == .cancelled { return }
        guard !outcome.isClean else {
            feeds.trouble = nil
            return
        }
        let attempts = (feeds.trouble?.attempts ?? 0) + 1
        let doubled = Self.firstFeedRetry.nanoseconds << Int64(min(attempts - 1, Self.mostDoublings))
        feeds.trouble = FeedWork.Trouble(
            ending: outcome.ending,
            refused: outcome.refused,
            refusals: outcome.refusals,
            attempts: attempts,
            retryAt: now + min(Self.longestRetry, Span(nanoseconds: doubled))
        )
    }
}

extension FeedWork {
    /// What goes on when the configuration changes: a job runs to its end, what failed is tried again at once.
    var underNewConfiguration: FeedWork {
        var work = self
        work.planning = nil
        work.problems = [:]
        work.trouble = nil
        work.isDue = true
        return work
    }
}
