/// What a probe-tool is asked to probe: the words of its command line.
import Liveness
import NetTypes
import PolicyEngine
import Probing

/// `probe-tool [--seconds N] --member NAME DEVICE MARK DOWN-AFTER UP-AFTER INTERVAL TIMEOUT NEED TARGET,TARGET…` or
/// `--loopback MEMBERS TARGETS INTERVAL`. Times in milliseconds, `-` for no device or mark.
struct ToolOptions {
    /// One member with the rule by which its verdict turns.
    struct Subject {
        let probed: ProbedMember
        let hysteresis: Hysteresis
    }

    struct Misuse: Error {
        let word: String
    }

    private(set) var subjects: [Subject] = []
    /// How long to run; nil: until a signal.
    private(set) var seconds: Int?

    init(_ arguments: [String]) throws(Misuse) {
        var words = arguments[...]
        while let word = words.popFirst() {
            switch word {
            case "--seconds": seconds = try Self.number(words.popFirst())
            case "--member": try addMember(Self.take(9, from: &words))
            case "--loopback": try addLoopback(Self.take(3, from: &words))
            default: throw Misuse(word: word)
            }
        }
    }

    private static func take(_ count: Int, from words: inout ArraySlice<String>) throws(Misuse) -> [String] {
        guard words.count >= count else { throw Misuse(word: words.last ?? "") }
        defer { words = words.dropFirst(count) }
        return Array(words.prefix(count))
    }

    private static func number(_ word: String?) throws(Misuse) -> Int {
        guard let word, let value = Int(word) else { throw Misuse(word: word ?? "") }
        return value
    }

    private mutating func addMember(_ words: [String]) throws(Misuse) {
        var numbers: [Int] = []
        for word in words[3..<8] { numbers.append(try Self.number(word)) }
        let targets = words[8].split(separator: ",").compactMap { IPAddress(String($0)) }
        let mark = try words[2] == "-" ? nil : Mark(UInt32(clamping: Self.number(words[2])))
        add(words[0], words[1] == "-" ? nil : words[1], mark, numbers, targets)
    }

    private mutating func add(_ name: String, _ device: String?, _ mark: Mark?, _ n: [Int], _ targets: [IPAddress]) {
        let scopes = AddressFamily.allCases.compactMap { family in
            ProbePlan(
                targets: targets.filter { $0.family == family }.map { ProbeTarget($0) },
                need: n[4],
                interval: .milliseconds(Int64(n[2])),
                timeout: .milliseconds(Int64(n[3]))
            ).map { ProbedMember.Scope(HealthScope(family), $0) }
        }
        let probed = ProbedMember(name: name, device: device, mark: mark, scopes: scopes)
        subjects.append(Subject(probed: probed, hysteresis: Hysteresis(downAfter: n[0], upAfter: n[1])))
    }

    /// Members whose targets are addresses of the loopback device: load without a network.
    private mutating func addLoopback(_ words: [String]) throws(Misuse) {
        let (members, targets) = (try Self.number(words[0]), try Self.number(words[1]))
        let interval = try Self.number(words[2])
        for member in 0..<members {
            let addresses = (0..<targets).map { IPAddress(v4: 0x7F01_0001 + UInt32(member * targets + $0)) }
            add("load.m\(member)", nil, nil, [3, 3, interval, interval / 2, targets], addresses)
        }
    }
}
