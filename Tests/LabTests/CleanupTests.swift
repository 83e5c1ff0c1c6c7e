import Foundation
import Lab
import LabText
import Testing

/// Is everything gone when it should be, and is what belongs to others left alone?
@Suite(.serialized, canBuildLab)
struct CleanupTests {
    @Test(.timeLimit(.minutes(1)))
    func tearingDownLeavesNoNamespaceNoProcessAndNoFile() throws {
        let site = try Site()
        let stream = try site.packets(from: site.far, family: .v4)
        let stubborn = try site.router.spawn(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
        let name = site.workspace.name
        #expect(Janitor.namespaces().count { $0.hasPrefix("\(name)-") } == 5)
        site.tearDown()
        #expect(Janitor.namespaces().filter { $0.hasPrefix("\(name)-") } == [])
        #expect(!stubborn.isRunning)
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

    @Test(.timeLimit(.minutes(1)))
    func anInterruptedProgramCleansUp() throws {
        // The signal's path ends in the same call; a test cannot interrupt the process it runs in.
        let first = try RouterOnly(uplinks: 1)
        let second = try RouterOnly(uplinks: 1)
        Interruption.tearDownAll()
        let present = Janitor.namespaces()
        for lab in [first, second] { #expect(!present.contains { $0.hasPrefix("\(lab.workspace.name)-") }) }
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
