import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does an explanation name rule, table, group, member, evidence and line: of a route that works, one that does not, and one that
    /// a stranger owns? Each against what `ip route get` says.
    @Suite(.serialized)
    struct ExplainTests {
        private struct Explained {
            let answer: String
            let works: Bool
            /// Subject, words and line of each step.
            let steps: [(subject: String, words: String, cause: String?)]
            let wouldChange: [String]

            func step(_ subject: String) -> (words: String, cause: String?)? {
                steps.first { $0.subject == subject }.map { ($0.words, $0.cause) }
            }
        }

        private func explain(_ router: RouterUnderTest, _ arguments: String...) throws -> Explained {
            let json = try JSON.parse(
                router.namespace.attempt(router.command(["explain", "route"] + arguments)).output
            )
            let steps = (json["steps"]?.elements ?? []).map { step in
                (step["subject"]?.string ?? "", step["words"]?.string ?? "", step["cause"]?.string)
            }
            return Explained(
                answer: json["answer"]?.string ?? "",
                works: json["works"] == true,
                steps: steps,
                wouldChange: (json["wouldChange"]?.elements ?? []).compactMap(\.string)
            )
        }

        private static let file = RouterFile.links(routes: ["198.51.100.0/24: wan"])

        private func line(_ text: String) -> Int {
            1 + (Self.file.split(separator: "\n").firstIndex { $0.contains(text) } ?? -1)
        }

        @Test(.timeLimit(.minutes(1)))
        func aRouteThatWorksOneThatDoesNotAndAStrangersAreExplained() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(Self.file, in: lab.router, of: lab.workspace)
            try router.start()

            for (family, target) in [(Family.v4, "198.51.100.7"), (.v6, "2001:db8:53::53")] {
                let works = try explain(router, target)
                #expect(works.works && works.answer.contains(target), "\(works)")
                #expect(works.step("rule")?.words.hasPrefix("32766: all → table main") == true, "\(works)")
                #expect(works.step("rule")?.words.contains("the kernel's own") == true)
                let route = try #require(works.step("route"))
                #expect(route.words.contains("as the file says"))
                #expect(
                    route.cause?.hasSuffix(":\(line(family == .v4 ? "198.51.100.0/24" : "default:"))") == true,
                    "\(route)"
                )
                #expect(works.step("group")?.words.hasPrefix("group wan") == true)
                #expect(works.step("group")?.cause?.hasSuffix(":\(line("wan:"))") == true)
                let members = works.steps.filter { $0.subject == "member" }
                #expect(
                    members.map { $0.words.split(separator: ":")[0] } == ["wan.first weight 3", "wan.second weight 1"]
                )
                #expect(members.first?.cause?.hasSuffix(":\(line("first:"))") == true)
                #expect(members.first?.words.contains("its gateway ") == true, "\(members)")
                let chosen = try lab.router.ip(family == .v4 ? "-4" : "-6", "route", "get", target)[0]
                let device = try #require(chosen?["dev"]?.string)
                let member = device == "eth0" ? "wan.first" : "wan.second"
                #expect(works.answer.contains(member) && works.answer.contains(device), "\(works.answer) \(device)")
                #expect(works.wouldChange.contains { $0.contains("wan.first going down") })
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func whatIsDiscardedOrRefusedIsExplained() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(Self.file, in: lab.router, of: lab.workspace)
            try router.start()
            for (target, words, text) in [
                ("192.0.2.200", "blackhole", "192.0.2.128/25"),
                ("2001:db8:dead::1", "unreachable", "2001:db8:dead::/48"),
            ] {
                let refused = try explain(router, target)
                #expect(!refused.works && refused.answer.contains("cannot be reached"), "\(refused)")
                #expect(refused.step("route")?.words.contains(words) == true)
                #expect(refused.step("route")?.cause?.hasSuffix(":\(line(text))") == true)
                #expect(refused.step("rule") != nil && refused.step("kernel")?.words.hasPrefix("it refuses") == true)
            }
            let own = try explain(router, "203.0.113.2")
            #expect(own.answer == "203.0.113.2 is an address of this host")
            try lab.carrierDown(0)
            try lab.carrierDown(1)
            try router.waitUntil("wan.second", is: "absent")
            try router.waitUntilSettled()
            let dead = try explain(router, "198.51.100.7")
            #expect(!dead.works, "\(dead)")
            #expect(dead.steps.contains { $0.subject == "member" && $0.words.contains("cannot be used") })
            #expect(dead.wouldChange.contains { $0.contains("wan.first") })
        }

        @Test(.timeLimit(.minutes(1)))
        func whatAStrangerOwnsIsItsOwnAndOursIsNamed() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            try lab.router.ipBatch([
                "route add 198.51.100.0/25 via 203.0.113.9 proto bird metric 32",
                "route add default via 203.0.113.9 table 100",
                "rule add from 10.1.0.0/16 lookup 100 pref 900",
            ])
            let router = try RouterUnderTest(Self.file, in: lab.router, of: lab.workspace)
            try router.start()
            let strange = try explain(router, "198.51.100.7")
            #expect(strange.works && strange.answer.contains("by a stranger's route (protocol bird)"), "\(strange)")
            #expect(strange.step("route")?.words.contains("a stranger's (protocol bird); we never touch it") == true)
            let ours = try #require(strange.step("ours"))
            #expect(ours.words.contains("198.51.100.0/24") && ours.words.contains("its prefix is longer"))
            #expect(ours.cause?.hasSuffix(":\(line("198.51.100.0/24"))") == true)
            let command = try #require(
                strange.wouldChange.first?.firstRange(of: "ip -4").map { strange.wouldChange[0][$0.lowerBound...] }
            )
            try lab.router.run(command.split(separator: " ").map(String.init))
            #expect(try explain(router, "198.51.100.7").answer.contains("(wan."), "as it said")

            let ruled = try explain(router, "198.51.100.7", "--from", "10.1.0.5", "--iif", "eth1")
            #expect(
                ruled.step("rule")?.words.hasPrefix("900: from 10.1.0.0/16 → table 100, a stranger's")
                    == true,
                "\(ruled)"
            )
            let connected = try explain(router, "203.0.113.9")
            #expect(connected.step("route")?.words.contains("the kernel's own") == true, "\(connected)")
        }
    }
}
