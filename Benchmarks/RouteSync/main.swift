/// The bulk lane with the messages of Benchmarks/route-sync/routes.c: `bench-route-sync COUNT [digest]`.
///
/// Prints the milliseconds from the submission to the last outcome, or with `digest` a hash over the bytes that would be sent.
import Forwarding
import Glibc
import Kernel
import NetTypes
import Synchronization

/// Routes over next-hop group 9, as in routes.c.
func route(_ index: Int) -> KernelChange {
    let address = IPAddress(v4: 0x0B00_0000 &+ UInt32(truncatingIfNeeded: index) << 8)
    let key = Route.Key(table: 7001, prefix: IPPrefix(containing: address, length: 24), metric: 77)
    return KernelChange(.setRoute(Route(key: key, action: .nexthop(NexthopID(9)), routeProtocol: 219)), cause: nil)
}

func milliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

func fail(_ words: String) -> Never {
    let line = Array((words + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}

/// Time from submission to completion.
func sync(_ changes: [KernelChange]) throws -> Double {
    let end = Mutex(0.0)
    let refused = Mutex(0)
    let lane = try BulkLane { _, outcomes in
        end.withLock { $0 = milliseconds() }
        refused.withLock { $0 = outcomes.count { $0 != .accepted } }
    }
    let start = milliseconds()
    lane.submit(changes, token: 1)
    lane.stop()
    if refused.withLock({ $0 }) > 0 { fail("\(refused.withLock { $0 }) routes were not accepted") }
    return end.withLock { $0 } - start
}

guard CommandLine.arguments.count > 1, let count = Int(CommandLine.arguments[1]), count > 0 else {
    fail("usage: bench-route-sync COUNT [digest]")
}
let changes = (0..<count).map(route)
if CommandLine.arguments.dropFirst(2).first == "digest" {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    bulkSteps(of: changes) { step in for byte in step { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
    let digits = String(hash, radix: 16)
    print(String(repeating: "0", count: 16 - digits.count) + digits)
} else {
    let tenths = Int(try sync(changes) * 100)
    print("\(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100)")
}
