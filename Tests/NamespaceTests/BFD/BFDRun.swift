/// Our BFD in a namespace, and what its sessions have told so far.
import Glibc
import Lab
import LabText
import Liveness
import NetTypes
import Probing

/// One session for the tool's command line.
struct BFDWish {
    var device = "eth0"
    var peer: String
    var transmit = 50
    var receive = 50
    var multiplier = 3
    var isPassive = false
    /// `type:id:file`
    var key: String?

    var word: String {
        ([device, peer, "\(transmit)", "\(receive)", "\(multiplier)"] + (isPassive ? ["passive"] : [])
            + (key.map { [$0] } ?? []))
            .joined(separator: ",")
    }
}

struct BFDRun {
    /// One report.
    struct Line {
        let at: Instant
        let peer: Substring
        let state: Substring
        /// `success`, a cause, or `-`.
        let signal: Substring
        let facts: JSON

        func milliseconds(_ name: String) -> Double? { facts[name]?.number.map { $0 / 1_000_000 } }
    }

    let process: ChildProcess

    init(
        _ wishes: [BFDWish],
        then: [BFDWish] = [],
        in namespace: Namespace,
        as account: Account? = nil,
        program: String? = nil
    )
        throws
    {
        let words = wishes.map(\.word) + (then.isEmpty ? [] : ["--then"] + then.map(\.word))
        process = try namespace.spawn([try program ?? Programs.built("bfd-tool")] + words, as: account)
    }

    var lines: [Line] {
        process.output.split(separator: "\n").compactMap { text in
            let words = text.split(separator: " ", maxSplits: 5)
            guard words.count == 6, words[0] == "report", let at = UInt64(words[1]),
                let facts = try? JSON.parse(String(words[5]))
            else { return nil }
            return Line(at: Instant(nanoseconds: at), peer: words[2], state: words[3], signal: words[4], facts: facts)
        }
    }

    func lines(of peer: String) -> [Line] { lines.filter { $0.peer == peer } }

    /// The first line about a peer, after a point in time, that is as wanted.
    @discardableResult
    func first(
        _ what: String,
        of peer: String,
        after start: Instant = Instant(nanoseconds: 0),
        within limit: Duration = .seconds(8),
        where isWanted: (Line) -> Bool
    ) throws -> Line {
        try eventually("\(what) of \(peer): \(process.output) \(process.errorOutput)", within: limit) {
            lines.first { $0.peer == peer && $0.at > start && isWanted($0) }
        }
    }

    /// Waits until the session is up at the pace both ends have agreed upon, in milliseconds.
    @discardableResult
    func waitUntilUp(_ peer: String, detection: Double) throws -> Line {
        try first("up with \(detection) ms", of: peer) {
            $0.state == "up" && $0.milliseconds("detection") == detection && $0.facts["remoteState"]?.integer == 3
        }
    }

    var falls: Int {
        Set(lines.map(\.peer)).reduce(0) { $0 + (lines(of: String($1)).last?.facts["falls"]?.integer ?? 0) }
    }
}
