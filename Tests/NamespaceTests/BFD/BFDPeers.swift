/// Which other BFD speakers are there, how are they run in a namespace, and what do they say of their sessions?
import Glibc
import Lab
import LabText
import Testing

/// FRR's bfdd or BIRD, started by the test itself: the packages' own services never run.
struct BFDPeer {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case bird
        case frr

        var testDescription: String { rawValue }
    }

    /// A session that the peer is to keep.
    struct Session {
        var device = "peer0"
        var local: String
        var remote: String
        /// BIRD's words: `meticulous keyed sha1`, with the key's number and text.
        var key: (words: String, id: Int, text: String)?
    }

    let kind: Kind
    let processes: [ChildProcess]
    private let namespace: Namespace
    private let directory: String

    init(
        _ kind: Kind,
        _ sessions: [Session],
        interval: Int,
        multiplier: Int = 3,
        in namespace: Namespace,
        of workspace: Workspace
    ) throws {
        (self.kind, self.namespace) = (kind, namespace)
        directory = workspace.path(kind.rawValue)
        guard mkdir(directory, 0o777) == 0, chmod(directory, 0o777) == 0 else {
            throw TextFile.Refused(path: directory, code: errno)
        }
        switch kind {
        case .bird:
            let text = Self.bird(sessions, interval, multiplier)
            try TextFile.write(text, to: directory + "/bird.conf")
            processes = [
                try namespace.spawn([
                    "bird", "-f", "-c", directory + "/bird.conf", "-s", directory + "/bird.ctl", "-P",
                    directory + "/bird.pid",
                ])
            ]
        case .frr:
            let text = Self.frr(sessions, interval, multiplier)
            try TextFile.write(text, to: directory + "/bfdd.conf")
            try TextFile.write("", to: directory + "/zebra.conf")
            processes = try Self.startFRR(directory, namespace)
        }
    }

    private static func startFRR(_ directory: String, _ namespace: Namespace) throws -> [ChildProcess] {
        let common = { (name: String) in
            [
                "/usr/lib/frr/\(name)", "-f", "\(directory)/\(name).conf", "-i", "\(directory)/\(name).pid", "-z",
                "\(directory)/zserv.api", "--vty_socket", directory, "-A", "127.0.0.1", "-P", "0",
            ]
        }
        let zebra = try namespace.spawn(common("zebra"))
        try eventually("zebra's socket: \(zebra.errorOutput)", within: .seconds(5)) {
            access(directory + "/zserv.api", F_OK) == 0
        }
        return [zebra, try namespace.spawn(common("bfdd") + ["--bfdctl", "\(directory)/bfdd.sock"])]
    }

    private static func bird(_ sessions: [Session], _ interval: Int, _ multiplier: Int) -> String {
        var devices: [String] = []
        for session in sessions where !devices.contains(session.device) { devices.append(session.device) }
        let interfaces = devices.map { device in
            let key = sessions.first { $0.device == device }?.key.map { key in
                "authentication \(key.words); password \"\(key.text)\" { id \(key.id); };"
            }
            return """
                  interface "\(device)" {
                    min rx interval \(interval) ms; min tx interval \(interval) ms; idle tx interval 1 s;
                    multiplier \(multiplier); \(key ?? "")
                  };
                """
        }
        let neighbors = sessions.map { "  neighbor \($0.remote) dev \"\($0.device)\" local \($0.local);" }
        let lines = ["router id 10.0.0.1;", "protocol device {}", "protocol bfd {"] + interfaces + neighbors + ["}"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func frr(_ sessions: [Session], _ interval: Int, _ multiplier: Int) -> String {
        let peers = sessions.map { session in
            """
             peer \(session.remote) local-address \(session.local) interface \(session.device)
              detect-multiplier \(multiplier)
              receive-interval \(interval)
              transmit-interval \(interval)
              no shutdown
             !
            """
        }
        return (["bfd"] + peers + ["!"]).joined(separator: "\n") + "\n"
    }

    /// What it says of the session with `remote`: whether that is up, and what it knows of our pace in milliseconds.
    func says(of remote: String) throws -> (isUp: Bool, words: String) {
        switch kind {
        case .bird:
            let answer = try namespace.attempt(["birdc", "-s", directory + "/bird.ctl", "show", "bfd", "sessions"])
            let line = answer.output.split(separator: "\n").first { $0.hasPrefix("\(remote) ") } ?? ""
            return (line.contains(" Up "), String(line))
        case .frr:
            let answer = try namespace.attempt(["vtysh", "--vty_socket", directory, "-c", "show bfd peers json"])
            let rows = (try? JSON.parse(answer.output))?.elements ?? []
            let row = rows.first { $0["peer"]?.string == remote }
            return (row?["status"]?.string == "up", row.map { "\($0)" } ?? answer.errorOutput)
        }
    }

    /// What changes when the session with `remote` falls and comes up again: BIRD's time of the last change, FRR's count.
    func rises(of remote: String) throws -> String {
        switch kind {
        case .bird:
            let words = try says(of: remote).words.split(separator: " ")
            return words.count > 3 ? "\(words[2]) since \(words[3])" : ""
        case .frr:
            let command = "show bfd peers counters json"
            let answer = try namespace.attempt(["vtysh", "--vty_socket", directory, "-c", command])
            let rows = (try? JSON.parse(answer.output))?.elements ?? []
            guard let row = rows.first(where: { $0["peer"]?.string == remote }), let count = row["session-up"]?.integer,
                let falls = row["session-down"]?.integer
            else { return "" }
            return "up \(count) down \(falls)"
        }
    }

    func waitUntilUp(_ remote: String) throws {
        try eventually("\(kind)'s session with \(remote)", within: .seconds(8), every: .milliseconds(20)) {
            try says(of: remote).isUp
        }
    }

    /// Ends it as a crash would.
    func kill() {
        for process in processes { process.stop(with: SIGKILL) }
    }
}

/// What becomes of BFD packets at the far end.
extension Namespace {
    /// Packets in and out are dropped from now on, and nothing else is.
    func silenceBFD() throws {
        try nft(
            load: """
                table inet silence {
                    chain in { type filter hook input priority 0; udp dport 3784 drop; }
                    chain out { type filter hook output priority 0; udp dport 3784 drop; }
                }
                """
        )
    }

    func endSilence() throws { try nft(load: "delete table inet silence\n") }
}
