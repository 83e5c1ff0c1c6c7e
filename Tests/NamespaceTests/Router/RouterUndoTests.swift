import Lab
import LabText
import Testing

extension RouterSuites {
    /// What does an operator see of each object, and what becomes of an apply that the kernel refuses in part?
    @Suite(.serialized)
    struct UndoTests {
        /// 203.0.113.129 is on no link.
        private static let refused = "10.40.0.0/16: { via: 203.0.113.129, dev: eth0 }"
        private static let taken = "10.41.0.0/16: wan"

        @Test(.timeLimit(.minutes(1)))
        func aPartlyRefusedApplyIsTakenBackWhereTheFileSaysSo() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let first = RouterFile.links()
            let router = try RouterUnderTest(first, in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router).ours
            let changed = RouterFile.links(whenAllDown: "unreachable", routes: [Self.refused, Self.taken])
                .replacingFirst("network:\n", with: "network:\n  on-failure: undo\n")
            try router.write(changed)
            let answer = try router.attempt("apply", router.configurationPath)
            #expect(answer.status == 1)
            let said = answer.output + answer.errorOutput
            for words in ["203.0.113.129", "invalid gateway", "runs again"] { #expect(said.contains(words), "\(said)") }
            #expect(try KernelState(of: lab.router).ours == before)
            #expect(try router.alarms == [], "what was taken back is no alarm")
            #expect(try router.ask("history").description.contains("undo"))
        }

        @Test(.timeLimit(.minutes(1)))
        func withoutThatTheRestStandsAndEveryObjectSaysHowItStands() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            try lab.router.ipBatch(["route add 10.42.0.0/16 via 203.0.113.1 metric 77 proto static"])
            let waiting = "10.43.0.0/16: { via: 198.18.5.5 }"
            let file = RouterFile.links(routes: [Self.refused, Self.taken, "10.42.0.0/16: wan", waiting])
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.launch()
            try router.waitForJournal("Nexthop has invalid gateway")
            try expect(router, "show", "routes", "10.41.0.0/16", "programmed", "")
            try expect(router, "show", "drift", "via 203.0.113.129 dev eth0", "failed", "invalid gateway")
            try expect(router, "show", "drift", "10.42.0.0/16", "foreign-conflict", "protocol 4 holds")
            try expect(router, "show", "drift", "10.43.0.0/16", "pending", "not-connected")
            #expect(try router.alarms.contains { $0.contains("203.0.113.129") })
            try lab.router.ipBatch(["route del 10.41.0.0/16 metric 77"])
            try expect(router, "show", "drift", "10.41.0.0/16", "drifted", "put back once")
            let groups = try router.ask("show", "groups").elements ?? []
            #expect(groups.count == 2 && groups.allSatisfy { $0["objectState"]?.string == "programmed" })
        }

        private func expect(
            _ router: RouterUnderTest,
            _ verb: String,
            _ table: String,
            _ object: String,
            _ state: String,
            _ detail: String
        ) throws {
            try eventually("\(object) \(state)", within: RouterUnderTest.patience) {
                try (router.ask(verb, table).elements ?? []).contains {
                    $0["object"]?.string == object && $0["state"]?.string == state
                        && (detail.isEmpty || $0["detail"]?.string?.contains(detail) == true)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aResilientGroupShowsItsBucketsAndPackets() throws {
            let site = try Site()
            defer { site.tearDown() }
            try site.noteFlows()
            let file = RouterFile.site(flows: "{ resilient: { buckets: 64 } }", weights: (3, 1))
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            _ = try site.spray(256, family: .v4)
            let groups = try router.ask("show", "groups").elements ?? []
            let v4 = try #require(groups.first { $0["scope"]?.string == "ipv4" })
            #expect(v4["object"]?.string?.hasSuffix("resilient 64") == true)
            let shares = v4["shares"]?.elements ?? []
            #expect(shares.compactMap { $0["buckets"]?.integer } == [48, 16])
            let packets = shares.compactMap { $0["packets"]?.integer }
            #expect(packets.count == 2 && packets.reduce(0, +) >= 256, "\(packets)")
        }
    }
}
