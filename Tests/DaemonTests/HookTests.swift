/// Hooks against programs that hang, fail, talk too much, and against a flood of events. No privilege, no network.
import ConfigSyntax
import Control
import Foundation
import Logging
import NIOCore
import NIOPosix
import NetTypes
import Testing

@testable import Daemon
@testable import Forwarding

@Suite struct HookTests {
    private static let nowhere = Place(file: 0, line: 1, column: 1)

    /// As the daemon does at its start: a program that reads nothing closes its input.
    init() { signal(SIGPIPE, SIG_IGN) }

    /// A directory of its own, and shell scripts in it.
    fileprivate final class Folder {
        let path: String

        init() throws {
            path = NSTemporaryDirectory() + "martlet-hooks-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func script(_ lines: String) throws -> String {
            let file = path + "/hook-\(UUID().uuidString)"
            try "#!/bin/sh\n\(lines)\n".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
            return file
        }

        func text(_ name: String) -> String { (try? String(contentsOfFile: path + "/" + name, encoding: .utf8)) ?? "" }
    }

    private static func notice(_ member: String = "wan.fiber", _ words: String = "it is \"down\"") -> Notice {
        let fields = [WatchEvent.Field("member", member), WatchEvent.Field("to", "down")]
        return Notice(subject: .member, event: WatchEvent(at: 7, kind: "health", words: words, fields: fields))
    }

    private func run(_ path: String, limit: Span = .seconds(10)) -> HookOutcome {
        ExecHook(path: path, limit: limit).run(Self.notice()) { false }
    }

    private func failure(_ outcome: HookOutcome) -> String? {
        switch outcome.result {
        case .done: nil
        case .refused(let why), .again(let why): why
        }
    }

