import Glibc
import Lab
import LabText
import Testing

extension RouterSuites {
    /// Can an operator lock himself out, and is what he did written down?
    @Suite(.serialized)
    struct ConfirmTests {
        /// Two files that differ in a weight of the default route's group, as the kernel shows it.
        private static let light = RouterFile.links()
        private static let heavy = RouterFile.links().replacing("weight: 3", with: "weight: 5")

        private func weight(_ lab: RouterOnly) throws -> [Int?] {
            let state = try KernelState(of: lab.router)
            return Family.allCases.map { state.shares("default", $0)["eth0"] }
        }

        private func running() throws -> (RouterOnly, RouterUnderTest) {
            let lab = try RouterOnly()
            let router = try RouterUnderTest(Self.light, in: lab.router, of: lab.workspace)
            try router.start()
            return (lab, router)
        }

        @Test(.timeLimit(.minutes(1)))
        func whatNobodyConfirmsIsTakenBackInTimeAndNotRunAgain() throws {
            let (lab, router) = try running()
            defer { lab.tearDown() }
            try router.write(Self.heavy)
            let applied = try router.ask("apply", router.configurationPath, "--confirm", "1s")
            #expect(applied["trial"]?["configuration"]?.integer == 2 && applied["trial"]?["previous"]?.integer == 1)
            #expect(try weight(lab) == [5, 5])
            let second = try router.attempt("apply", router.configurationPath)
            #expect(second.status == 1 && second.errorOutput.contains("is on trial"), "\(second)")
            try eventually("the old weights", within: .seconds(5)) { try weight(lab) == [3, 3] }
            try router.waitForJournal("nobody confirmed 2")
            let status = try router.ask("status")
            #expect(status["trial"] == nil && status["configuration"]?.integer == 1)
            #expect(status["fileDiffers"]?.string?.contains("nobody confirmed") == true, "\(status)")
            try router.end(with: SIGKILL)
            try router.launch()
            try router.waitForJournal("an earlier configuration runs")
            try eventually("an answer", within: RouterUnderTest.patience) { try router.attempt("status").status == 0 }
            #expect(try weight(lab) == [3, 3], "the file on the disk is the one that was taken back")
            #expect(try router.attempt("diff", "file", router.configurationPath).status == 1)
            _ = try router.ask("apply", router.configurationPath, "--no-confirm")
            #expect(try weight(lab) == [5, 5], "meant this time")
            #expect(try router.ask("status")["fileDiffers"] == nil)
        }

        @Test(.timeLimit(.minutes(1)))
        func theDeadlineSurvivesAKillAndPassesWhileTheDaemonIsDown() throws {
            let (lab, router) = try running()
            defer { lab.tearDown() }
            try router.write(Self.heavy)
            _ = try router.ask("apply", router.configurationPath, "--confirm", "3s")
            try router.end(with: SIGKILL)
            try router.launch()
            try router.waitForJournal("on trial still")
            try eventually("an answer", within: RouterUnderTest.patience) { try router.attempt("status").status == 0 }
            #expect(try weight(lab) == [5, 5], "the trial goes on")
            try eventually("the old weights", within: .seconds(6)) { try weight(lab) == [3, 3] }

            _ = try router.ask("apply", router.configurationPath, "--confirm", "1s")
            try router.end(with: SIGKILL)
            rest(.milliseconds(1100))
            #expect(try weight(lab) == [5, 5], "the kernel keeps what it has")
            try router.launch()
            try router.waitForJournal("was not confirmed in time")
            try eventually("the old weights", within: RouterUnderTest.patience) { try weight(lab) == [3, 3] }
        }

        @Test(.timeLimit(.minutes(1)))
        func theOperatorsOwnPathWantsAConfirmationAndNothingElseDoes() throws {
            let (lab, router) = try running()
            defer { lab.tearDown() }
            try router.write(Self.heavy)
            let elsewhere = try router.ask("apply", router.configurationPath, ssh: "203.0.113.1")
            #expect(elsewhere["trial"] == nil, "a neighbour on a connected network: \(elsewhere)")
            try router.write(Self.light)
            let far = try router.ask("apply", router.configurationPath, ssh: "198.51.100.7")
            #expect(far["trial"]?["reasons"]?[0]?.string?.contains("198.51.100.7") == true, "\(far)")
            #expect(try router.ask("confirm")["configuration"]?.integer == 1)
            #expect(try router.attempt("confirm").status == 1, "once is enough")
            try router.write(RouterFile.links(routes: ["10.77.0.0/16: blackhole"]))
            let other = try router.ask("apply", router.configurationPath, ssh: "198.51.100.7")
            #expect(other["trial"] == nil, "a route to somewhere else")
            try router.write(RouterFile.links(routes: ["198.51.100.0/24: wan"]))
            let closer = try router.ask("apply", router.configurationPath, ssh: "198.51.100.7")
            #expect(closer["trial"] != nil, "a closer route to him")
            _ = try router.ask("rollback")
            #expect(try KernelState(of: lab.router).route("198.51.100.0/24", .v4) == nil)
            try router.write(Self.heavy)
            let console = try router.ask("apply", router.configurationPath)
            #expect(console["trial"]?["reasons"]?[0]?.string?.contains("default route") == true)
        }

