import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Does a changed file change only what it changed, and does the operator's word count?
    @Suite(.serialized)
    struct ReloadTests {
        @Test(.timeLimit(.minutes(1)))
        func anApplyChangesOnlyTheDifference() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            let listener = try NetlinkListener(in: site.router)
            let first = try router.apply(RouterFile.site(routes: ["10.20.0.0/16: wan"]))
            #expect(first["changes"]?.integer == 1 && first["accepted"]?.integer == 1, "\(first)")
            let one = Moment.now
            try eventually("the route", within: .seconds(5)) { !listener.changes().isEmpty }
            #expect(listener.changes().map(\.type) == ["new-route"])

            _ = try router.apply(RouterFile.site(cable: false))
            let state = try KernelState(of: site.router)
            for family in Family.allCases { #expect(state.shares("default", family) == ["eth0": 3]) }
            #expect(!state.ourNexthops.contains { $0.device == "eth1" } && state.route("10.20.0.0/16", .v4) == nil)
            #expect(state.ourRules.count == 2, "one member, two families")
            #expect(!(state.tables["inet martlet"] ?? "").contains("wan.cable"))
            let kept = try #require(state.route("default", .v4)?.nexthop)
            #expect(!listener.changes(since: one).contains { $0.type == "del-nexthop" && $0.nexthop == kept })

            _ = try router.apply(RouterFile.site())
            #expect(try KernelState(of: site.router).shares("default", .v6) == ["eth0": 3, "eth1": 1])
            #expect(try KernelState(of: site.router).route("default", .v4)?.nexthop == kept, "it keeps its number")
        }

        @Test(.timeLimit(.minutes(1)))
        func anApplyUnderTrafficLosesNoPacket() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 1000, flows: 16)) }
            rest(.milliseconds(50))
            _ = try router.apply(RouterFile.site(cable: false))
            _ = try router.apply(RouterFile.site(routes: ["192.0.2.0/25: wan"]))
            _ = try router.apply(RouterFile.site())
            for (family, stream) in streams {
                let result = try stream.finish()
                measured(
                    "three applies under traffic, \(family): lost of \(result.sent)",
                    Double(result.lost),
                    "packets"
                )
                #expect(result.sent > 100)
                #expect(result.lost == 0, "\(result.gaps)")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aWrongFileChangesNothingByApplyAndBySignal() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(RouterFile.links(), in: lab.router, of: lab.workspace)
            try router.start()
            let listener = try NetlinkListener(in: lab.router)
            try router.write(RouterFile.links(routes: ["10.20.0.0/8: wna"]))
            let refused = try router.attempt("apply", router.configurationPath)
            #expect(refused.status == 1)
            #expect(refused.output.contains("wna") || refused.errorOutput.contains("wna"))
            try router.process.signal(SIGHUP)
            try router.waitForJournal("nothing changed")
            try router.write(RouterFile.links(routes: ["10.21.0.0/16: wan"]))
            #expect(try router.ask("status")["generation"]?.integer == 1)
            #expect(listener.changes().isEmpty, "\(listener.changes().map(\.details))")
            try router.process.signal(SIGHUP)
            try router.waitUntilSettled()
            #expect(try KernelState(of: lab.router).route("10.21.0.0/16", .v4) != nil)
        }

        @Test(.timeLimit(.minutes(1)))
        func whatTheOperatorDrainsStaysDrainedOverARestart() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            _ = try router.ask("drain", "wan.fiber")
            try router.waitUntilSettled()
            for family in Family.allCases {
                #expect(try KernelState(of: site.router).shares("default", family) == ["eth1": 1])
            }
            let refused = try router.attempt("drain", "wan.cable")
            #expect(refused.status == 1)
            #expect((refused.output + refused.errorOutput).contains("last member"))
            let listener = try NetlinkListener(in: site.router)
            try router.end(with: SIGKILL)
            try router.start()
            try router.waitUntil("wan.fiber", is: "up")
            #expect(try router.ask("show", "overrides")[0]?["member"]?.string == "wan.fiber")
            #expect(try router.ask("plan", router.configurationPath)["overrides"]?.elements?.count == 1)
            #expect(listener.changes().isEmpty, "\(listener.changes().map(\.details))")
            _ = try router.ask("undrain", "wan.fiber")
            try router.waitUntilSettled()
            for family in Family.allCases {
                #expect(try KernelState(of: site.router).shares("default", family) == ["eth0": 3, "eth1": 1])
            }
            #expect(try router.ask("show", "overrides").elements?.isEmpty == true)
        }
    }
}
