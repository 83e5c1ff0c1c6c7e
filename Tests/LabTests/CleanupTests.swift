import Foundation
import Lab
import LabText
import Testing

extension LabSuites {
    /// Is everything gone when it should be, and is what belongs to others left alone?
    @Suite(.serialized)
    struct CleanupTests {
        @Test(.timeLimit(.minutes(1)))
        func tearingDownLeavesNoNamespaceNoProcessAndNoFile() throws {
            let site = try Site()
            let stream = try site.packets(from: site.far, family: .v4)
            let stubborn = try site.router.spawn(["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"])
            try eventually("its deafness", within: .seconds(5), isTrue: { stubborn.output == "deaf\n" })
            let name = site.workspace.name
            #expect(Janitor.namespaces().count { $0.hasPrefix("\(name)-") } == 5)
            site.tearDown()
            #expect(Janitor.namespaces().filter { $0.hasPrefix("\(name)-") } == [])
            #expect(stubborn.ended == .killed(SIGKILL))
            #expect(!FileManager.default.fileExists(atPath: site.workspace.directory.path))
            #expect(throws: (any Error).self) { try stream.finish() }
            site.tearDown()
        }

        @Test(.timeLimit(.minutes(1)))
        func releasingTheLastReferenceTearsDown() throws {
            var lab: RouterOnly? = try RouterOnly(uplinks: 1)
            let name = try #require(lab).workspace.name
            #expect(Janitor.namespaces().contains("\(name)-router"))
            lab = nil
            #expect(!Janitor.namespaces().contains { $0.hasPrefix("\(name)-") })
        }

        @Test(.timeLimit(.minutes(1)))
        func theJanitorRemovesWhatADeadProcessLeftAndNothingElse() throws {
            let dead = try deadProcessID()
            let ip = try Programs.installed("ip")
            let owner = try RouterOnly(uplinks: 1)
            defer { owner.tearDown() }
            let abandoned = "mt\(dead)-1-router"
            let strangers = ["mtx\(dead)-1-router", "martlet-test-\(dead)"]
            try owner.router.run(["sh", "-c", "true"])
            for name in [abandoned] + strangers { try run([ip, "netns", "add", name]) }
            defer { for name in strangers { try? run([ip, "netns", "delete", name]) } }
            let left = try leaveProcess(in: abandoned, ip)
            Janitor.sweep()
            let present = Janitor.namespaces()
            #expect(!present.contains(abandoned))
            for name in strangers { #expect(present.contains(name)) }
            #expect(present.contains("\(owner.workspace.name)-router"), "its maker, this process, lives")
            try eventually(
                "the end of what ran inside",
                within: .seconds(5),
                isTrue: { kill(left, 0) != 0 || isZombie(left) }
            )
        }

        @Test(.timeLimit(.minutes(1)), arguments: [SIGINT, SIGTERM])
        func anInterruptedProgramTakesItsSiteWithIt(number: Int32) throws {
            let (program, name) = try standingSite()
            kill(program.processIdentifier, number)
            program.waitUntilExit()
            #expect(program.terminationStatus == 128 + number)
            #expect(!Janitor.namespaces().contains { $0.hasPrefix("\(name)-") })
            #expect(!FileManager.default.fileExists(atPath: Janitor.directoryRoot.appending(path: name).path))
        }

        @Test(.timeLimit(.minutes(1)))
        func whatAKilledProgramLeavesIsRemovedByTheNext() throws {
            let (program, name) = try standingSite()
            kill(program.processIdentifier, SIGKILL)
            program.waitUntilExit()
            #expect(Janitor.namespaces().count { $0.hasPrefix("\(name)-") } == 5, "nobody has cleaned up yet")
            Janitor.sweep()
            #expect(!Janitor.namespaces().contains { $0.hasPrefix("\(name)-") })
            #expect(!FileManager.default.fileExists(atPath: Janitor.directoryRoot.appending(path: name).path))
        }

        /// Starts the program that holds a site, and waits until it stands.
        private func standingSite() throws -> (program: Process, name: String) {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: try Programs.built("lab-site"))
            process.standardOutput = output
            try process.run()
            let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            let name = try #require(try JSON.parse(line)["workspace"]?.string)
            return (process, name)
        }

        private func run(_ command: [String]) throws {
            let process = Process()
            process.executableURL = URL(filePath: command[0])
            process.arguments = Array(command.dropFirst())
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }

        /// The id of a process that has just ended.
        private func deadProcessID() throws -> pid_t {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/true")
            try process.run()
            process.waitUntilExit()
            return process.processIdentifier
        }

        private func leaveProcess(in namespace: String, _ ip: String) throws -> pid_t {
            let process = Process()
            process.executableURL = URL(filePath: ip)
            process.arguments = ["netns", "exec", namespace, "/bin/sleep", "60"]
            try process.run()
            let pid = process.processIdentifier
            try eventually(
                "the process inside",
                within: .seconds(5),
                isTrue: {
                    (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) == "sleep\n"
                }
            )
            return pid
        }

        private func isZombie(_ pid: pid_t) -> Bool {
            let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            return status?.contains(") Z ") ?? true
        }
    }
}
