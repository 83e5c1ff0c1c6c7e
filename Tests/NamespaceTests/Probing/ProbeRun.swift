/// A prober in a namespace, and what it has said so far.
import Lab
import NetTypes
import Probing

/// One member for the tool's command line.
struct ProbeWish {
    var name = "wan.fiber"
    var device = "eth0"
    var mark: UInt32?
    var downAfter = 3
    var upAfter = 2
    var interval = 100
    var timeout = 80
    var need = 1
    var targets: [String]

    var words: [String] {
        let numbers = [downAfter, upAfter, interval, timeout, need].map { "\($0)" }
        let mark = mark.map { "\($0)" } ?? "-"
        return ["--member", name, device, mark] + numbers + [targets.joined(separator: ",")]
    }

    /// Within what a silent death is to be known: interval × down-after + timeout + 50 ms.
    var bound: Double { Double(interval * downAfter + timeout + 50) }
}

struct ProbeRun {
    /// A line about a member: a round's verdict or a change of health.
    struct Line {
        let kind: Substring
        let at: Instant
        let name: Substring
        let scope: Substring
        /// `success`, a cause, or a verdict of health.
        let word: Substring
        let rtt: Int?
    }

    let process: ChildProcess

    init(_ wishes: [ProbeWish], in namespace: Namespace, as account: Account? = nil, program: String? = nil) throws {
        let tool = try program ?? Programs.built("probe-tool")
        process = try namespace.spawn([tool] + wishes.flatMap(\.words), as: account)
    }

    var lines: [Line] {
        process.output.split(separator: "\n").compactMap { text in
            let words = text.split(separator: " ")
            guard words.count >= 5, let at = UInt64(words[1]) else { return nil }
            return Line(
                kind: words[0],
                at: Instant(nanoseconds: at),
                name: words[2],
                scope: words[3],
                word: words[4],
                rtt: words.count > 5 ? Int(words[5]) : nil
            )
        }
    }

    /// The first line of that kind that says `word` in that scope after a point in time.
    func first(
        _ kind: String,
        _ word: String,
        of name: String = "wan.fiber",
        in scope: String,
        after start: Instant,
        within limit: Duration
    ) throws -> Line {
        try eventually("\(kind) \(word) of \(name) \(scope): \(process.errorOutput)", within: limit) {
            lines.first { $0.kind == kind && $0.word == word && $0.name == name && $0.scope == scope && $0.at > start }
        }
    }

    /// Waits until every scope named has been heard of.
    func waitUntilUp(_ scopes: [String] = ["ipv4", "ipv6"], name: String = "wan.fiber") throws {
        for scope in scopes {
            let start = Instant(nanoseconds: 0)
            _ = try first("verdict", "up", of: name, in: scope, after: start, within: .seconds(5))
        }
    }
}

extension Instant {
    func milliseconds(since earlier: Instant) -> Double { Double((self - earlier).nanoseconds) / 1_000_000 }
}
