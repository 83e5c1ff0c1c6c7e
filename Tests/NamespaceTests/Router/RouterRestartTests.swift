import Lab
import LabText
import Testing

extension RouterSuites {
    /// What does the data plane notice of a daemon that ends, comes back, or comes twice?
    @Suite(.serialized)
    struct RestartTests {
        @Test(.timeLimit(.minutes(1)))
        func aRestartAdoptsWhatIsThereWithoutAMessage() throws {
            let site = try Site()
            defer { site.tearDown() }
            let file = RouterFile.site(routes: ["10.20.0.0/16: wan", "192.0.2.128/25: blackhole"])
            let router = try RouterUnderTest(file, in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let before = try KernelState(of: site.router)
            let listener = try NetlinkListener(in: site.router)
            #expect(try router.end(with: 15) == .exited(0))
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            try listener.finish()
            #expect(listener.changes().isEmpty, "\(listener.changes().map(\.details))")
            #expect(!listener.isOverrun)
            #expect(try KernelState(of: site.router) == before)
        }

        @Test(.timeLimit(.minutes(1)))
        func killAndRestartUnderTrafficLoseNoPacket() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            for member in ["wan.fiber", "wan.cable"] { try router.waitUntil(member, is: "up") }
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 1000, flows: 16)) }
            rest(.milliseconds(100))
            for _ in 0..<2 {
                try router.end(with: 9)
                rest(.milliseconds(100))
                try router.start()
            }
            rest(.milliseconds(100))
            for (family, stream) in streams {
                let result = try stream.finish()
                measured(
                    "kill -9 twice under traffic, \(family): lost of \(result.sent)",
                    Double(result.lost),
                    "packets"
                )
                #expect(result.sent > 300)
                #expect(result.lost == 0)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aRestartGivesNothingBackToAnUplinkThatIsDead() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(RouterFile.site(), in: site.router, of: site.workspace)
            try router.start()
            try router.waitUntil("wan.fiber", is: "up")
            try site.breakSilently(.isp1)
            try router.waitUntil("wan.fiber", is: "down")
            try router.waitUntilSettled()
            let listener = try NetlinkListener(in: site.router)
            let streams = try Family.allCases.map { ($0, try site.packets(family: $0, rate: 1000, flows: 16)) }
            try router.end(with: 9)
            try router.start()
            rest(.milliseconds(300))
            for (family, stream) in streams {
                let result = try stream.finish()
                #expect(result.sent > 200)
                #expect(result.lost == 0, "\(family): \(result.gaps)")
            }
            #expect(listener.changes().isEmpty, "\(listener.changes().map(\.details))")
            try site.mend(.isp1)
            try router.waitUntil("wan.fiber", is: "up")
            try router.waitUntilSettled()
            let state = try KernelState(of: site.router)
            for family in Family.allCases { #expect(state.shares("default", family) == ["eth0": 3, "eth1": 1]) }
        }

        @Test(.timeLimit(.minutes(1)))
        func aSecondDaemonInTheSameNamespaceRefusesAndNamesTheFirst() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let file = RouterFile.links()
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.start()
            let before = try KernelState(of: lab.router)
            let second = try RouterUnderTest(file, in: lab.router, of: lab.workspace, name: "second")
            try second.launch()
            #expect(try second.process.waitForEnd(within: RouterUnderTest.patience) == .exited(1))
            let first = try router.process.pid
            let words = try second.process.errorOutput
            #expect(words.contains("process \(first) "), "\(words)")
            #expect(try KernelState(of: lab.router) == before)
            #expect(try router.plan().changes == [], "the first goes on")
        }

        @Test(.timeLimit(.minutes(1)))
        func aRecordingReplayedGivesTheSameEffects() throws {
            let site = try Site()
            defer { site.tearDown() }
            let router = try RouterUnderTest(
                RouterFile.site(routes: ["10.20.0.0/16: wan"]),
                in: site.router,
                of: site.workspace,
                record: true
            )
            try router.start()
            try router.waitUntil("wan.fiber", is: "up")
            try site.breakSilently(.isp1)
            try router.waitUntil("wan.fiber", is: "down")
            try site.mend(.isp1)
            try router.waitUntil("wan.fiber", is: "up")
            try site.carrierDown(.isp2)
            try router.waitUntil("wan.cable", is: "absent")
            try site.carrierUp(.isp2)
            try router.waitUntil("wan.cable", is: "up")
            _ = try router.ask("drain", "wan.cable")
            _ = try router.ask("undrain", "wan.cable")
            try router.waitUntilSettled()
            #expect(try router.end(with: 15) == .exited(0))
            let replay = try router.attempt("replay", router.recordingPath)
            #expect(replay.status == 0, "\(replay.output.suffix(2000)) \(replay.errorOutput)")
            let lines = TextFile.read(router.recordingPath).split(separator: "\n")
            measured("recording of a failover, a carrier loss and a drain", Double(lines.count), "lines")
            #expect(lines.contains { $0.contains("\"program\"") })
        }
    }
}

extension NetlinkListener {
    /// Announced changes of what the daemon could change.
    func changes(since moment: Moment = Moment(nanoseconds: 0)) -> [Announcement] {
        announcements(since: moment).filter {
            ["nexthop", "route", "rule"].contains($0.type.split(separator: "-").last.map(String.init))
        }
    }
}
