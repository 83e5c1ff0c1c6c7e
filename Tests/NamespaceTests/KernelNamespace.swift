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
    try run("ip link add a index 11 type veth peer name b index 12")
    try run("sysctl -qw net.ipv6.conf.a.accept_dad=0")
    try run("ip link set a up")
    try run("ip link set b up")
    try run("ip addr add 10.0.0.1/24 dev a")
    try run("ip addr add fd00::1/64 dev a nodad")
}

/// Runs a program with its arguments, split at blanks, and gives what it printed.
@discardableResult
func run(_ command: String, input: String? = nil) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command.split(separator: " ").map(String.init)
    let output = Pipe()
    let source = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = source
    try process.run()
    if let input { source.fileHandleForWriting.write(Data(input.utf8)) }
    try source.fileHandleForWriting.close()
    let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(command): \(printed)")
    return printed
}

/// What a program prints as JSON: a list of objects.
func objects(_ command: String) throws -> [[String: Any]] {
    let printed = try run(command)
    return try #require(try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [[String: Any]])
}
