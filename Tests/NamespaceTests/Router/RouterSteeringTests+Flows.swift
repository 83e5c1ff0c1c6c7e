import Glibc
import Lab
import LabText
import Testing

/// What becomes of flows that have begun?
extension RouterSuites.SteeringTests {
    /// Flows that stick stay with their uplink when new ones go elsewhere, and a port forward beside them is answered where it came in.
    @Test(.timeLimit(.minutes(1)))
    func stickyFlowsAndAPortForwardDoNotDisturbEachOther() throws {
        let site = try Site()
        defer { site.tearDown() }
        try site.openInwards(by: .isp2)
        try site.startEchoAtClient()
        let sticky = ["strategy: static", "flows: sticky"]
        let forwards = [
            "forwards:", "  - { name: four, in: wan, proto: udp, port: 7, to: 10.0.5.2 }",
            "  - { name: six, in: wan, proto: udp, port: 7, to: \"2001:db8:10::2\" }",
        ]
        let router = try Self.start(Self.file(group: sticky, more: forwards), site)
        let outward = try Self.streams(site)
        let inward = try Family.allCases.map {
            ($0, try site.packets(from: site.far, to: Self.cableAddress, family: $0, rate: 200))
        }
        try Self.waitUntilCarried(by: .isp1, site)
        // Everything new goes by cable from now on.
        _ = try router.apply(Self.file(group: sticky, fiber: ", tier: 2", more: forwards))
        try router.waitUntilSettled()
        try Self.waitUntilCarried(by: .isp1, site)
        let before = try Family.allCases.map { try site.passed(by: .isp1, $0) }
        let fresh = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 200, flows: 3)) }
        rest(.milliseconds(300))
        try Self.expectNoLoss(fresh, "new flows")
        let fiber = try zip(Family.allCases, before).map { try site.passed(by: .isp1, $0) - $1 }
        try Self.expectNoLoss(outward, "flows that stick")
        try Self.expectNoLoss(inward, "what came in")
        // The old stream alone sends 200 a second; the new flows would have doubled that.
        #expect(fiber.allSatisfy { $0 > 30 }, "\(fiber)")
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["keep", "cut", "migrate-idle"])
    func flowsReturnAsTheMemberSays(onRecover: String) throws {
        let site = try Site()
        defer { site.tearDown() }
        let file = Self.file(fiber: ", on-recover: \(onRecover)", more: [Self.masquerade])
        let router = try Self.start(file, site)
        try site.breakSilently(.isp1)
        try router.waitUntil("wan.fiber", is: "down")
        try router.waitUntilSettled()
        // Begun by cable, one of them over before fiber returns.
        let idle = try Self.streams(site)
        rest(.milliseconds(150))
        for (_, stream) in idle { _ = try stream.finish() }
        let busy = try Self.streams(site)
        try Self.waitUntilCarried(by: .isp2, site)
        try site.mend(.isp1)
        try router.waitUntil("wan.fiber", is: "up")
        try router.waitUntilSettled()
        switch onRecover {
        case "cut":
            for family in ["ipv4", "ipv6"] {
                try router.waitForJournal("connections of wan.cable \(family) begin anew elsewhere")
            }
            try Self.waitUntilCarried(by: .isp1, site)
            for (family, stream) in busy {
                let result = try stream.finish()
                #expect(result.gaps.allSatisfy { !$0.isOpen } && result.lost < 20, "\(family): \(result.gaps)")
            }
        case "keep":
            try Self.waitUntilCarried(by: .isp2, site)
            try Self.expectNoLoss(busy, "kept")
        default:
            // Ten seconds without a packet are idle. A member that was down for a moment, as at the start, has a round that finds nothing.
            for family in ["ipv4", "ipv6"] {
                try eventually(
                    "idle flows of \(family) were forgotten",
                    within: .seconds(25),
                    every: .milliseconds(100)
                ) {
                    try router.process.errorOutput.split(separator: "\n").contains {
                        $0.contains("connections of wan.cable \(family) begin anew elsewhere")
                            && !$0.contains(" 0 connections of")
                    }
                }
            }
            try Self.waitUntilCarried(by: .isp2, site)
            try Self.expectNoLoss(busy, "busy flows stay")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func drainedFlowsOfADeadMemberWaitForIt() throws {
        let site = try Site()
        defer { site.tearDown() }
        let router = try Self.start(Self.file(fiber: ", on-fail: drain", more: [Self.masquerade]), site)
        let streams = try Self.streams(site)
        try Self.waitUntilCarried(by: .isp1, site)
        try site.breakSilently(.isp1)
        try router.waitUntil("wan.fiber", is: "down")
        try router.waitUntilSettled()
        let before = try Family.allCases.map { try site.passed(by: .isp2, $0) }
        rest(.milliseconds(300))
        let others = try zip(Family.allCases, before).map { try site.passed(by: .isp2, $0) - $1 }
        #expect(others.allSatisfy { $0 < 30 }, "only probes leave by cable: \(others)")
        let fresh = try Self.streams(site)
        rest(.milliseconds(150))
        try Self.expectNoLoss(fresh, "new flows go by cable")
        try site.mend(.isp1)
        try Self.waitUntilCarried(by: .isp1, site)
        for (family, stream) in streams {
            let result = try stream.finish()
            let last = result.gaps.max { $0.to < $1.to }
            #expect(last?.isOpen == false, "the flow lives on where it was, \(family): \(result.gaps)")
        }
    }

    /// A policy that is led elsewhere by an apply takes no live translated flow along: it would break.
    @Test(.timeLimit(.minutes(1)))
    func aTranslatedFlowStaysWhereItIsWhenItsPolicyIsLedElsewhere() throws {
        let site = try Site()
        defer { site.tearDown() }
        let file = { (member: String) in
            Self.file(more: [
                Self.masquerade, "policies:", "  - { name: all, match: 'proto == udp', use: wan.\(member) }",
            ])
        }
        let router = try Self.start(file("cable"), site)
        let streams = try Self.streams(site)
        try Self.waitUntilCarried(by: .isp2, site)
        _ = try router.apply(file("fiber"))
        try router.waitUntilSettled()
        try Self.waitUntilCarried(by: .isp2, site)
        let fresh = try Self.streams(site)
        try Self.waitUntilCarried(by: .isp1, site)
        try Self.expectNoLoss(fresh, "new flows by fiber")
        try Self.expectNoLoss(streams, "old flows by cable")
    }

    /// An uplink that is taken out of the file takes its flows' addresses with it: they begin anew by another.
    @Test(.timeLimit(.minutes(1)))
    func flowsOfAMemberThatIsTakenAwayBeginAnewElsewhere() throws {
        let site = try Site()
        defer { site.tearDown() }
        let router = try Self.start(Self.file(fiber: ", tier: 2", more: [Self.masquerade]), site)
        let streams = try Self.streams(site)
        try Self.waitUntilCarried(by: .isp2, site)
        let both = Self.file(more: [Self.masquerade])
        let alone = both.split(separator: "\n").filter { !$0.contains(" cable: ") }.joined(separator: "\n")
        try site.watch(.isp1, ["ip saddr 203.0.113.2 udp dport 7", "ip6 saddr 2001:db8:a::2 udp dport 7"])
        _ = try router.apply(alone + "\n")
        try router.waitUntilSettled()
        try Self.waitUntilCarried(by: .isp1, site)
        #expect(try site.watched(by: .isp1).allSatisfy { $0 > 20 }, "with the address of the uplink they are on")
        for (family, stream) in streams {
            let result = try stream.finish()
            #expect(result.gaps.allSatisfy { !$0.isOpen } && result.lost < 20, "\(family): \(result.gaps)")
        }
    }

    /// The provider takes its prefix back and gives another: flows that were translated to the old one begin anew with the new.
    @Test(.timeLimit(.minutes(1)))
    func flowsFollowAPrefixThatChanges() throws {
        let site = try Site()
        defer { site.tearDown() }
        let (old, new) = ("2001:db8:a:1::", "2001:db8:a:2::")
        let isp1 = site.namespace(of: .isp1)
        try site.router.ipBatch(["addr add \(old)2/64 dev eth0 nodad", "addr del 2001:db8:a::2/64 dev eth0"])
        try isp1.ipBatch(["route add \(old)/64 via fe80::2 dev wan0", "route add \(new)/64 via fe80::2 dev wan0"])
        try site.watch(.isp1, ["ip6 saddr \(old)/64 udp dport 7", "ip6 saddr \(new)/64 udp dport 7"])
        let router = try Self.start(Self.file(fiber: ", snat: { v6: auto }"), site)
        let stream = try site.packets(family: .v6, rate: 200)
        try Self.waitUntilCarried(by: .isp1, site, [.v6])
        #expect(try site.watched(by: .isp1)[0] > 20)
        // Deprecated first, as a router advertisement does it; the old one is not even routed any more.
        try site.router.ipBatch([
            "addr add \(new)2/64 dev eth0 nodad", "addr change \(old)2/64 dev eth0 preferred_lft 0 nodad",
        ])
        try isp1.ipBatch(["route del \(old)/64 via fe80::2 dev wan0"])
        try eventually("the new prefix", within: RouterUnderTest.patience, every: .milliseconds(50)) {
            try site.watched(by: .isp1)[1] > 60
        }
        let result = try stream.finish()
        #expect(result.gaps.allSatisfy { !$0.isOpen }, "the flow lives: \(result.gaps)")
        #expect(try router.alarms.isEmpty)
    }
}
