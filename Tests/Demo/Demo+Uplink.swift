import Lab
import LabText

/// Step 3: an uplink dies without a sign. How long do packets go astray, and what does the switch cost?
extension Demo {
    /// Of the death before the demo gives up waiting for the switch.
    private static let switchLimit = Duration.seconds(5)

    mutating func breakUplink() throws {
        narrator.title("3. Uplink 1 dies silently")
        narrator.say(
            """
            isp1 drops everything from now on, but the link stays up and its gateway answers: only the probes can tell. They ask every
            \(SiteFile.probeEvery) ms, give up after \(SiteFile.probeTimeout) ms, and \(SiteFile.downAfter) silent rounds take the uplink out. So packets may go astray for at most
            \(SiteFile.probeEvery) x \(SiteFile.downAfter) + \(SiteFile.probeTimeout) + 50 ms = \(inMilliseconds(SiteFile.packetGapBound)).
            """
        )
        narrator.command("nft add rule inet lab gate drop    # under a stream of packets", in: "isp1")
        let listener = try NetlinkListener(in: stage.site.router)
        let streams = try startStreams()
        rest(.milliseconds(500))
        let broken = try stage.site.breakSilently(.isp1)
        try waitForSwitch()
        rest(.milliseconds(500))
        let results = try streams.map { ($0, try $1.finish()) }
        try listener.finish()
        expectGaps(results)
        expectMessages(listener, since: broken)
        try showTheSwitch()
    }

    private func waitForSwitch() throws {
        try eventually("uplink 1 down in both families", within: Demo.switchLimit, every: .milliseconds(20)) {
            let health = try stage.martlet.health()
            return Demo.fiber.allSatisfy { health[$0] == "down" }
        }
    }

    static let fiber = ["wan.fiber ipv4", "wan.fiber ipv6"]

    private mutating func expectGaps(_ results: [(Family, PacketStream.Result)]) {
        for (family, result) in results {
            let what = "uplink dead, \(family.words) packets astray (\(result.lost) of \(result.sent) lost)"
            let isClosed = result.gaps.first?.isOpen == false
            let gap = result.longestGapMilliseconds
            expect(
                what,
                inMilliseconds(gap),
                "at most \(inMilliseconds(SiteFile.packetGapBound))",
                isClosed && gap <= SiteFile.packetGapBound * Demo.patience,
                isLate: gap > SiteFile.packetGapBound
            )
        }
    }

    /// Routes name the group, not the uplink: whatever their number, one message to the kernel for each family moves them all.
    private mutating func expectMessages(_ listener: NetlinkListener, since broken: Moment) {
        let announced = listener.announcements(since: broken)
        let switches = announced.filter { $0.type == "new-nexthop" && $0.group != nil }
        let lines = switches.map { change in
            let after = inMilliseconds(change.at.milliseconds(since: broken))
            return "  the kernel switched group \(change.nexthop ?? 0) \(after) after the death"
        }
        if !lines.isEmpty { narrator.say(lines.joined(separator: "\n")) }
        let groups = Set(switches.compactMap(\.nexthop)).count
        let others = announced.count { $0.type.hasSuffix("-nexthop") } - switches.count
        expect(
            "uplink dead, messages for the groups of the two families",
            "\(switches.count)",
            "1 for each of 2",
            switches.count == 2 && groups == 2
        )
        let routes = announced.count { $0.type == "new-route" || $0.type == "del-route" }
        expect("uplink dead, messages for routes and for single next hops", count: routes + others, exactly: 0)
    }

    private mutating func showTheSwitch() throws {
        try stage.martlet.show("status")
        try expectWayOut("uplink dead", "wan.cable")
        narrator.say("Model requests follow: the gateway's connections carry the mark of a living path.")
        let chat = try stage.chat("Which way now?", over: .v6)
        expect("uplink dead, chat answered by", is: try stage.record(of: chat).answeredBy, "chat.first over wan.cable")
        expect("uplink dead, first word", milliseconds: chat.firstAfter, atMost: 500)
    }

    /// Why packets to the far side leave where they leave, and that it is there.
    mutating func expectWayOut(_ when: String, _ member: String) throws {
        for family in Family.allCases {
            let target = Site.echo[family]
            try stage.martlet.show("explain", "route", target)
            let reply = try stage.martlet.json("explain", "route", target)
            expect("\(when), \(family.words) leaves by", is: reply["answer"]?.string?.wayOut ?? "nothing", member)
            let subjects = reply["steps"]?.elements?.compactMap { $0["subject"]?.string } ?? []
            expect("\(when), \(family.words) is explained by", is: subjects.joined(separator: ", "), Demo.reasons)
        }
    }

    /// The steps of an explanation: rule, route, group, both members, and the kernel's own answer.
    private static let reasons = "rule, route, group, member, member, kernel"
}

extension String {
    /// `wan.cable` of `192.0.2.7 leaves via … dev eth1 (wan.cable)`.
    fileprivate var wayOut: String {
        guard let open = lastIndex(of: "("), let close = lastIndex(of: ")"), open < close else { return self }
        return String(self[index(after: open)..<close])
    }
}
