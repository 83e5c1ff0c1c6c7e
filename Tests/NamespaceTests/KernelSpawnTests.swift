import CShim
import CTestShim
import Glibc
import Testing

@testable import Kernel

/// What the gateway child is given: descriptors, capabilities, signals, environment.
@Suite(.enabled(if: isRoot, "needs root: starts from full and from chosen capabilities"))
struct KernelSpawnTests {
    /// Bit of `CAP_NET_RAW` and of `CAP_NET_ADMIN` in linux/capability.h.
    private static let raw: UInt32 = 1 << 13
    private static let admin: UInt32 = 1 << 12

    @Test func aChildOfRootHoldsOnlyNetRaw() throws {
        let status = try statusOfChild()
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            #expect(status[set] == "0000000000002000", "\(set)")
        }
        #expect(status["NoNewPrivs"] == "1")
    }

    @Test func aChildOfAnUnprivilegedUserWithAmbientCapabilitiesHoldsOnlyNetRaw() throws {
        let status = try onThreadOfUser(capabilities: Self.raw | Self.admin) { try statusOfChild() }
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(status[set] == "0000000000002000", "\(set)") }
        #expect(status["Uid"]?.hasPrefix("65534") == true)
        #expect(status["NoNewPrivs"] == "1")
    }

    @Test func withoutNetRawTheChildGoesOnWithNone() throws {
        let status = try onThreadOfUser(capabilities: Self.admin) { try statusOfChild() }
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(status[set] == "0000000000000000", "\(set)") }
    }

    @Test func theChildHasTheListedDescriptorsAndNoOther() throws {
        let left = open("/dev/null", O_RDONLY)
        let right = open("/dev/zero", O_RDONLY)
        defer {
            close(left)
            close(right)
        }
        // In the reverse order of their numbers, so that each stands in the other's way.
        let listing = try output(of: "readlink /proc/self/fd/4 /proc/self/fd/5; ls /proc/self/fd", more: [right, left])
        // 0, 1, 2, the pipe as 3, the two, and the directory ls reads.
        #expect(listing == "/dev/zero\n/dev/null\n0\n1\n2\n3\n4\n5\n6\n")
    }

    @Test func signalsAreAtTheirDefaultsAndTheEnvironmentIsTheListed() throws {
        signal(SIGPIPE, SIG_IGN)
        let status = try onThread {
            ctest_block_signal(SIGUSR1)
            return try statusOfChild()
        }
        signal(SIGPIPE, SIG_DFL)
        #expect(status["SigBlk"] == "0000000000000000")
        #expect(status["SigIgn"] == "0000000000000000")
        #expect(try output(of: "/usr/bin/env").split(separator: "\n").contains("A=1"))
    }

    @Test func theChildCannotMakeTheSocketThatTheControlSocketIsReachedBy() throws {
        let asked =
            "perl -MSocket -e 'for (AF_INET, AF_UNIX) { print socket(my $s, $_, SOCK_STREAM, 0) ? 0 : $!+0, chr 10 }'"
        #expect(try output(of: asked) == "0\n\(EAFNOSUPPORT)\n")
    }

    @Test func theChildCanWriteToNoFile() throws {
        try #require(martlet_landlock_version() > 0)
        let file = "/tmp/martlet-spawn-\(getpid())"
        try #require(close(creat(file, 0o666)) == 0)
        defer { unlink(file) }
        let attempts = [
            "echo x > \(file)", "echo x > \(file)-new", "rm \(file)", "mkdir \(file)-new", "mv \(file) \(file)-new",
        ]
        for attempt in attempts {
            #expect(try output(of: "(\(attempt)) 2>&- && echo done || echo refused") == "refused\n", "\(attempt)")
        }
        #expect(try output(of: "cat \(file) && echo read") == "read\n")
    }

    @Test func theChildCanSignalNobodyButItsOwn() throws {
        try #require(martlet_landlock_version() >= 6)
        #expect(try output(of: "kill -0 $PPID 2>&- && echo reached || echo refused") == "refused\n")
        #expect(try output(of: "sleep 60 & kill $! && echo ended") == "ended\n")
    }

    @Test(arguments: [("/nonexistent", ENOENT), ("/etc/passwd", EACCES)])
    func aFailedExecIsReportedAndLeavesNoChild(path: String, errno: Int32) {
        #expect(spawn(path, [path], []) == -errno)
    }

    @Test func aDescriptorThatIsNotOpenIsReported() {
        #expect(spawn("/bin/true", ["true"], [9999]) == -EBADF)
        #expect(spawn("/bin/true", ["true"], Array(repeating: 0, count: 513)) == -E2BIG)
    }

    @Test func aPidfdTellsTheEnd() throws {
        let pid = spawn("/bin/sh", ["sh", "-c", "exit 7"], [])
        let descriptor = martlet_open_pidfd(pid)
        try #require(pid > 0 && descriptor >= 0)
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 5000) == 1)
        close(descriptor)
        #expect(waitFor(pid) == 7)
        #expect(martlet_open_pidfd(pid) == -ESRCH)
    }

    // MARK: - Children

    /// `/proc/self/status` of a child, by field.
    private func statusOfChild() throws -> [String: String] {
        let lines = try output(of: "exec /bin/cat /proc/self/status").split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0.isWhitespace }) : "")
            }
        )
    }

    /// What a shell prints to its descriptor 3, which is the first listed.
    private func output(of command: String, more: [Int32] = []) throws -> String {
        var pipe: [Int32] = [0, 0]
        try #require(Glibc.pipe(&pipe) == 0)
        let pid = spawn("/bin/sh", ["sh", "-c", "{ \(command); } >&3 2>&1"], [pipe[1]] + more)
        close(pipe[1])
        defer { close(pipe[0]) }
        try #require(pid > 0, "\(pid)")
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = read(pipe[0], &chunk, chunk.count), count > 0 { text += chunk[..<count] }
        try #require(waitFor(pid) == 0)
        return String(decoding: text, as: UTF8.self)
    }

    private func spawn(_ path: String, _ arguments: [String], _ descriptors: [Int32]) -> pid_t {
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = [strdup("A=1"), strdup("PATH=/usr/bin:/bin"), nil]
        defer { (argv + envp).forEach { free($0) } }
        return martlet_spawn_gateway(path, &argv, &envp, descriptors, UInt32(descriptors.count))
    }

    private func waitFor(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return status >> 8
    }

    // MARK: - Threads

    private func onThreadOfUser<Value: Sendable>(
        capabilities: UInt32,
        _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        try onThread {
            let failure = ctest_become_unprivileged(65534, capabilities)
            try #require(failure == 0, "\(failure)")
            return try body()
        }
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let result = WorkQueue<Result<Value, any Error>>()
        let thread = try KernelThread.start("test") { _ = result.push(Result { try body() }) }
        thread.join()
        return try #require(result.takeAll()?.first).get()
    }
}
