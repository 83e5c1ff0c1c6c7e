package import Glibc
import Synchronization

/// What became of a process that the lab started? Its output goes to files, so that nothing has to be read for it to go on, and what it
/// said is there after its end.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum Ending: Sendable, Hashable {
        case exited(CInt)
        case killed(CInt)

        /// Whether it left with status 0.
        package var isSuccess: Bool { self == .exited(0) }
    }

    /// Its process id, which is that of the program itself: `ip netns exec` and `setpriv` replace themselves.
    package let pid: pid_t
    /// What was started, for messages.
    package let label: String
    /// The file that takes its standard output.
    package let outputPath: String
    /// The file that takes its standard error.
    package let errorPath: String

    private let ending = Mutex<Ending?>(nil)

    /// How long a process has to follow SIGTERM before SIGKILL.
    package static let patience = Duration.seconds(2)

    init(_ command: [String], environment: [String], label: String, outputPath: String, errorPath: String) throws {
        self.label = label
        self.outputPath = outputPath
        self.errorPath = errorPath
        pid = try ProcessLaunch(command: command, environment: environment).start { actions in
            let flags = O_WRONLY | O_CREAT | O_APPEND
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, outputPath, flags, 0o644)
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errorPath, flags, 0o644)
        }
    }

    /// How it ended, nil while it runs.
    package var ended: Ending? {
        ending.withLock { known in
            if known == nil { known = reap() }
            return known
        }
    }

    /// Whether it has not ended.
    package var isRunning: Bool { ended == nil }

    /// Sends a signal, unless it has ended: its id could be another's by then.
    package func signal(_ number: CInt) {
        ending.withLock { known in
            if known == nil { known = reap() }
            if known == nil { kill(pid, number) }
        }
    }

    /// Waits for its end.
    ///
    /// - Throws: ``TimedOut``.
    @discardableResult
    package func waitForEnd(within limit: Duration) throws -> Ending {
        try eventually("the end of \(label)", within: limit, every: .milliseconds(1)) { ended }
    }

    /// Asks it to end, and makes it end when it does not within ``patience``.
    @discardableResult
    package func stop(with number: CInt = SIGTERM) -> Ending? {
        signal(number)
        if (try? waitForEnd(within: ChildProcess.patience)) == nil { signal(SIGKILL) }
        return try? waitForEnd(within: ChildProcess.patience)
    }

    /// All it has written to standard output so far.
    package var output: String { TextFile.read(outputPath) }

    /// All it has written to standard error so far.
    package var errorOutput: String { TextFile.read(errorPath) }

    private func reap() -> Ending? {
        var status: CInt = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7F  // WTERMSIG, a macro that Swift does not see
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
    }
}
