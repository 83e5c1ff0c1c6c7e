/// What the network plane does about links, probes, strangers and the kernel's refusals.
import Forwarding
import NetTypes
import PolicyEngine
import Testing

@testable import Runtime

@Suite struct NetworkPlaneTests {
    private let refusal = KernelRefusal(errno: 22, words: "no")

    private func reports(of view: KernelView) -> [KernelReport] {
        view.nexthops.values.map { .nexthop($0) } + view.routes.values.map { .route($0) } + view.rules.map { .rule($0) }
    }

    @Test func aKernelThatIsAlreadyRightIsLeftAlone() throws {
        let earlier = try Rig.running()
        let before = try #require(earlier.router.network).view
        var rig = Rig()
        try rig.configure(Rig.network)
        rig.readKernel(reports(of: before), table: before.ruleset)
        #expect(rig.sent.isEmpty)
        #expect(rig.router.network?.isSettled == true)
    }

    @Test func nothingIsSentBeforeEveryFamilyHasBeenRead() throws {
        var rig = Rig()
        try rig.configure(Rig.network)
        rig.tell(.kernel(Rig.uplinks + Rig.addresses))
        for family in KernelFamily.allCases.dropLast() { rig.tell(.dumpEnded(family)) }
        rig.fail("wan.fiber")
        #expect(rig.sent.isEmpty)
    }

    @Test func aFailedMemberCostsOneMessageOnTheFastLane() throws {
        var rig = try Rig.running()
        rig.fail("wan.fiber")
        #expect(rig.waiting.map(\.lane) == [.fast])
        #expect(rig.sent.count == 1)
        rig.settle()
        #expect(rig.router.network?.isSettled == true && rig.sent.count == 1, "the echo is no news")
        for _ in 0..<2 { rig.tell(.probed([Rig.probe("wan.fiber", .success)])) }
        #expect(rig.sent.count == 2, "and one back")
    }

    @Test func carrierLossAndReturnRestoresWhatTheKernelDropped() throws {
        var rig = try Rig.running()
        let before = try #require(rig.router.network).view
        rig.tell(.kernel([Rig.link(11, "eth0", carrier: false)]))
        rig.settle()
        #expect(rig.router.network?.view.nexthops.count == before.nexthops.count - 1)
        rig.tell(.kernel([Rig.link(11, "eth0")]))
        rig.settle()
        let after = try #require(rig.router.network).view
        #expect(after.nexthops == before.nexthops && after.routes == before.routes)
        #expect(rig.router.network?.driftCount == 0)
    }

