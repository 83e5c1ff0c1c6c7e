import CTestShim
import Foundation
import Glibc
import Testing

/// Whether this process may make network namespaces.
let isRoot = geteuid() == 0

/// Runs the body in a network namespace of its own, which ends with the last socket in it.
///
/// The calling thread goes into it and comes back: sockets opened, threads started and programs run by the body are inside. The body
/// does not suspend, so the thread is no one else's meanwhile.
func inNewNetwork(_ body: () throws -> Void) throws {
    let previous = ctest_enter_new_network()
    try #require(previous >= 0, "unshare: \(String(cString: strerror(-previous)))")
    defer { precondition(ctest_leave_network(previous) == 0, "the thread is stuck in a test's namespace") }
    try run("ip link set lo up")
    try body()
}

/// Two ends of a cable, `a` and `b`, both up, with unequal indexes (architecture.md, fact 17) and 10.0.0.1/24, fd00::1/64 on `a`.
func connectVethPair() throws {
    try run("ip link add name a index 11 type veth peer name b index 12")
    try run("ip link set dev a up")
    try run("ip link set dev b up")
    try run("ip addr add 10.0.0.1/24 dev a")
    try run("ip addr add fd00::1/64 dev a nodad")
}

/// Runs a program with its arguments, split at blanks, and gives what it printed.
@discardableResult
func run(_ command: String, input: String = "") throws -> String {
    let child = try Child(command.split(separator: " ").map(String.init))
    child.write(input)
    child.closeInput()
    let printed = child.readAll()
    let status = child.wait()
    try #require(status == 0, "\(command): \(printed)")
    return printed
}

/// A program that runs beside the test.
struct Child {
    private let pid: pid_t
    private var input: Int32 = -1
    private var output: Int32 = -1

    init(_ arguments: [String]) throws {
        var argv = arguments.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        pid = ctest_start(&argv, &input, &output)
        try #require(pid > 0, "\(arguments): \(pid)")
    }

    func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty, case let count = Glibc.write(input, Array(rest), rest.count), count > 0 {
            rest = rest.dropFirst(count)
        }
    }

    func closeInput() { close(input) }

    /// Everything it prints until it ends.
    func readAll() -> String {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(output, &chunk, chunk.count), count > 0 { text += chunk[..<count] }
        close(output)
        return String(decoding: text, as: UTF8.self)
    }

    /// Its exit status, or 128 and more when a signal ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
    }
}

/// What a program prints as JSON: a list of objects.
func objects(_ command: String) throws -> [[String: Any]] {
    let printed = try run(command)
    return try #require(try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [[String: Any]])
}
