import Lab
import LabText
import Testing

extension LabSuites {
    /// Do carrier events come at once, and does the listener see what the kernel says?
    @Suite(.serialized)
    struct CarrierTests {
        @Test(.timeLimit(.minutes(1)))
        func carrierEventsComeAtOnceAlsoTheSecondTime() throws {
            let lab = try RouterOnly(uplinks: 2)
            defer { lab.tearDown() }
            let listener = try NetlinkListener(in: lab.router)
            let device = lab.uplinks[1].device
            for turn in 0..<3 {
                let down = try lab.carrierDown(1)
                let lost = try change(of: device, carrier: false, since: down, seenBy: listener)
                let up = Moment.now
                try lab.carrierUp(1)
                let back = try change(of: device, carrier: true, since: up, seenBy: listener)
                // Fact 17 of the architecture: 5 ms with unequal indexes, 0.4 s with equal ones.
                #expect(lost.milliseconds(since: down) < 200, "turn \(turn)")
                #expect(back.milliseconds(since: up) < 200, "turn \(turn)")
            }
        }

        private func change(of device: String, carrier: Bool, since: Moment, seenBy listener: NetlinkListener) throws
            -> Moment
        {
            try eventually("carrier \(carrier) on \(device)", within: .seconds(5)) {
                listener.announcements(since: since).first {
                    $0.type == "new-link" && $0.details["name"]?.string == device
                        && $0.details["carrier"]?.bool == carrier
                }?.at
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func everythingPassesAgainAfterCarrierAndLinkCameBack() throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.carrierDown(.isp1)
            try site.carrierUp(.isp1)
            try site.linkDown(.isp1)
            try site.linkUp(.isp1)
            try routeEverything(by: .isp1, in: site)
            for family in Family.allCases {
                let stream = try site.packets(family: family, rate: 500)
                rest(.milliseconds(200))
                let result = try stream.finish()
                #expect(result.sent > 50)
                #expect(result.lost == 0, "\(family)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func replacingAGroupIsOneAnnouncementAndNonePerRoute() throws {
            let lab = try RouterOnly(uplinks: 2)
            defer { lab.tearDown() }
            let hops = lab.uplinks.enumerated().map { "nexthop add id \($0 + 1) via \($1.gateway.v4) dev \($1.device)" }
            let routes = (0..<100).map { "route add 10.1.\($0).0/24 nhid 10" }
            try lab.router.ipBatch(hops + ["nexthop add id 10 group 1/2"] + routes)
            let listener = try NetlinkListener(in: lab.router)
            let began = Moment.now
            try lab.router.ipBatch(["nexthop replace id 10 group 2"])
            // What comes after it ends the list: announcements keep their order.
            try lab.router.ipBatch(["nexthop add id 11 blackhole"])
            try eventually(
                "the last announcement",
                within: .seconds(5),
                isTrue: {
                    listener.announcements(since: began).contains { $0.nexthop == 11 }
                }
            )
            let ofGroup = listener.announcements(since: began).filter { $0.type == "new-nexthop" && $0.nexthop == 10 }
            #expect(ofGroup.count == 1)
            #expect(ofGroup.first?.group == [2])
            #expect(listener.count("new-route", since: began) == 0)
            #expect(!listener.isOverrun)
        }

        @Test(.timeLimit(.minutes(1)))
        func withCompatibleModeTheListenerSeesEveryRouteOfAReplacedGroup() throws {
            // The counterpart of the test above: the listener would notice if there were announcements per route.
            let lab = try RouterOnly(uplinks: 2, sysctls: [("net.ipv4.nexthop_compat_mode", "1")])
            defer { lab.tearDown() }
            let hops = lab.uplinks.enumerated().map { "nexthop add id \($0 + 1) via \($1.gateway.v4) dev \($1.device)" }
            let routes = (0..<100).map { "route add 10.1.\($0).0/24 nhid 10" }
            try lab.router.ipBatch(hops + ["nexthop add id 10 group 1/2"] + routes)
            let listener = try NetlinkListener(in: lab.router)
            let began = Moment.now
            try lab.router.ipBatch(["nexthop replace id 10 group 2"])
            try eventually(
                "100 route announcements",
                within: .seconds(5),
                isTrue: {
                    listener.count("new-route", family: .v4, since: began) == 100
                }
            )
        }
    }
}
