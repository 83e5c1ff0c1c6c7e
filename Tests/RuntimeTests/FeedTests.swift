/// Do lists of routes cost a turn nothing, and do they get where they belong?
import ConfigModel
import Forwarding
import NetTypes
import Testing

@testable import Runtime

@Suite struct FeedTests {
    static let text = Rig.network + "    table: { file: table.txt, use: wan }\n"
    static let list = "10.1.0.0/16\n192.0.2.0/24\n198.51.100.0/24\n"

    private func network(_ rig: Rig) throws -> NetworkPlane { try #require(rig.router.network) }

    private func text(_ routes: String) -> String {
        Rig.network.replacing("10.1.0.0/16: wan }", with: "10.1.0.0/16: wan, \(routes) }")
    }

    private var feed: String { text("table: { file: table.txt, use: wan }") }

    private func running() throws -> Rig {
        var rig = Rig()
        try rig.configure(feed, lists: ["table.txt": Self.list])
        rig.readKernel()
        rig.settle()
        rig.sent = []
        return rig
    }

    private func key(_ text: String) throws -> Route.Key {
        Route.Key(table: Resolver.mainTable, prefix: try IPPrefix(parsing: text), metric: 77)
    }

    @Test func aListIsSentOnceTheGroupIsThere() throws {
        var rig = Rig()
        try rig.configure(feed, lists: ["table.txt": Self.list])
        rig.readKernel()
        #expect(rig.questions.isEmpty && rig.jobs.isEmpty, "the kernel has no group yet")
        rig.answer { _ in .accepted }
        #expect(rig.questions.count == 1)
        rig.compareLists()
        let job = try #require(rig.jobs.first?.job)
        // The file's own route wins over the list's.
        #expect(job.steps.map(\.operation) == [.add])
        #expect(job.steps.first?.routes.list.prefixes(.v4).map(\.description) == ["192.0.2.0/24", "198.51.100.0/24"])
        rig.settle()
        let network = try network(rig)
        #expect(network.isSettled && network.plan().isEmpty && network.feedPlan().steps.isEmpty)
        #expect(network.tally.sent == network.tally.accepted)
    }

    @Test func aMembersFailureSendsNoRoute() throws {
        var rig = try running()
        rig.fail("wan.fiber")
        rig.settle()
        #expect(rig.sent.count == 1 && rig.questions.isEmpty && rig.jobs.isEmpty)
    }

    @Test func aNewListCostsItsDifference() throws {
        var rig = try running()
        let file = PrefixFile(Array("192.0.2.0/24\n203.0.113.0/24\n".utf8))
        rig.tell(.list(ListReading(feed: "table", list: RouteList(feed: "table", file), problem: nil)))
        rig.compareLists()
        let steps = try #require(rig.jobs.first?.job.steps)
        #expect(steps.map(\.operation) == [.add, .delete])
        #expect(
            steps.map { $0.routes.list.prefixes(.v4).map(\.description) } == [["203.0.113.0/24"], ["198.51.100.0/24"]]
        )
    }

    @Test func aWrongListChangesNothingAndIsSaidOnce() throws {
        var rig = try running()
        let wrong = ListReading(feed: "table", list: nil, problem: "table.txt:1:1: nonsense")
        #expect(rig.tell(.list(wrong)).notes == [.listRefused(feed: "table", problem: "table.txt:1:1: nonsense")])
        #expect(rig.tell(.list(wrong)).notes.isEmpty)
        #expect(rig.questions.isEmpty && rig.waiting.isEmpty)
        #expect(try network(rig).feeds.problems == ["table": "table.txt:1:1: nonsense"])
        let file = PrefixFile(Array(Self.list.utf8))
        rig.tell(.list(ListReading(feed: "table", list: RouteList(feed: "table", file), problem: nil)))
        #expect(try network(rig).feeds.problems.isEmpty)
        #expect(rig.questions.isEmpty, "it holds what it held")
    }

    @Test func whatAStrangerTakesFromAListIsPutBackByOneChange() throws {
        var rig = try running()
        let there = try #require(try network(rig).view.route(at: try key("192.0.2.0/24")))
        rig.tell(.kernel([.routeGone(there)]))
        #expect(rig.waiting.flatMap(\.changes).map(\.operation) == [.setRoute(there)])
        rig.settle()
        #expect(try network(rig).view.gaps.isEmpty && rig.jobs.isEmpty)
    }

