import Glibc
import LabText
import Synchronization

/// What does a short command answer? It runs to its end, at the latest to its deadline.
package struct Command {
    /// A command that ended otherwise than well.
    package struct Failure: Error, CustomStringConvertible {
        package var command: [String]
        /// Its exit status; nil when a signal or the deadline ended it.
        package var status: CInt?
        package var errorOutput: String

        package var description: String {
            let ending = status.map { "status \($0)" } ?? "no exit status (killed, or past its deadline)"
            return "\(command.joined(separator: " ")): \(ending): \(errorOutput)"
        }
    }

    /// What a command has written, and how it left.
    package struct Result: Sendable {
        package var status: CInt?
        package var output: String
        package var errorOutput: String
    }

    /// The path of the program and its arguments.
    var arguments: [String]
    /// What stands on its standard input.
    var input = ""
    /// Few commands of the lab take this long unless they hang.
    package static let limit = Duration.seconds(30)

    /// Runs it to its end, whatever that is.
    func attempt(within limit: Duration = Command.limit) throws -> Result {
        let run = try start()
        return try run.finish(within: limit)
    }

    /// Runs it and gives its standard output.
    ///
    /// - Throws: ``Failure`` when it does not leave with status 0.
    func run() throws -> String {
        try start().success()
    }

    /// Starts it; several may run side by side.
    func start() throws -> Running {
        let output = try namelessFile(holding: "")
        let errors = try namelessFile(holding: "")
        let source = try namelessFile(holding: input)
        do {
            let pid = try ProcessLaunch(command: arguments, environment: Command.environment).start { actions in
                posix_spawn_file_actions_adddup2(&actions, source, STDIN_FILENO)
                posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
                posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
            }
            close(source)
            return Running(command: arguments, pid: pid, output: output, errors: errors)
        } catch {
            for descriptor in [source, output, errors] { close(descriptor) }
            throw error
        }
    }

    /// The C locale keeps messages as the checks know them.
    static let environment = ["PATH=/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL=C"]

    private static let files = Atomic<Int>(0)

    /// A file that has lost its name already, positioned at its start; a started program gets it only where it is handed over.
    private func namelessFile(holding text: String) throws -> CInt {
        let number = Command.files.wrappingAdd(1, ordering: .relaxed).newValue
        let path = "/tmp/\(Janitor.prefix)\(getpid())-\(number).file"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TextFile.Refused(path: path, code: errno) }
        unlink(path)
        TextFile.write(text, to: descriptor)
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    /// A command under way.
    struct Running {
        let command: [String]
        let pid: pid_t
        let output: CInt
        let errors: CInt

        /// Waits for its end. Must be called once: it closes what it reads.
        func finish(within limit: Duration = Command.limit) throws -> Result {
            defer {
                close(output)
                close(errors)
            }
            let status = waitForEnd(within: limit)
            return Result(
                status: status,
                output: TextFile.contents(of: output),
                errorOutput: TextFile.contents(of: errors)
            )
        }

        /// Waits for its end, which must be a good one, and gives its standard output.
        func success() throws -> String {
            let result = try finish()
            guard result.status == 0 else {
                throw Failure(command: command, status: result.status, errorOutput: result.errorOutput)
            }
            return result.output
        }

        private func waitForEnd(within limit: Duration) -> CInt? {
            let deadline = Moment.now.after(limit)
            var status: CInt = 0
            while waitpid(pid, &status, WNOHANG) == 0 {
                if Moment.now > deadline {
                    kill(pid, SIGKILL)
                    waitpid(pid, &status, 0)
                    return nil
                }
                rest(.microseconds(200))
            }
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
        }
    }
}
