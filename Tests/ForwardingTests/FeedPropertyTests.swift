/// Do lists of routes and single routes together make the wish, and does the quick comparison say what a slow and obvious one says?
import Chance
import ConfigSyntax
import NetTypes
import Testing

@testable import Forwarding

/// A kernel that holds one action a key, and says no where a stranger stands.
private struct SlowKernel {
    var routes: [Route.Key: Route] = [:]

    mutating func carryOut(_ plan: FeedPlan, window: OwnershipWindow) {
        for step in plan.steps {
            for prefix in step.routes.list.prefixes(step.routes.family) {
                let key = Route.Key(table: Resolver.mainTable, prefix: prefix, metric: window.metric)
                let route = Route(key: key, action: step.routes.action, routeProtocol: window.routeProtocol)
                switch step.operation {
                case .add:
                    #expect(routes[key] == nil, "\(prefix) is added where something stands")
                    routes[key] = route
                case .replace:
                    #expect(routes[key].map(window.owns) == true, "\(prefix) is replaced where nothing of ours stands")
                    routes[key] = route
                case .delete:
                    #expect(routes[key].map(window.owns) == true, "\(prefix) is deleted where nothing of ours stands")
                    routes[key] = nil
                }
            }
        }
    }

    mutating func carryOut(_ plan: Plan) {
        for change in plan.changes {
            switch change.operation {
            case .setRoute(let route): routes[route.key] = route
            case .deleteRoute(let route): routes[route.key] = nil
            case .setNexthop, .deleteNexthop, .addRule, .deleteRule, .changeRuleset: continue
            }
        }
    }
}

@Suite struct FeedPropertyTests {
    private static let window = OwnershipWindow.standard
    private static let actions: [Route.Action] = [.blackhole, .unreachable, .prohibit]

    private struct Case {
        var chance: SeededGenerator
        var view = KernelView(window: FeedPropertyTests.window)
        var kernel = SlowKernel()

        init(_ seed: UInt64) { chance = SeededGenerator(seed) }

        mutating func prefix() -> IPPrefix {
            let isV6 = Int.random(in: 0..<3, using: &chance) == 0
            let number = UInt64.random(in: 0..<40, using: &chance)
            return isV6
                ? IPPrefix(
                    containing: IPAddress(family: .v6, high: 0x2001_0DB8 << 32 | number << 16, low: 0),
                    length: 48
                )
                : IPPrefix(containing: IPAddress(v4: 0x0A00_0000 | UInt32(number) << 8), length: 24)
        }

        mutating func list() -> PrefixList {
            PrefixList((0..<Int.random(in: 0..<30, using: &chance)).map { _ in prefix() })
        }

        mutating func action() -> Route.Action { FeedPropertyTests.actions.randomElement(using: &chance) ?? .blackhole }

        func key(_ prefix: IPPrefix) -> Route.Key {
            Route.Key(table: Resolver.mainTable, prefix: prefix, metric: FeedPropertyTests.window.metric)
        }

        func route(_ prefix: IPPrefix, _ action: Route.Action, by owner: UInt8 = 219) -> Route {
            Route(key: key(prefix), action: action, routeProtocol: owner)
        }

        mutating func wish() -> Wish {
            var wish = Wish()
            for number in 0..<Int.random(in: 0...3, using: &chance) {
                let action = action()
                wish.feeds.append(
                    WishedFeed(name: "f\(number)", list: list(), v4: action, v6: action, cause: Networks.nowhere)
                )
            }
            let written = Set((0..<Int.random(in: 0..<4, using: &chance)).map { _ in prefix() }).sorted()
            wish.routes = written.map { Wished(route($0, action()), cause: Networks.nowhere) }
            return wish
        }

        /// Somebody, a stranger or an earlier ourselves, puts a route there or takes one away; all of it is reported.
        mutating func meddle() {
            for _ in 0..<Int.random(in: 0..<6, using: &chance) {
                let prefix = prefix()
                if let there = kernel.routes[key(prefix)], Bool.random(using: &chance) {
                    kernel.routes[there.key] = nil
                    _ = view.apply(.routeGone(there))
                } else {
                    let route = route(prefix, action(), by: Bool.random(using: &chance) ? 219 : 4)
                    kernel.routes[route.key] = route
                    _ = view.apply(.route(route))
                }
            }
        }

        /// Ordinary plan and lists in turn, as the runtime does it, until nothing is left to do.
        mutating func bringAbout(_ wish: Wish) -> Int {
            var rounds = 0
            while rounds < 5 {
                rounds += 1
                let plan = Difference.plan(from: view, to: wish, window: FeedPropertyTests.window)
                for change in plan.changes { view.expect(change) }
                kernel.carryOut(plan)
                let feeds = FeedPlan.answering(question(wish))
                view.adopt(feeds.after, keeping: wish.writtenKeys)
                kernel.carryOut(feeds, window: FeedPropertyTests.window)
                if plan.isEmpty, feeds.steps.isEmpty { break }
            }
            return rounds
        }

        func question(_ wish: Wish) -> FeedQuestion {
            let apart = Set(wish.writtenKeys.map(\.prefix) + view.routes.keys.map(\.prefix) + view.gaps.map(\.prefix))
            return FeedQuestion(wished: wish.segments, observed: view.segments, apart: apart.sorted())
        }

