import CTestShim
import Glibc

/// How is a program started? By posix_spawn: in a process group of its own (Ctrl-C reaches the demo alone, which then ends its children in
/// order), with no signal blocked or ignored, and with no descriptor but those it is given: a socket of another test that it held would
/// not be closed for its peer before the program ends.
struct ProcessLaunch {
    /// A program that could not be started.
    struct Failure: Error, CustomStringConvertible {
        var command: [String]
        var code: CInt
        var description: String { "\(command.joined(separator: " ")): \(String(cString: strerror(code)))" }
    }

    /// The path of the program and its arguments.
    var command: [String]
    /// `NAME=value` lines.
    var environment: [String]

    /// Starts the program with the descriptors that `wire` lays out.
    ///
    /// - Throws: ``Failure``.
    func start(_ wire: (inout posix_spawn_file_actions_t) -> Void) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        wire(&actions)
        ctest_spawn_closing_the_rest(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        resetSignals(&attributes)

        var pid: pid_t = 0
        let code = withCStrings(command) { arguments in
            withCStrings(environment) { posix_spawn(&pid, command[0], &actions, &attributes, arguments, $0) }
        }
        guard code == 0 else { throw Failure(command: command, code: code) }
        return pid
    }

    private func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}