        @Test(.timeLimit(.minutes(1)))
        func rollbackGoesByNumberAndTheHistorySaysWhoDidWhat() throws {
            let (lab, router) = try running()
            defer { lab.tearDown() }
            _ = try router.apply(Self.heavy)
            _ = try router.ask("drain", "wan.second")
            let refused = try router.attempt("drain", "wan.first")
            #expect(refused.status == 1)
            try router.write(RouterFile.links(routes: ["10.20.0.0/8: wna"]))
            _ = try router.attempt("plan", router.configurationPath)
            _ = try router.ask("undrain", "wan.second")
            _ = try router.ask("rollback", "1", "--no-confirm")
            #expect(try weight(lab) == [3, 3])
            #expect(try router.attempt("rollback", "9").errorOutput.contains("not kept"))
            _ = try router.ask("rollback", "--no-confirm")
            #expect(try weight(lab) == [5, 5], "to the one before")
            let rows = try router.ask("history").elements ?? []
            let what = rows.reversed().compactMap { $0["what"]?.string }
            #expect(
                what == [
                    "start", "apply", "drain wan.second", "drain wan.first", "up wan.second", "rollback to 1",
                    "rollback to 9", "rollback",
                ]
            )
            #expect(rows[0]["state"]?.string == "running" && rows[0]["configuration"]?.integer == 2)
            #expect(rows.filter { $0["result"]?.string?.hasPrefix("refused") == true }.count == 2)
            #expect(rows.dropLast().allSatisfy { $0["user"]?.string == "root" && $0["process"]?.integer != nil })
            let line = try router.waitForJournal("rollback to 1: ")
            #expect(line.contains("user=root") && line.contains("pid=") && line.contains("configuration=1"), "\(line)")
            #expect(try router.ask("history", "1")["files"]?[0]?["text"]?.string == Self.light)
            let difference = try router.attempt("diff", "running")
            #expect(difference.status == 1)
            let lines = try JSON.parse(difference.output)["files"]?[0]?["hunks"]?[0]?["lines"]?.elements ?? []
            let added = lines.filter { $0["kind"]?.string == "+" }.compactMap { $0["text"]?.string }
            #expect(added.count == 1 && added[0].contains("weight: 5"))
        }

        @Test(.timeLimit(.minutes(1)))
        func whatTheKernelHasOtherwiseIsShownOfTheKernelItself() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            try lab.router.ipBatch(["route add 10.40.0.0/16 via 203.0.113.9 metric 77"])
            let file = RouterFile.links(routes: ["10.40.0.0/16: blackhole"])
            let router = try RouterUnderTest(file, in: lab.router, of: lab.workspace)
            try router.launch()
            try eventually("the routes", within: RouterUnderTest.patience) {
                try KernelState(of: lab.router).route("default", .v6) != nil && router.attempt("status").status == 0
            }
            let found = try router.attempt("diff", "kernel")
            #expect(found.status == 1 && found.output.contains("10.40.0.0/16"), "\(found)")
            try lab.router.ipBatch(["route del 10.40.0.0/16 via 203.0.113.9 metric 77"])
            try eventually("no difference", within: RouterUnderTest.patience) {
                try router.attempt("diff", "kernel").status == 0
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aFullDiskRefusesTheApplyAndChangesNothing() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(Self.light, in: lab.router, of: lab.workspace, stateSize: 64)
            try router.start()
            let filler = "/proc/\(try router.process.pid)/root\(router.statePath)/filler"
            try lab.router.run(["sh", "-c", "cat /dev/zero > \(filler) 2>/dev/null; true"])
            let before = try KernelState(of: lab.router)
            let listener = try NetlinkListener(in: lab.router)
            try router.write(Self.heavy)
            let refused = try router.attempt("apply", router.configurationPath, "--no-confirm")
            #expect(refused.status == 1)
            #expect(refused.errorOutput.contains("nothing was changed, since the history cannot be kept"), "\(refused)")
            #expect(refused.errorOutput.contains("No space left on device"))
            #expect(try KernelState(of: lab.router) == before)
            #expect(listener.changes().isEmpty)
            #expect(try router.alarms.contains { $0.contains("history cannot be kept") })
            #expect(try router.ask("status")["configuration"]?.integer == 1)
            try lab.router.run(["rm", filler])
            _ = try router.apply(Self.heavy)
            #expect(try weight(lab) == [5, 5])
            #expect(try router.alarms.isEmpty)
        }

        @Test(.timeLimit(.minutes(1)))
        func aRecordingWithATrialReplays() throws {
            let lab = try RouterOnly()
            defer { lab.tearDown() }
            let router = try RouterUnderTest(Self.light, in: lab.router, of: lab.workspace, record: true)
            try router.start()
            try router.write(Self.heavy)
            _ = try router.ask("apply", router.configurationPath, "--confirm", "1s")
            try eventually("the old weights", within: .seconds(5)) { try weight(lab) == [3, 3] }
            try router.waitForJournal("nobody confirmed")
            #expect(try router.end(with: SIGTERM) == .exited(0))
            let replay = try router.attempt("replay", router.recordingPath)
            #expect(replay.status == 0, "\(replay.output.suffix(1000)) \(replay.errorOutput)")
            let lines = TextFile.read(router.recordingPath).split(separator: "\n")
            #expect(lines.filter { $0.hasPrefix("{\"configured\"") }.count == 3, "the file, the trial, the file again")
        }
    }
}

extension RouterUnderTest {
    /// The JSON that a command answered that was typed in an SSH session from `peer`.
    func ask(_ arguments: String..., ssh peer: String) throws -> JSON {
        let session = ["/usr/bin/env", "SSH_CONNECTION=\(peer) 50022 203.0.113.2 22"]
        return try JSON.parse(namespace.run(session + command(arguments)))
    }
}