    @Test func aStrangerInAListsPlaceIsAConflictAndStays() throws {
        var rig = Rig()
        try rig.configure(feed, lists: ["table.txt": Self.list])
        let stranger = Route(key: try key("192.0.2.0/24"), action: .blackhole, routeProtocol: 4)
        rig.readKernel([.route(stranger)])
        rig.settle()
        #expect(try network(rig).view.route(at: stranger.key) == stranger)
        #expect(try network(rig).conflicts.map(\.object) == [.route(stranger)])
        #expect(try network(rig).isSettled)
    }

    @Test func aRefusedJobIsReadBackAndTriedAgain() throws {
        var rig = Rig()
        try rig.configure(feed, lists: ["table.txt": Self.list])
        rig.readKernel()
        rig.answer { _ in .accepted }
        rig.compareLists()
        let refusal = KernelRefusal(errno: 12, words: "no memory")
        let effects = rig.answerJob { job in
            let refused = FeedRefusal(job.steps[0].routes.list.prefixes(.v4)[1], refusal)
            let progress = [FeedProgress(job.steps[0], positions: 2, refused: [1])]
            return FeedOutcome(
                ending: .complete,
                accepted: 1,
                refused: 1,
                refusals: [refused],
                standing: progress.standing(on: job.before)
            )
        }
        #expect(effects.rereads == [.routes])
        #expect(try network(rig).feeds.trouble?.refused == 1)
        #expect(try network(rig).view.route(at: try key("192.0.2.0/24")) != nil)
        #expect(try network(rig).view.route(at: try key("198.51.100.0/24")) == nil)
        #expect(rig.questions.isEmpty, "not at once")
        rig.sleep(.seconds(1))
        rig.compareLists()
        #expect(rig.jobs.first?.job.count == 1)
        rig.settle()
        #expect(try network(rig).feeds.trouble == nil)
        #expect(try network(rig).isSettled)
    }

    @Test func aDumpDuringAJobIsNotBelieved() throws {
        var rig = Rig()
        try rig.configure(feed, lists: ["table.txt": Self.list])
        rig.readKernel()
        rig.answer { _ in .accepted }
        rig.compareLists()
        rig.tell(.dumpBegan(.routes))
        rig.tell(.segments([]))
        rig.tell(.dumpEnded(.routes))
        let effects = rig.answerJob()
        #expect(effects.rereads == [.routes])
        #expect(try network(rig).view.route(at: try key("192.0.2.0/24")) != nil)
    }

    @Test func theRoutesOfALostLinkAreSentAgainWhole() throws {
        var rig = try running()
        rig.tell(.kernel([Rig.link(11, "eth0", carrier: false), Rig.link(12, "eth1", carrier: false)]))
        rig.settle()
        #expect(try network(rig).view.segments.routeCount == 3, "over the group that is parked")
        #expect(try network(rig).feedPlan().steps.isEmpty)
    }

    @Test func ofAFlushedListTheKernelIsAskedOnce() throws {
        let prefixes = (0..<3000).map { IPPrefix(containing: IPAddress(v4: 0x1400_0000 | UInt32($0) << 8), length: 24) }
        var rig = Rig()
        try rig.configure(feed, lists: ["table.txt": prefixes.map(\.description).joined(separator: "\n")])
        rig.readKernel()
        rig.settle()
        let routes = try prefixes.compactMap { prefix in
            try network(rig).view.route(at: Route.Key(table: Resolver.mainTable, prefix: prefix, metric: 77))
        }
        #expect(routes.count == 3000)
        let effects = rig.tell(.kernel(routes.map { .routeGone($0) }))
        #expect(effects.rereads == [.routes] && effects.changes.isEmpty && effects.notes.count <= 101)
        #expect(try !network(rig).isSettled)
        rig.tell(.dumpBegan(.routes))
        rig.tell(.segments([]))
        rig.tell(.dumpEnded(.routes))
        rig.sent = []
        rig.settle()
        #expect(try network(rig).isSettled && network(rig).view.gaps.isEmpty)
        #expect(try network(rig).view.segments.routeCount == 3000)
        let single = Set(rig.sent.map(\.target)).intersection(routes.map { KernelChange.Target.route($0.key) })
        #expect(single.isEmpty, "none of them was sent one by one")
    }

    @Test func aRecordedListIsWhatStandsForItWhenItIsLong() throws {
        let long = PrefixList((1...5000).map { IPPrefix(containing: IPAddress(v4: UInt32($0) << 12), length: 24) })
        let short = PrefixList([try IPPrefix(parsing: "10.0.0.0/8")])
        for list in [long, short] {
            let coded = try RecordedLists.roundTrip(RouteSegment(.v4, .blackhole, list))
            #expect(coded == RouteSegment(.v4, .blackhole, list))
            #expect(coded.list.prefixes(.v4).isEmpty == (list === long))
        }
    }
}
