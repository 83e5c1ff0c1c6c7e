/// The lanes with the task of Benchmarks/nft-set/set.c: `bench-nft-set COUNT fill|change|hosts`.
///
/// `fill` prints the milliseconds from the first prefix made to the outcome of the batch, `change` the microseconds of one element put
/// in or taken out of the filled set, each in a batch of its own, the mean of 2000; `hosts` the same in a set of single addresses.
import Forwarding
import Glibc
import Kernel
import NetTypes
import Synchronization

let task = CommandLine.arguments.dropFirst(2).first ?? ""
let declaration = Ruleset.SetDeclaration("many", key: [.address4], isInterval: task != "hosts")
let changesTimed = 2000

func fail(_ words: String) -> Never {
    let line = Array((words + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}

func milliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

/// /24 prefixes with a hole after each, or their first addresses, as in set.c.
func prefixes(_ indices: Range<Int>) -> Ruleset.Elements {
    .addresses(
        AddressRanges(
            indices.map { index in
                let address = IPAddress(v4: 0x0B00_0000 &+ UInt32(truncatingIfNeeded: index) << 9)
                return IPPrefix(containing: address, length: task == "hosts" ? 32 : 24)
            }
        )
    )
}

func change(_ steps: RulesetChange.Step...) -> KernelChange {
    KernelChange(.changeRuleset(RulesetChange(table: "martlet", steps)), cause: nil)
}

/// What a lane said last, and when.
final class Outcome: Sendable {
    private let state = Mutex((at: 0.0, refused: 0))

    func note(_ outcomes: [ChangeOutcome]) {
        let now = milliseconds()
        state.withLock { $0 = (now, $0.refused + outcomes.count { $0 != .accepted }) }
    }

    /// When the last answer came; ends the program if one was no acceptance.
    var at: Double {
        let (at, refused) = state.withLock { $0 }
        if refused > 0 { fail("\(refused) changes were not accepted") }
        return at
    }
}

func fill(_ count: Int) throws -> Double {
    let outcome = Outcome()
    let lane = try BulkLane { _, outcomes in outcome.note(outcomes) }
    let start = milliseconds()
    lane.submit([change(.addTable, .addSet(declaration), .addElements(declaration, prefixes(0..<count)))], token: 1)
    lane.stop()
    return outcome.at - start
}

/// One element after the other over the lane of failovers, each answered before the next is sent.
func changing(after count: Int) throws -> Double {
    let outcome = Outcome()
    let lane = try FastLane { _, outcomes in outcome.note(outcomes) }
    let changes = (0..<changesTimed).map { index in
        let element = prefixes(count + index / 2..<count + index / 2 + 1)
        return change(index % 2 == 0 ? .addElements(declaration, element) : .deleteElements(declaration, element))
    }
    let start = milliseconds()
    lane.submit(changes, token: 1)
    lane.stop()
    return (outcome.at - start) * 1000 / Double(changesTimed)
}

func print(hundredths value: Double) {
    let hundredths = Int(value * 100)
    print("\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)")
}

guard ["fill", "change", "hosts"].contains(task), let count = Int(CommandLine.arguments[1]), count > 0 else {
    fail("usage: bench-nft-set COUNT fill|change|hosts")
}
let filling = try fill(count)
print(hundredths: task == "fill" ? filling : try changing(after: count))
