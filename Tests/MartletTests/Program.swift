/// Runs the `martlet` that was built beside these tests.
import CTestShim
import Glibc

enum Program {
    struct Run {
        let status: Int32
        let output: String
        let error: String
    }

    struct Failure: Error { let words: String }

    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        outputTo path: String? = nil
    ) throws -> Run {
        let output = try Capture()
        let error = try Capture()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if let path {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, O_WRONLY, 0)
        } else {
            posix_spawn_file_actions_adddup2(&actions, output.descriptor, STDOUT_FILENO)
        }
        posix_spawn_file_actions_adddup2(&actions, error.descriptor, STDERR_FILENO)
        ctest_spawn_closing_the_rest(&actions)
        let status = try wait(for: try spawn(arguments, environment, &actions))
        return Run(status: status, output: output.text(), error: error.text())
    }

    private static func spawn(
        _ arguments: [String],
        _ environment: [String: String],
        _ actions: inout posix_spawn_file_actions_t
    ) throws -> pid_t {
        let program = try path()
        let kept = getenv("LD_LIBRARY_PATH").map { ["LD_LIBRARY_PATH=" + String(cString: $0)] } ?? []
        let variables = kept + environment.map { "\($0)=\($1)" }
        var argv = ([program] + arguments).map { strdup($0) } + [nil]
        var envp = variables.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, program, &actions, nil, &argv, &envp)
        guard result == 0 else { throw Failure(words: "cannot start \(program): \(String(cString: strerror(result)))") }
        return pid
    }

    private static func wait(for pid: pid_t) throws -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure(words: String(cString: strerror(errno))) }
        }
        guard status & 0x7F == 0 else { throw Failure(words: "ended by signal \(status & 0x7F)") }
        return status >> 8 & 0xFF
    }

    /// Beside the running test program, or one folder above it when a helper of the toolchain runs the tests.
    private static func path() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
        let program = folder + "/martlet"
        guard access(String(program), X_OK) == 0 else { throw Failure(words: "\(program) is not there") }
        return String(program)
    }

    /// A file without a name that takes what a program writes.
    private struct Capture: ~Copyable {
        let descriptor: Int32

        init() throws {
            var path = Array("/tmp/martlet-capture-XXXXXX".utf8CString)
            descriptor = mkstemp(&path)
            unlink(path)
            guard descriptor >= 0 else { throw Failure(words: String(cString: strerror(errno))) }
        }

        deinit { close(descriptor) }

        borrowing func text() -> String {
            let size = Int(lseek(descriptor, 0, SEEK_END))
            let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = max(0, pread(descriptor, buffer.baseAddress, size, 0))
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
