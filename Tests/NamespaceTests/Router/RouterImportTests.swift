import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does a file made from a kernel carry what that kernel carried?
    @Suite(.serialized)
    struct ImportTests {
        private static let before = [
            "route add default proto static metric 300 nexthop via 203.0.113.1 dev eth0 weight 3 nexthop via 203.0.113.9 dev eth1",
            "route add 10.20.0.0/16 via 203.0.113.1 proto static metric 300",
            "route add blackhole 192.0.2.128/25 metric 300",
            "-6 route add default proto static metric 2048 nexthop via fe80::1 dev eth0 weight 3 nexthop via fe80::1 dev eth1",
            "-6 route add unreachable 2001:db8:dead::/48 proto static metric 2048",
            "route add 10.66.0.0/16 via 203.0.113.1 proto bird", "rule add from 10.1.0.0/16 lookup 101 pref 900",
        ]

        @Test(.timeLimit(.minutes(1)))
        func anImportedFileTakesOverWhatWasThereInBothFamilies() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            try lab.router.ipBatch(Self.before.filter { !$0.hasPrefix("-6 ") })
            try lab.router.ipBatch(
                Self.before.compactMap { $0.hasPrefix("-6 ") ? String($0.dropFirst(3)) : nil },
                family: .v6
            )
            let router = try RouterUnderTest("version: 1\n", in: lab.router, of: lab.workspace)
            let imported = try router.ask("import")
            let text = try #require(imported["text"]?.string)
            let notes = (imported["notes"]?.elements ?? []).compactMap(\.string)
            #expect(notes.contains { $0.contains("protocol bird") } && notes.contains { $0.contains("preference 900") })
            #expect(!notes.contains { $0.contains("goes before") }, "all have worse metrics: \(notes)")
            let strangers = try KernelState(of: lab.router).strangers
            try router.start()
            try router.write(text)
            #expect(try router.ask("check", router.configurationPath)["ok"] == true)
            let plan = try router.plan()
            #expect(plan.conflicts == [] && plan.changes.contains { $0.contains("0.0.0.0/0") }, "\(plan)")
            _ = try router.ask("apply", router.configurationPath, "--no-confirm")
            let state = try KernelState(of: lab.router)
            for family in Family.allCases { #expect(state.shares("default", family) == ["eth0": 3, "eth1": 1]) }
            let via = state.route("10.20.0.0/16", .v4)?.nexthop.flatMap { state.nexthops[$0] }
            #expect(via?.gateway == "203.0.113.1" && via?.device == "eth0")
            #expect(state.route("192.0.2.128/25", .v4)?.type == "blackhole")
            #expect(state.route("2001:db8:dead::/48", .v6)?.type == "unreachable")
            #expect(state.route("10.66.0.0/16", .v4) == nil, "a daemon's")
            #expect(state.strangers == strangers, "what was there stays")
            #expect(try router.plan().changes == [])
            let again = try router.ask("import")["text"]?.string
            #expect(again == text, "what is ours now is not imported again")
        }
    }
}