        /// What should stand, said slowly: a stranger stays, else the file's route, else the first list's.
        func expected(_ wish: Wish, before: [Route.Key: Route]) -> [Route.Key: Route] {
            var routes: [Route.Key: Route] = [:]
            for feed in wish.feeds.reversed() {
                for family in AddressFamily.allCases {
                    guard let action = feed.action(family) else { continue }
                    for prefix in feed.list.prefixes(family) { routes[key(prefix)] = route(prefix, action) }
                }
            }
            for wished in wish.routes { routes[wished.object.key] = wished.object }
            for (key, route) in before where !FeedPropertyTests.window.owns(route) { routes[key] = route }
            return routes
        }
    }

    @Test func plansOfListsAndOfSingleRoutesMakeTheWish() {
        var (touched, most) = (0, 0)
        for seed in UInt64(0)..<400 {
            var made = Case(seed)
            // Several wishes one after the other, with meddling between them: what stands is of all ages.
            for round in 0..<4 {
                made.meddle()
                let wish = made.wish()
                let expected = made.expected(wish, before: made.kernel.routes)
                touched += expected.count
                most = max(most, made.bringAbout(wish))
                #expect(made.kernel.routes == expected, "seed \(seed), round \(round)")
                for number in 0..<80 {
                    let key = made.key(made.prefix())
                    #expect(made.view.route(at: key) == made.kernel.routes[key], "seed \(seed), key \(number)")
                }
                // Told again by a dump, the view is the same: nothing is left to do.
                readBack(&made)
                #expect(made.bringAbout(wish) <= 2, "seed \(seed), round \(round): read back, there is more to do")
                #expect(made.kernel.routes == expected, "seed \(seed), round \(round): read back")
            }
        }
        #expect(touched > 20_000, "the cases are no trivial ones: \(touched) routes")
        #expect(most <= 3, "\(most) rounds")
    }

    /// A dump as the watcher tells it: ours in segments, the rest one by one.
    private func readBack(_ made: inout Case) {
        made.view.dumpBegan(.routes)
        var lists: [Route.Action: [IPPrefix]] = [:]
        for route in made.kernel.routes.values {
            if Self.window.packs(route) {
                lists[route.action, default: []].append(route.key.prefix)
            } else {
                _ = made.view.apply(.route(route))
            }
        }
        let segments = Self.actions.flatMap { action in
            let list = PrefixList(lists[action] ?? [])
            return AddressFamily.allCases.filter { list.count($0) > 0 }.map { RouteSegment($0, action, list) }
        }
        _ = made.view.foundSegments(segments)
        _ = made.view.dumpEnded(.routes)
        for key in made.kernel.routes.keys { #expect(made.view.route(at: key) == made.kernel.routes[key]) }
    }

    /// Half a job, with refusals, said slowly and by `standing`.
    @Test func whatStandsAfterHalfAJobIsKnown() {
        var partial = 0
        for seed in UInt64(0)..<300 {
            var made = Case(seed)
            _ = made.bringAbout(made.wish())
            let before = made.view.segments
            let plan = FeedPlan.answering(FeedQuestion(wished: made.wish().segments, observed: before, apart: []))
            var progress: [FeedProgress] = []
            var kernel = SlowKernel()
            for segment in before.reversed() {
                for prefix in segment.list.prefixes(segment.family) {
                    kernel.routes[made.key(prefix)] = made.route(prefix, segment.action)
                }
            }
            for step in plan.steps {
                let count = step.routes.count
                let positions = Int.random(in: 0...bitReversedPositions(count), using: &made.chance)
                let refused = Set((0..<count).filter { _ in Int.random(in: 0..<5, using: &made.chance) == 0 })
                progress.append(FeedProgress(step, positions: positions, refused: refused))
                let prefixes = step.routes.list.prefixes(step.routes.family)
                for position in 0..<positions {
                    let index = bitReversedPosition(position, of: count)
                    guard index < count, !refused.contains(index) else { continue }
                    let route = made.route(prefixes[index], step.routes.action)
                    kernel.routes[route.key] = step.operation == .delete ? nil : route
                    partial += 1
                }
            }
            let standing = progress.standing(on: before)
            for _ in 0..<200 {
                let prefix = made.prefix()
                #expect(
                    standing.action(of: prefix) == kernel.routes[made.key(prefix)]?.action,
                    "seed \(seed): \(prefix)"
                )
            }
        }
        #expect(partial > 3000, "\(partial)")
    }

    @Test func aWholeListIsSharedAndNotCopied() {
        let list = PrefixList(
            (0..<100).map { IPPrefix(containing: IPAddress(v4: UInt32($0) << 16), length: 16) }.dropFirst()
        )
        let wished = [RouteSegment(.v4, .blackhole, list)]
        let plan = FeedPlan.answering(FeedQuestion(wished: wished, observed: [], apart: []))
        #expect(plan.steps.map(\.operation) == [.add])
        #expect(plan.steps.first?.routes.list === list && plan.after.first?.list === list)
    }
}