    @Test func aProgramGetsTheEventOnStandardInputAndInItsEnvironment() throws {
        let folder = try Folder()
        let hook = try folder.script(
            "cd \(folder.path); cat > input; env | grep ^MARTLET_ | sort > environment; echo said $#"
        )
        let outcome = run(hook)
        #expect(failure(outcome) == nil && outcome.output == ["said 0"])
        #expect(
            folder.text("input")
                == #"{"at":7,"fields":{"member":"wan.fiber","to":"down"},"kind":"health","on":"member","words":"it is \"down\""}"#
                + "\n"
        )
        #expect(
            folder.text("environment").split(separator: "\n") == [
                "MARTLET_KIND=health", "MARTLET_MEMBER=wan.fiber", "MARTLET_ON=member", "MARTLET_TO=down",
                #"MARTLET_WORDS=it is "down""#,
            ]
        )
    }

    @Test func itLeadsAGroupOfItsOwnWithoutPrivilegesAndWithoutOurDescriptors() throws {
        let folder = try Folder()
        let hook = try folder.script(
            "cd \(folder.path); ps -o pgid= -p $$ | tr -d ' ' > group; echo $$ > id; ls -l /proc/$$/fd > fds; cat /proc/$$/status > status"
        )
        #expect(failure(run(hook)) == nil)
        #expect(folder.text("group") == folder.text("id") && !folder.text("id").isEmpty)
        #expect(folder.text("status").contains("CapEff:\t0000000000000000"))
        #expect(folder.text("status").contains("NoNewPrivs:\t1"))
        // Besides its three streams there is the shell's own: its script, and copies of what it redirects.
        let others = folder.text("fds").split(separator: "\n").filter {
            $0.contains(" -> ") && !$0.contains(folder.path)
        }
        let targets = Set(others.compactMap { $0.components(separatedBy: " -> ").last })
        #expect(targets.count <= 2 && targets.allSatisfy { $0.hasPrefix("pipe:") }, "\(others)")
    }

    @Test(arguments: [
        ("exit 3", "left with status 3"), ("kill -9 $$", "killed by signal 9"), ("sleep 60", "ended after 200ms"),
        // It will not hear of it.
        ("trap '' TERM; while :; do sleep 0.1; done", "ended after 200ms"),
    ])
    func whatGoesWrongIsSaid(script: String, why: String) throws {
        let folder = try Folder()
        let began = ContinuousClock.now
        #expect(failure(run(try folder.script(script), limit: .milliseconds(200))) == why)
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test func whatCannotBeStartedIsSaid() throws {
        #expect(failure(run("/nowhere/at/all")) == "cannot be started: No such file or directory")
        let folder = try Folder()
        let hook = try folder.script("true")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: hook)
        #expect(failure(run(hook)) == "cannot be started: Permission denied")
    }

    /// A program that is just being installed: whoever writes it is done in a moment.
    @Test func aFileThatIsStillWrittenIsWaitedFor() throws {
        let folder = try Folder()
        let hook = try folder.script("exit 0")
        let writer = open(hook, O_WRONLY | O_CLOEXEC)
        try #require(writer >= 0)
        Thread.detachNewThread {
            usleep(60_000)
            close(writer)
        }
        #expect(failure(run(hook)) == nil)
    }

    @Test func whatItLeavesBehindGoesWithIt() throws {
        let folder = try Folder()
        let hook = try folder.script("cd \(folder.path); sleep 60 & echo $! > child")
        #expect(failure(run(hook)) == nil)
        let child = try #require(pid_t(folder.text("child").trimmingCharacters(in: .whitespacesAndNewlines)))
        var isGone = false
        for _ in 0..<200 where !isGone {
            isGone = kill(child, 0) != 0 || folder.isZombie(child)
            if !isGone { usleep(10_000) }
        }
        #expect(isGone)
    }

    @Test func aTalkativeProgramIsCutShortNotEnded() throws {
        let folder = try Folder()
        let outcome = run(try folder.script("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"))
        #expect(failure(outcome) == nil)
        #expect(outcome.output.count == 16 && outcome.output.first == "line 0")
    }

    @Test func oneThatReadsNothingIsToldAllTheSame() throws {
        let folder = try Folder()
        #expect(failure(run(try folder.script("exec <&-; exit 0"))) == nil)
    }

    /// A hook that hangs takes the newest events of a flood, each within its limit, and nobody waits for it.
    @Test func aFloodIsBoundedAndStopsAtOnce() throws {
        let folder = try Folder()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let service = NotifyService(on: group, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let hanging = Located(try folder.script("sleep 60"), at: Self.nowhere)
        let quick = Located(try folder.script("echo x >> \(folder.path)/quick"), at: Self.nowhere)
        service.configure(
            [hanging, quick].map { path in
                NotifyDefinition(subjects: [.member], channel: .exec(path), timeout: .seconds(30), place: Self.nowhere)
            }
        )
        let began = ContinuousClock.now
        for index in 0..<100_000 {
            let event = WatchEvent(at: UInt64(index), kind: "health", words: "", fields: [])
            service.tell(.member, event)
            service.tell(.group, event)
        }
        #expect(ContinuousClock.now - began < .seconds(20))
        let states = service.states
        #expect(states[0].dropped >= 100_000 - 256 - 1 && states[0].dropped <= 100_000 - 256)
        for _ in 0..<1000 where service.states[1].delivered < 3 { usleep(10_000) }
        #expect(service.states[1].delivered >= 3 && service.alarms.isEmpty, "the other goes on")
        service.stop()
        #expect(ContinuousClock.now - began < .seconds(60), "and the hanging one was ended with us")
        try group.syncShutdownGracefully()
    }

    @Test func aHookThatStaysKeepsItsCountsThroughAReload() throws {
        let folder = try Folder()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let service = NotifyService(on: group, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let path = Located(try folder.script("exit 1"), at: Self.nowhere)
        let definition = { (line: UInt32) in
            NotifyDefinition(
                subjects: [.alarm],
                channel: .exec(path),
                timeout: .seconds(1),
                place: Place(file: 0, line: line, column: 1)
            )
        }
        service.configure([definition(3)])
        service.tell(.alarm, WatchEvent(at: 0, kind: "alarm", words: "", fields: []))
        for _ in 0..<1000 where service.states[0].failed == 0 { usleep(10_000) }
        #expect(service.alarms == ["exec \(path.value): left with status 1"])
        service.configure([definition(9)])
        #expect(service.states[0].failed == 1)
        service.configure([])
        #expect(service.states.isEmpty)
        service.stop()
        try group.syncShutdownGracefully()
    }
}

extension HookTests.Folder {
    /// Ended, and not yet reaped by whoever inherited it.
    fileprivate func isZombie(_ pid: pid_t) -> Bool {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return stat.isEmpty || stat.contains(") Z ")
    }
}
