package import LabText
import Synchronization

/// What happens inside one network namespace? Commands, long-running processes, and what `ip` and `nft` say of it.
package final class Namespace: Sendable {
    /// What it is in its topology: `router`.
    package let role: String
    /// Its name on this host: `mt<pid>-<n>-router`.
    package let name: String

    private let directory: String
    private let spawned = Mutex<(count: Int, adopt: @Sendable (ChildProcess) -> Void)>((0, { _ in }))

    init(role: String, name: String, directory: String) {
        self.role = role
        self.name = name
        self.directory = directory
    }

    func onSpawn(_ adopt: @escaping @Sendable (ChildProcess) -> Void) {
        spawned.withLock { $0.adopt = adopt }
    }

    /// Runs a command to its end and gives its standard output.
    ///
    /// - Throws: ``Command/Failure`` when it does not leave with status 0.
    @discardableResult
    package func run(_ command: [String], input: String = "") throws -> String {
        try Command(arguments: inside(command, as: nil), input: input).run()
    }

    /// Runs a command to its end, whatever that is.
    package func attempt(
        _ command: [String],
        input: String = "",
        within limit: Duration = Command.limit
    ) throws -> Command.Result {
        try Command(arguments: inside(command, as: nil), input: input).attempt(within: limit)
    }

    /// Starts a process that goes on; it ends with the workspace at the latest.
    ///
    /// - Parameters:
    ///   - command: the program (a path, or the name of an installed one) and its arguments.
    ///   - account: as whom; root when nil.
    ///   - environment: all it gets, besides PATH and LC_ALL.
    ///   - disk: a file system in memory that it alone sees, of so many KiB; it vanishes with the process.
    @discardableResult
    package func spawn(
        _ command: [String],
        as account: Account? = nil,
        environment: [String: String] = [:],
        mounting disk: (path: String, size: Int)? = nil
    ) throws -> ChildProcess {
        let (number, adopt) = spawned.withLock { spawned in
            spawned.count += 1
            return (spawned.count, spawned.adopt)
        }
        let program = command.first?.split(separator: "/").last.map(String.init) ?? "nothing"
        let file = "\(directory)/\(role)-\(number)-\(program)"
        let child = try ChildProcess(
            inside(command, as: account, mounting: disk),
            environment: Command.environment + environment.map { "\($0.key)=\($0.value)" }.sorted(),
            label: "\(program) in \(name)",
            outputPath: file + ".out",
            errorPath: file + ".err"
        )
        adopt(child)
        return child
    }

    /// What `ip -j` answers: `ip("route", "show", "table", "all")`. Null when it says nothing.
    @discardableResult
    package func ip(_ arguments: String...) throws -> JSON {
        let text = try Command(arguments: [Programs.installed("ip"), "-j", "-d", "-n", name] + arguments).run()
        return text.allSatisfy(\.isWhitespace) ? nil : try JSON.parse(text)
    }

    /// Carries out many `ip` commands, one a line, in one process. Commands that name no address are about `family`, IPv4 when nil.
    package func ipBatch(_ lines: [String], family: Family? = nil) throws {
        _ = try startBatch(lines, family: family).success()
    }

    /// Starts ``ipBatch(_:family:)`` without waiting for its end.
    func startBatch(_ lines: [String], family: Family? = nil) throws -> Command.Running {
        let only: [String] =
            switch family {
            case .v4: ["-4"]
            case .v6: ["-6"]
            case nil: []
            }
        let command = [try Programs.installed("ip")] + only + ["-n", name, "-batch", "-"]
        return try Command(arguments: command, input: lines.map { $0 + "\n" }.joined()).start()
    }

    /// What `nft -j` answers: `nft("list", "table", "inet", "martlet")`.
    package func nft(_ arguments: String...) throws -> JSON {
        try JSON.parse(try run([Programs.installed("nft"), "-j"] + arguments))
    }

    /// Loads a ruleset in one transaction.
    package func nft(load script: String) throws {
        try run([Programs.installed("nft"), "-f", "-"], input: script)
    }

    /// Sets sysctls of this namespace, in order: `("net.ipv4.ip_forward", "1")`.
    package func sysctl(_ settings: [(name: String, value: String)]) throws {
        _ = try startSysctl(settings).success()
    }

    /// Starts ``sysctl(_:)`` without waiting for its end.
    func startSysctl(_ settings: [(name: String, value: String)]) throws -> Command.Running {
        let lines = settings.map {
            "echo '\($0.value)' > /proc/sys/\($0.name.split(separator: ".").joined(separator: "/"))"
        }
        let script = (["set -e"] + lines).joined(separator: "\n")
        return try Command(arguments: inside(["sh", "-c", script], as: nil)).start()
    }

    /// The words that run `command` inside; each of them replaces itself by the next, so the process id stays.
    ///
    /// `ip netns exec` gives the process a mount namespace of its own, so that what is mounted in it is seen by nobody else.
    private func inside(
        _ command: [String],
        as account: Account?,
        mounting disk: (path: String, size: Int)? = nil
    ) throws -> [String] {
        guard let program = command.first else { return [] }
        let path = program.contains("/") ? program : try Programs.installed(program)
        var enter = [try Programs.installed("ip"), "netns", "exec", name]
        if let disk {
            let owner = account.map { ",uid=\($0.user),gid=\($0.group)" } ?? ""
            let mount = "mkdir -p \(disk.path) && mount -t tmpfs -o size=\(disk.size)k\(owner) lab \(disk.path)"
            enter += ["/bin/sh", "-c", mount + " && exec \"$@\"", "sh"]
        }
        return enter + (try account?.prefix() ?? []) + [path] + command.dropFirst()
    }
}
