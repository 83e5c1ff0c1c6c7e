import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Do the routes of a long list get into the kernel, stay there, and follow their file?
    @Suite(.serialized)
    struct FeedTests {
        static let counts: [Family: Int] = [.v4: 15_000, .v6: 5000]
        static let file = RouterFile.links(routes: ["20.0.7.0/24: blackhole", "table: { file: table.txt, use: wan }"])

        /// 20.0.0.0/24 and on, 2001:db8:a000::/64 and on.
        private func prefixes(_ counts: [Family: Int] = counts) -> [String] {
            let v4 = (0..<(counts[.v4] ?? 0)).map { "20.\($0 >> 8).\($0 & 255).0/24" }
            return v4 + (0..<(counts[.v6] ?? 0)).map { "2001:db8:a000:\(String($0, radix: 16))::/64" }
        }

        /// Replaces the file at once, as a careful writer does.
        private func write(_ lines: [String], for router: RouterUnderTest) throws {
            let path = router.path("table.txt")
            try TextFile.write(lines.joined(separator: "\n") + "\n", to: path + ".new")
            #expect(rename(path + ".new", path) == 0)
        }

        /// How many of our routes to prefixes of the list stand in the main table.
        private func count(_ family: Family, in namespace: Namespace) throws -> Int {
            let script =
                family == .v4
                ? "ip -4 route show proto 219 | grep -cE '^(blackhole )?20\\.' || true"
                : "ip -6 route show proto 219 | grep -c '^2001:db8:a000:' || true"
            let output = try namespace.run(["sh", "-c", script])
            return Int(output.filter { $0 != "\n" }) ?? -1
        }

        private func waitUntil(_ counts: [Family: Int], in namespace: Namespace) throws {
            for (family, count) in counts {
                try eventually(
                    "\(count) routes of \(family)",
                    within: RouterUnderTest.patience,
                    every: .milliseconds(50)
                ) {
                    try self.count(family, in: namespace) == count
                }
            }
        }

        private func started(_ lab: RouterOnly, _ file: String = FeedTests.file) throws -> RouterUnderTest {
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try write(prefixes(), for: router)
            try router.start()
            return router
        }

        private func rows(_ router: RouterUnderTest) throws -> [String: (state: String, detail: String)] {
            let rows = (try router.ask("show", "routes").elements ?? []).filter { $0["kind"]?.string == "list" }
            return Dictionary(
                rows.map { row in
                    (row["family"]?.string ?? "?", (row["state"]?.string ?? "?", row["detail"]?.string ?? ""))
                },
                uniquingKeysWith: { first, _ in first }
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func aListIsProgrammedFollowedAndWithdrawn() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            // A stranger's route where one of ours belongs, with our metric.
            try lab.router.ipBatch(["route add blackhole 20.0.9.0/24 proto 4 metric 77"])
            let router = try started(lab)
            // One of them is written in the file itself, one is the stranger's.
            try waitUntil([.v4: 14_999, .v6: 5000], in: lab.router)
            let blackhole = try lab.router.ip("route", "show", "20.0.7.0/24").elements?.first
            #expect(blackhole?["type"]?.string == "blackhole")
            let stranger = try lab.router.ip("route", "show", "20.0.9.0/24").elements ?? []
            #expect(stranger.map { $0["type"]?.string } == ["blackhole"], "it stays")
            #expect(try router.alarms.contains { $0.contains("20.0.9.0/24") })
            let rows = try rows(router)
            #expect(rows["ipv6"]?.state == "programmed" && rows["ipv4"]?.state == "foreign-conflict", "\(rows)")
            #expect(rows["ipv4"]?.detail.hasPrefix("14998 of 15000 routes") == true, "\(rows)")
            let why = try router.ask("explain", "route", "20.1.2.3")
            #expect(why["steps"]?.elements?.contains { $0["words"]?.string?.contains("group wan") == true } == true)

            try follow(router, lab)
            let withdrawn = Moment.now
            _ = try router.apply(RouterFile.links())
            try waitUntil([.v4: 0, .v6: 0], in: lab.router)
            measured("20,000 routes of a list withdrawn", Moment.now.milliseconds(since: withdrawn))
            #expect(try lab.router.ip("route", "show", "20.0.9.0/24").elements?.count == 1, "the stranger's stays")
        }

        /// The file changes: only its difference is sent. A wrong one changes nothing.
        private func follow(_ router: RouterUnderTest, _ lab: RouterOnly) throws {
            let listener = try NetlinkListener(in: lab.router)
            var lines = prefixes()
            lines.removeSubrange(100..<110)
            lines += ["198.18.0.0/24", "198.18.1.0/24"]
            try write(lines, for: router)
            try waitUntil([.v4: 14_989, .v6: 5000], in: lab.router)
            try router.waitUntilSettled()
            try listener.finish()
            #expect(listener.count("new-route") == 2 && listener.count("del-route") == 10)
            try write(lines + ["no prefix"], for: router)
            try router.waitForJournal("stays as it was read before")
            #expect(try router.alarms.contains { $0.contains("'no prefix' is no IP prefix") })
            #expect(try count(.v4, in: lab.router) == 14_989)
            try write(lines, for: router)
            try eventually("no alarm of the list", within: RouterUnderTest.patience) {
                try !router.alarms.contains { $0.contains("no prefix") }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aRestartSendsNoRouteAndAKilledLoadConverges() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(Self.file, in: lab.router, of: lab.workspace)
            try write(prefixes(), for: router)
            try router.launch()
            try eventually("some routes", within: RouterUnderTest.patience, every: .milliseconds(2)) {
                try lab.router.run(["sh", "-c", "ip -4 route show proto 219 | head -50 | wc -l"]).hasPrefix("50")
            }
            try router.end(with: 9)
            measured(
                "routes of 20,000 at the kill",
                Double(try count(.v4, in: lab.router) + count(.v6, in: lab.router))
            )
            try router.start()
            try waitUntil([.v4: 15_000, .v6: 5000], in: lab.router)
            let listener = try NetlinkListener(in: lab.router)
            try router.end(with: 9)
            try router.start()
            try listener.finish()
            #expect(listener.count("new-route") == 0 && listener.count("del-route") == 0 && !listener.isOverrun)
            #expect(try rows(router).values.allSatisfy { $0.state == "programmed" })
        }

        @Test(.timeLimit(.minutes(1)))
        func whatALostLinkTakesComesBackAndDriftIsPutRight() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try started(lab)
            try waitUntil(Self.counts, in: lab.router)
            for number in 0...1 { try lab.carrierDown(number) }
            for member in ["wan.first", "wan.second"] { try router.waitUntil(member, is: "absent") }
            for number in 0...1 { try lab.carrierUp(number) }
            for member in ["wan.first", "wan.second"] { try router.waitUntil(member, is: "unknown") }
            try router.waitUntilSettled()
            try waitUntil(Self.counts, in: lab.router)
            try lab.router.ipBatch(["route del 20.1.1.0/24 proto 219 metric 77"])
            try waitUntil(Self.counts, in: lab.router)
            // All of it at once: more than is put back one by one, and more than the announcements have room for.
            _ = try lab.router.run(["ip", "-4", "route", "flush", "table", "main", "proto", "219"])
            try waitUntil(Self.counts, in: lab.router)
            #expect(try router.alarms == [])
        }
    }
}
