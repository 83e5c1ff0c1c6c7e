/// How do long lists of routes stand? One row a list and family, however many routes it has.
import ConfigSyntax
import Control
import Forwarding
import NetTypes
import PolicyEngine
import Runtime

/// How many routes of one list and family are where.
struct FeedStanding {
    let feed: WishedFeed
    let family: AddressFamily
    /// Not in the kernel as the list wants it.
    var missing = 0
    /// Written in the file of the configuration, which counts before a list.
    var written = 0
    /// A stranger's route stands there.
    var foreign = 0

    var count: Int { feed.list.count(family) }
    var programmed: Int { max(0, count - missing - written - foreign) }
}

extension Answers {
    /// One row for each list and family. Looks at every route where lists and kernel differ: not for a turn.
    func feedRows() -> [ObjectRow] {
        guard let network = router.network else { return [] }
        let waiting = Set(network.configuration.routeFiles.map(\.name.value))
        let wish = network.resolver.wish()
        let pending = wish.pending.filter {
            waiting.contains($0.name.split(separator: " ").first.map(String.init) ?? "")
        }
        return feedStandings(network, wish).map { row($0, network) } + pending.map(pendingFeed)
    }

    func feedStandings(_ network: NetworkPlane, _ wish: Wish) -> [FeedStanding] {
        guard !wish.feeds.isEmpty else { return [] }
        let lacking = lacking(network, wish)
        return wish.feeds.flatMap { feed in
            AddressFamily.allCases.compactMap { family -> FeedStanding? in
                guard feed.list.count(family) > 0, feed.action(family) != nil else { return nil }
                var standing = FeedStanding(feed: feed, family: family)
                count(&standing, network, wish)
                standing.missing += lacking.filter { $0.family == family }.reduce(0) { $0 + $1.common(with: feed.list) }
                return standing
            }
        }
    }

    /// What a plan of the lists would still set; while a job runs, what it has not got to yet is only known as a number.
    private func lacking(_ network: NetworkPlane, _ wish: Wish) -> [RouteSegment] {
        guard network.feeds.job == nil, wish.segments != network.view.segments else { return [] }
        return network.feedPlan().steps.filter { $0.operation != .delete }.map(\.routes)
    }

    /// What stands apart from the lists, one by one.
    private func count(_ standing: inout FeedStanding, _ network: NetworkPlane, _ wish: Wish) {
        let window = network.configuration.ownership
        let written = Set(wish.writtenKeys)
        let apart = written.union(network.view.routes.keys).union(network.view.gaps)
        for key in apart where key.prefix.family == standing.family && standing.feed.list.contains(key.prefix) {
            guard key.table == Resolver.mainTable, key.metric == window.metric else { continue }
            let there = network.view.route(at: key)
            if written.contains(key) {
                standing.written += 1
            } else if let there, !window.owns(there) {
                standing.foreign += 1
            } else if there?.action != standing.feed.action(standing.family) {
                standing.missing += 1
            }
        }
    }

    private func row(_ standing: FeedStanding, _ network: NetworkPlane) -> ObjectRow {
        let (state, why) = state(standing, network)
        let parts = [
            why, standing.written > 0 ? "\(standing.written) written in the file" : nil,
            standing.foreign > 0 ? "\(standing.foreign) held by strangers" : nil,
            network.feeds.problems[standing.feed.name].map { "its file as it is now is not used: \($0)" },
        ]
        return ObjectRow(
            kind: "list",
            object: standing.feed.name,
            family: standing.family.name,
            table: Resolver.mainTable,
            priority: network.configuration.ownership.metric,
            action: action(standing.feed.action(standing.family), network),
            state: state,
            detail: (["\(standing.programmed) of \(standing.count) routes"] + parts.compactMap { $0 }).joined(
                separator: "; "
            ),
            cause: sources.cause(standing.feed.cause)
        )
    }

    private func state(_ standing: FeedStanding, _ network: NetworkPlane) -> (state: String, why: String?) {
        if let job = network.feeds.job { return ("pending", "\(job.done) of \(job.total) sent") }
        if let trouble = network.feeds.trouble, standing.missing > 0 {
            return ("failed", trouble.ending.words(trouble.refused) + trouble.refusals.words)
        }
        if standing.missing > 0 { return ("pending", nil) }
        return (standing.foreign > 0 ? "foreign-conflict" : "programmed", nil)
    }

    private func action(_ action: Route.Action?, _ network: NetworkPlane) -> String {
        guard let action else { return "-" }
        guard case .nexthop(let id) = action else { return action.words }
        return "\(network.nameOf(id) ?? "?") (id \(id.value))"
    }

    private func pendingFeed(_ pending: Pending) -> ObjectRow {
        ObjectRow(
            kind: "list",
            object: pending.name,
            family: pending.name.hasSuffix("ipv6") ? "ipv6" : "ipv4",
            table: Resolver.mainTable,
            priority: router.network?.configuration.ownership.metric ?? 0,
            action: "-",
            state: "pending",
            detail: pending.why.name,
            cause: sources.cause(pending.cause)
        )
    }

    /// What of the lists needs an operator.
    func feedAlarms(_ network: NetworkPlane) -> [String] {
        let problems = network.feeds.problems.sorted { $0.key < $1.key }.map {
            "the list of \($0.key) stays as it was read before: \($0.value)"
        }
        guard let trouble = network.feeds.trouble else { return problems }
        let words = trouble.ending.words(trouble.refused) + trouble.refusals.words
        return problems + ["routes of lists: \(words) (tried \(trouble.attempts) times)"]
    }

    /// A plan of the lists, a row for each kind of change.
    func feedChanges(_ network: NetworkPlane, _ plan: FeedPlan) -> [PlanReply.Change] {
        let wish = network.resolver.wish()
        return plan.steps.map { step in
            let first = step.routes.list.first(step.routes.family)
            let feed = step.operation == .delete ? nil : first.flatMap { wish.feed(of: $0) }
            let name = feed.map { " of \($0.name)" } ?? ""
            return PlanReply.Change(
                verb: step.operation == .replace ? "set" : step.operation.rawValue,
                kind: "routes",
                object:
                    "\(step.routes.count) \(step.routes.family.name) routes\(name), \(action(step.routes.action, network))",
                cause: feed.map { sources.cause($0.cause) }
            )
        }
    }

    /// The route of a list that carries a packet, if one does.
    func feedRoute(to destination: IPAddress, _ network: NetworkPlane) -> Wished<Route>? {
        network.resolver.wish().feedRoute(to: destination, window: network.configuration.ownership)
    }
}

extension RouteSegment {
    /// How many of its routes stand in the list.
    fileprivate func common(with other: PrefixList) -> Int {
        other == list ? count : list.prefixes(family).count { other.contains($0) }
    }
}