    @Test func aRefusalIsTriedAgainWithLongerPausesUntilItIsTaken() throws {
        var rig = try Rig.running()
        rig.fail("wan.fiber")
        var pauses: [Span] = []
        for attempt in 1...4 {
            let effects = rig.answer { _ in .refused(refusal) }
            #expect(effects.rereads == [.nexthops])
            let held = try #require(rig.router.network?.refusals.values.first)
            #expect(held.attempts == attempt)
            pauses.append(held.retryAt - rig.now)
            #expect(rig.waiting.isEmpty, "not before its time")
            rig.sleep(held.retryAt - rig.now)
            #expect(rig.waiting.count == 1)
        }
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $1.nanoseconds == 2 * $0.nanoseconds })
        rig.settle()
        #expect(rig.router.network?.refusals.isEmpty == true && rig.router.network?.isSettled == true)
    }

    @Test func somethingElseInTheRefusedPlaceGoesAtOnce() throws {
        var rig = try Rig.running()
        rig.fail("wan.fiber")
        rig.answer { _ in .refused(refusal) }
        for _ in 0..<2 { rig.tell(.probed([Rig.probe("wan.fiber", .success)])) }
        rig.fail("wan.cable")
        #expect(rig.waiting.count == 1)
        rig.settle()
        #expect(rig.router.network?.isSettled == true)
    }

    @Test func anAnswerThatNeverCameHasTheFamilyReadAgain() throws {
        var rig = try Rig.running()
        let before = try #require(rig.router.network).view.nexthops
        rig.fail("wan.fiber")
        let effects = rig.answer { _ in .unknown }
        #expect(effects.rereads == [.nexthops])
        #expect(effects.notes.contains(.unanswered(changes: 1)))
        rig.tell(.dumpBegan(.nexthops))
        rig.tell(.kernel(before.values.map { .nexthop($0) }))
        rig.tell(.dumpEnded(.nexthops))
        #expect(rig.waiting.flatMap(\.changes).count == 1, "the dump shows that it was not taken")
    }

    /// Numbers are free when they are given; whoever writes over one later takes that member out, and nothing else.
    @Test func aStrangerOnAMembersNumberTakesThatMemberOutAndNoOther() throws {
        var rig = try Rig.running()
        let network = try #require(rig.router.network)
        let fiber = try #require(network.numbers.nexthop(NexthopName.member("wan.fiber", .v4)))
        let ours = try #require(network.view.nexthops[fiber])
        let stranger = Nexthop(id: fiber, family: .v4, kind: .blackhole, routeProtocol: 3)
        rig.tell(.kernel([.nexthop(stranger)]))
        rig.settle()
        let group = try #require(rig.router.network?.resolver.groupNexthops(0).first?.object)
        #expect(rig.router.network?.view.nexthops[group.id] == group)
        #expect(group.kind.members?.count == 1 && group.kind.members?.contains { $0.id == fiber } == false)
        #expect(rig.router.network?.view.nexthops[fiber] == stranger, "it is left alone")
        rig.fail("wan.cable")
        rig.settle()
        let gone = rig.tell(.kernel([.nexthopGone(fiber)]))
        #expect(!gone.notes.contains { if case .drift = $0 { true } else { false } }, "nobody touched what is ours")
        rig.settle()
        #expect(rig.router.network?.view.nexthops[fiber] == ours)
        #expect(rig.router.network?.resolver.groupNexthops(0).first?.object.kind.members?.map(\.id) == [fiber])
    }

    /// A change of the ruleset waits in a long plan: a second one, made when a member fails meanwhile, would be made from a table that
    /// nobody has yet.
    @Test func theRulesetFollowsHealthAfterALongPlanAndNotBetweenItsParts() throws {
        let routes = (0..<1100).map { "10.\($0 / 250).\($0 % 250).0/24: wan" }.joined(separator: ", ")
        let text = Rig.network
            .replacingOccurrence(
                of: "connections: untracked",
                with: "policies: [{ name: p, match: 'src in 10.9.0.0/16', use: wan }]"
            )
            .replacingOccurrence(of: "10.1.0.0/16: wan", with: routes)
        var rig = Rig()
        try rig.configure(text)
        rig.readKernel()
        #expect(rig.router.network?.isSettled == false)
        let isRuleset = { (change: KernelChange) in change.family == .nftables }
        #expect(!rig.waiting.flatMap(\.changes).contains(where: isRuleset), "its part is still to come")
        rig.fail("wan.fiber")
        #expect(!rig.waiting.flatMap(\.changes).contains(where: isRuleset))
        rig.settle()
        let network = try #require(rig.router.network)
        let wished = try #require(network.resolver.ruleset()?.object)
        #expect(network.view.ruleset == RulesetState(wished))
        #expect(network.isSettled)
    }

    /// The kernel announces the one that goes and says nothing of the other under the same key.
    @Test(arguments: [("via: auto", true), ("via: fe80::1", false)])
    func whenAnAdvertisedGatewayGoesTheRoutesAreReadForAnother(via: String, isRead: Bool) throws {
        var rig = Rig()
        try rig.configure(
            "version: 1\nnetwork: { connections: untracked, groups: { wan: { members: { one: { dev: eth0, \(via) } } } } }\n"
        )
        rig.readKernel()
        rig.settle()
        let key = Route.Key(table: 254, prefix: .everything(.v6), metric: 1024)
        let learnt = Route(key: key, action: .inline(gateway: IPAddress("fe80::9"), interface: 11), routeProtocol: 9)
        rig.tell(.kernel([.route(learnt)]))
        rig.settle()
        #expect(rig.tell(.kernel([.routeGone(learnt)])).rereads == (isRead ? [.routes] : []))
    }

    @Test func lostAnnouncementsAreCountedByFamilyAndSaid() throws {
        var rig = try Rig.running()
        for _ in 0..<2 { #expect(rig.tell(.overrun(.routes)).notes == [.overrun(.routes)]) }
        #expect(rig.router.network?.overruns == [.routes: 2])
        #expect(rig.sent.isEmpty)
        try rig.configure(Rig.network)
        #expect(rig.router.network?.overruns == [.routes: 2], "an apply forgets nothing")
    }

    @Test func whatStrangersLoseWithANextHopIsSaid() throws {
        var rig = try Rig.running()
        let group = try #require(rig.router.network?.view.nexthops.values.first { $0.isGroup })
        let key = Route.Key(table: 254, prefix: try IPPrefix(parsing: "10.98.0.0/16"), metric: 5)
        let stranger = Route(key: key, action: .nexthop(group.id), routeProtocol: 12)
        rig.tell(.kernel([.route(stranger)]))
        let effects = try rig.configure("version: 1\nnetwork: { connections: untracked }\n")
        let said = effects.notes + rig.tell(.woke).notes
        #expect(said.contains(.losses([.route(stranger)])))
    }

    @Test func whatAStrangerRemovesIsPutBackAndCounted() throws {
        var rig = try Rig.running()
        let route = try #require(rig.router.network?.view.routes.values.first { $0.key.table == 254 })
        let effects = rig.tell(.kernel([.routeGone(route)]))
        #expect(effects.notes.contains(.drift(.routeGone(route))))
        #expect(rig.sent.map(\.operation) == [.setRoute(route)])
        #expect(rig.router.network?.driftCount == 1)
    }

    @Test func aFailureInTheMiddleOfALongPlanGoesOutAtOnce() throws {
        let routes = (0..<1500).map { "    10.\(16 + $0 / 256).\($0 % 256).0/24: wan\n" }.joined()
        let text = Rig.network.replacing("  routes: { default: wan, 10.1.0.0/16: wan }\n", with: "  routes:\n" + routes)
        var rig = Rig()
        try rig.configure(text)
        rig.readKernel()
        rig.answer { _ in .accepted }
        #expect(rig.waiting.map(\.lane) == [.bulk])
        rig.fail("wan.fiber")
        #expect(rig.waiting.map(\.lane) == [.bulk, .fast])
        #expect(rig.waiting.last?.changes.count == 1)
        rig.settle()
        #expect(rig.router.network?.isSettled == true)
        #expect(rig.router.network?.plan().isEmpty == true)
    }

    @Test func anotherConfigurationDropsTheRestOfALongPlan() throws {
        let routes = (0..<1500).map { "    10.\(16 + $0 / 256).\($0 % 256).0/24: wan\n" }.joined()
        let text = Rig.network.replacing("  routes: { default: wan, 10.1.0.0/16: wan }\n", with: "  routes:\n" + routes)
        var rig = Rig()
        try rig.configure(text)
        rig.readKernel()
        try rig.configure(Rig.network)
        rig.settle()
        #expect(rig.sent.filter { $0.family == .routes }.count < 1500, "the old routes were never sent")
        #expect(rig.router.network?.plan().isEmpty == true && rig.router.network?.isSettled == true)
    }

    @Test func withoutTheNetworkBlockNothingOfOursStays() throws {
        var rig = try Rig.running()
        try rig.configure("version: 1\n")
        rig.settle()
        let view = try #require(rig.router.network).view
        #expect(view.nexthops.isEmpty && view.routes.isEmpty && view.rules.isEmpty && view.ruleset == nil)
        try rig.configure(Rig.network)
        rig.settle()
        #expect(rig.router.network?.view.nexthops.isEmpty == false)
    }
}

extension String {
    fileprivate func replacingOccurrence(of part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
