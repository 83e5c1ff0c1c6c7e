/// Our prober with the task of Benchmarks/probing/prober.c: `bench-probing COUNT SECONDS DEVICE FIRST-ADDRESS TARGETS`.
///
/// COUNT addresses are asked once a second each, TARGETS of them by one member; all members leave by the device. Prints how many
/// rounds succeeded and failed.
import Glibc
import Liveness
import NetTypes
import PolicyEngine
import Probing
import Synchronization

func fail(_ words: String) -> Never {
    let line = Array((words + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(2)
}

let words = CommandLine.arguments
guard words.count == 6, let count = Int(words[1]), let seconds = UInt32(words[2]), let first = IPAddress(words[4]),
    let targets = Int(words[5]), count > 0, targets > 0
else { fail("usage: bench-probing COUNT SECONDS DEVICE FIRST-ADDRESS TARGETS") }

let members = stride(from: 0, to: count, by: targets).compactMap { start -> ProbedMember? in
    let asked = (start..<min(start + targets, count)).map { index in
        ProbeTarget(IPAddress(v4: UInt32(truncatingIfNeeded: first.low) + UInt32(index)))
    }
    let plan = ProbePlan(targets: asked, need: 1, interval: .seconds(1), timeout: .seconds(1))
    return plan.map {
        ProbedMember(name: "wan.m\(start)", device: words[3], mark: nil, scopes: [ProbedMember.Scope(.v4, $0)])
    }
}
let counts = Mutex((good: 0, bad: 0))
do {
    let service = try ProbeService { reports in
        counts.withLock { counts in
            for case .result(let result) in reports {
                if result.signal == .success { counts.good += 1 } else { counts.bad += 1 }
            }
        }
    }
    service.configure(members)
    sleep(seconds)
    service.stop()
} catch {
    fail("bench-probing: \(error)")
}
print(counts.withLock { "rounds \($0.good) failed \($0.bad)" })
