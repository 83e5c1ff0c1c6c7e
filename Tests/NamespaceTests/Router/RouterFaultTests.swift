import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// What does it do when more happens than it can hear, when strangers take its places, and when everything fails at once?
    @Suite(.serialized)
    struct FaultTests {
        private static let metrics = "control: { metrics: 127.0.0.1:9477 }\n"

        /// Stopped, the daemon reads nothing: whatever its buffers hold, the storm is larger.
        @Test(.timeLimit(.minutes(1)))
        func aStormOfStrangersChangesIsReadAgainAndCounted() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let file = RouterFile.links() + Self.metrics
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router)
            let group = try #require(before.route("default", .v4)?.nexthop)
            let process = try router.process
            process.signal(SIGSTOP)
            let storm = (0..<30_000).map { "route add unreachable 100.\(64 + $0 / 250).\($0 % 250).0/24 table 900" }
            try lab.router.ipBatch(storm)
            try lab.router.ipBatch(["nexthop del id \(group)"])
            try lab.router.run(["ip", "-6", "route", "del", "2001:db8:dead::/48"])
            try lab.router.run(["ip", "route", "flush", "table", "900"])
            process.signal(SIGCONT)
            let heard = Moment.now
            try eventually("our state again", within: RouterUnderTest.patience, every: .milliseconds(20)) {
                try KernelState(of: lab.router).ours == before.ours
            }
            measured("storm of 60,000 changes heard to everything restored", Moment.now.milliseconds(since: heard))
            try router.waitForJournal("announcements of routes came too fast")
            let page = try router.namespace.run(["python3", "-c", Self.scrape])
            let count = page.split(separator: "\n").first { $0.contains("overruns_total{family=\"routes\"}") }
            #expect(count.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0 > 0, "\(page)")
            #expect(try KernelState(of: lab.router).strangers == before.strangers)
            #expect(try router.plan().changes == [] && router.alarms == [])
        }

        private static let scrape =
            "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9477/metrics').read().decode())"

        /// Under our own protocol number, so that it is still ours: what stands there is not what the file says.
        @Test(.timeLimit(.minutes(1)))
        func whatAStrangerRewritesIsPutBack() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router).ours
            let group = try #require(before.route("default", .v4)?.nexthop)
            let member = try #require(before.nexthops[group]?.group.keys.first)
            let own = try #require(before.route("10.20.0.0/16", .v4)?.nexthop)
            let rule = try #require(before.ourRules.first { $0.family == .v6 })
            let meddling: [(what: String, lines: [String])] = [
                ("a route's next hop", ["route replace default via 203.0.113.9 metric 77 proto 219"]),
                ("a route's type", ["-6 route replace blackhole 2001:db8:dead::/48 metric 77 proto 219"]),
                ("a path's default", ["-6 route replace unreachable default metric 77 table \(rule.table) proto 219"]),
                ("a group's members", ["nexthop replace id \(group) group \(member) proto 219"]),
                ("a next hop", ["nexthop replace id \(member) via 203.0.113.3 dev eth0 proto 219"]),
                ("a next hop's kind", ["nexthop replace id \(own) blackhole proto 219"]),
                ("a next hop's device", ["nexthop replace id \(member) via 203.0.113.9 dev eth1 proto 219"]),
                (
                    "a rule's table",
                    [
                        "-6 rule del pref \(rule.preference)",
                        "-6 rule add fwmark \(rule.mark ?? "")/\(rule.mask ?? "") lookup 7999 pref \(rule.preference) proto 219",
                    ]
                ),
            ]
            for (what, lines) in meddling {
                for line in lines { try lab.router.run(["ip"] + line.split(separator: " ").map(String.init)) }
                let began = Moment.now
                try eventually("\(what) restored", within: RouterUnderTest.patience) {
                    try KernelState(of: lab.router).ours == before
                }
                measured("\(what) rewritten and put back", Moment.now.milliseconds(since: began))
            }
            try lab.router.nft(load: "add rule inet martlet \(try chain(lab)) counter drop\n")
            try eventually("the chain restored", within: RouterUnderTest.patience) {
                try KernelState(of: lab.router).ours == before
            }
            #expect(try router.alarms == [])
        }

        private func chain(_ lab: RouterOnly) throws -> String {
            let listing = try lab.router.nft("list", "table", "inet", "martlet")["nftables"]?.elements ?? []
            let names = listing.compactMap { $0["chain"]?["name"]?.string }
            return try #require(names.first)
        }

        /// Under the stranger's own number it is the stranger's: named, left alone, and ours again once it is gone.
        @Test(.timeLimit(.minutes(1)))
        func whatAStrangerTakesOverIsLeftToItAndTakenBackOnceItGoes() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            // One was there before us, on a key that only the file makes ours.
            try lab.router.ipBatch(["route add 10.40.0.0/16 via 203.0.113.9 metric 5 proto static"])
            let file = RouterFile.links(routes: ["10.40.0.0/16: { via: 203.0.113.1, metric: 5 }"])
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router).ours
            let difference = try JSON.parse(router.attempt("diff", "kernel").output)
            #expect(difference["changes"]?.elements?.isEmpty == true, "\(difference)")
            #expect(difference["conflicts"]?.elements?.contains { $0.string?.contains("10.40.0.0/16") == true } == true)
            let taken = ["-4 route replace 10.20.0.0/16 via 203.0.113.9 metric 77 proto static"]
            for line in taken { try lab.router.run(["ip"] + line.split(separator: " ").map(String.init)) }
            try eventually("an alarm", within: RouterUnderTest.patience) {
                try router.alarms.contains { $0.contains("10.20.0.0/16") && $0.contains("protocol 4") }
            }
            // A member's number: the group goes on without that member, and everything follows health as before.
            let group = try #require(before.route("default", .v4)?.nexthop.flatMap { before.nexthops[$0] })
            let member = try #require(group.group.keys.first { before.nexthops[$0]?.device == "eth0" })
            try lab.router.run(["ip", "nexthop", "replace", "id", "\(member)", "via", "203.0.113.3", "dev", "eth0"])
            try eventually("the group without it", within: RouterUnderTest.patience) {
                try KernelState(of: lab.router).shares("default", .v4) == ["eth1": 1]
            }
            #expect(try router.health(of: "wan.first", .v4) == "absent")
            try lab.router.run(["ip", "nexthop", "del", "id", "\(member)"])
            let held = try KernelState(of: lab.router)
            #expect(held.routes.contains { $0.destination == "10.20.0.0/16" && $0.owner == "static" })
            try lab.router.run(["ip", "route", "del", "10.20.0.0/16", "metric", "77"])
            try eventually("ours again", within: RouterUnderTest.patience) {
                try KernelState(of: lab.router).ours == before
            }
            #expect(try router.alarms.allSatisfy { $0.contains("10.40.0.0/16") }, "only the first is left")
        }

        enum End: String, CaseIterable {
            case silence, carrier, admin
        }

        @Test(.timeLimit(.minutes(1)), arguments: End.allCases)
        func withBothUplinksGoneTheFirstThatReturnsCarriesEverything(end: End) throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let whole = try KernelState(of: site.router).ours
            for isp in ISP.allCases { try take(isp, end, site) }
            let gone = end == .silence ? "down" : "absent"
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: gone) }
            try router.waitUntilSettled()
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 500, flows: 16)) }
            let back = try give(.isp2, end, site)
            try router.waitUntil("wan.cable", is: "up")
            try router.waitUntilSettled()
            rest(.milliseconds(300))
            let state = try KernelState(of: site.router)
            for (family, stream) in streams {
                #expect(state.shares("default", family) == ["eth1": 1], "\(family)")
                let result = try stream.finish()
                let last = try #require(result.gaps.max { $0.to < $1.to })
                #expect(!last.isOpen && result.received > 0, "\(family): \(result.gaps)")
                measured(
                    "\(end): one of two back, to the last lost packet, \(family)",
                    last.to.milliseconds(since: back)
                )
            }
            try give(.isp1, end, site)
            try router.waitUntil("wan.fiber", is: "up")
            try router.waitUntilSettled()
            #expect(try KernelState(of: site.router).ours == whole)
        }

        private func take(_ isp: ISP, _ end: End, _ site: Site) throws {
            switch end {
            case .silence: try site.breakSilently(isp)
            case .carrier: try site.carrierDown(isp)
            case .admin: try site.linkDown(isp)
            }
        }

        @discardableResult
        private func give(_ isp: ISP, _ end: End, _ site: Site) throws -> Moment {
            switch end {
            case .silence: return try site.mend(isp)
            case .carrier: return try site.carrierUp(isp)
            case .admin: try site.linkUp(isp)
            }
            return .now
        }
    }
}
