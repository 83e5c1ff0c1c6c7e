import Glibc
import Lab
import LabText
import Liveness
import NetTypes
import Probing
import Testing

/// One test after the other: they measure times, and two cores serve them all.
@Suite(.serialized, .enabled(if: Programs.obstacle == nil, Comment(rawValue: Programs.obstacle ?? "")))
enum BFDSuites {}

extension BFDSuites {
    /// Do sessions with the implementations that operators have come up, and end in time?
    @Suite(.serialized)
    struct InteropTests {
        static let peers = ["203.0.113.1", "fe80::1"]
        static let sessions = [
            BFDPeer.Session(local: "203.0.113.1", remote: "203.0.113.2"),
            BFDPeer.Session(local: "fe80::1", remote: "fe80::2"),
        ]
        /// Far beyond any bound, for two cores that build and test at the same time; the figures themselves are printed.
        static let hardLimit = 2000.0

        struct Case: CustomTestStringConvertible {
            let peer: BFDPeer.Kind
            let interval: Int
            let isKilled: Bool

            var testDescription: String { "\(peer) \(interval) ms × 3, \(isKilled ? "killed" : "silenced")" }
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                Case(peer: .bird, interval: 50, isKilled: false), Case(peer: .bird, interval: 10, isKilled: true),
                Case(peer: .frr, interval: 50, isKilled: true), Case(peer: .frr, interval: 10, isKilled: false),
            ]
        )
        func sessionsComeUpInBothFamiliesAndADeathIsKnownInTime(_ row: Case) throws {
            let site = try RouterOnly(uplinks: 1)
            defer { site.tearDown() }
            let peer = try BFDPeer(row.peer, Self.sessions, interval: row.interval, in: site.peers, of: site.workspace)
            let wishes = Self.peers.map { BFDWish(peer: $0, transmit: row.interval, receive: row.interval) }
            let run = try BFDRun(wishes, in: site.router)
            let detection = Double(row.interval * 3)
            for address in Self.peers { try run.waitUntilUp(address, detection: detection) }
            for session in Self.sessions { try peer.waitUntilUp(session.remote) }
            rest(.milliseconds(300))
            #expect(run.falls == 0)

            let death = BootClock.now()
            if row.isKilled { peer.kill() } else { try site.peers.silenceBFD() }
            for address in Self.peers {
                let fall = try run.first("bfd-timeout", of: address, after: death) { $0.signal == "bfd-timeout" }
                let took = Double((fall.at - death).nanoseconds) / 1_000_000
                measured("\(row.testDescription), \(address): known after (bound \(detection))", took)
                // Not before the last packet's time is up; that packet is at most an interval older than the death.
                #expect(took > detection - Double(row.interval) - 1)
                #expect(took < Self.hardLimit)
                #expect(fall.facts["diagnostic"]?.integer == 1)
            }
            guard !row.isKilled else { return }
            try eventually("the peer's fall", within: .seconds(5), every: .milliseconds(20)) {
                try !peer.says(of: "203.0.113.2").isUp
            }
            // Before: a handshake may be quicker than the command's end.
            let mended = BootClock.now()
            try site.peers.endSilence()
            for address in Self.peers {
                try run.first("up again", of: address, after: mended) { $0.signal == "success" }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: BFDPeer.Kind.allCases)
        func intervalsChangeWithoutAFall(_ kind: BFDPeer.Kind) throws {
            let site = try RouterOnly(uplinks: 1)
            defer { site.tearDown() }
            let peer = try BFDPeer(kind, Self.sessions, interval: 40, in: site.peers, of: site.workspace)
            let run = try BFDRun(
                Self.peers.map { BFDWish(peer: $0, transmit: 50, receive: 50) },
                then: Self.peers.map { BFDWish(peer: $0, transmit: 130, receive: 90, multiplier: 4) },
                in: site.router
            )
            for address in Self.peers { try run.waitUntilUp(address, detection: 150) }
            let change = BootClock.now()
            run.process.signal(SIGUSR1)
            for address in Self.peers {
                // Its pace is what we ask for now, and ours is what we announced: its Final has come.
                let line = try run.first("the new pace", of: address, after: change) {
                    $0.milliseconds("detection") == 270 && $0.milliseconds("transmit") == 130
                }
                #expect(line.state == "up")
            }
            for session in Self.sessions {
                try eventually("the peer's knowledge of it", within: .seconds(5), every: .milliseconds(20)) {
                    let words = try peer.says(of: session.remote).words
                    // BIRD shows the interval it sends by and the time it waits; FRR what we said.
                    return kind == .bird ? words.contains("0.090") && words.contains("0.520") : words.contains("130")
                }
            }
            rest(.milliseconds(600))
            #expect(run.falls == 0)
        }

        /// Two spinning processes on two cores, for five seconds: what operators have at the other end stays up, and so do we.
        @Test(.timeLimit(.minutes(1)), arguments: BFDPeer.Kind.allCases)
        func aBusyMachineBringsNoSessionDown(_ kind: BFDPeer.Kind) throws {
            let site = try RouterOnly(uplinks: 1)
            defer { site.tearDown() }
            let peer = try BFDPeer(kind, Self.sessions, interval: 50, in: site.peers, of: site.workspace)
            let wishes = Self.peers.map { BFDWish(peer: $0) }
            let run = try BFDRun(
                wishes,
                then: Self.peers.map { BFDWish(peer: $0, multiplier: 4) },
                in: site.router
            )
            for address in Self.peers { try run.waitUntilUp(address, detection: 150) }
            for session in Self.sessions { try peer.waitUntilUp(session.remote) }
            let rises = try Self.sessions.map { try peer.rises(of: $0.remote) }
            #expect(rises.allSatisfy { !$0.isEmpty })
            let spinning = try (0..<2).map { _ in try site.router.spawn(["sh", "-c", "while :; do :; done"]) }
            rest(.milliseconds(5000))
            for process in spinning { process.stop(with: SIGKILL) }
            #expect(run.falls == 0)
            #expect(try Self.sessions.map { try peer.rises(of: $0.remote) } == rises)
            // Another multiplier is news, and every report tells of the longest silence since the one before.
            let asked = BootClock.now()
            run.process.signal(SIGUSR1)
            for address in Self.peers {
                let line = try run.first("a report", of: address, after: asked) { _ in true }
                measured(
                    "longest silence of \(kind) beside two spinning processes (bound 150)",
                    line.milliseconds("longestGap") ?? 0
                )
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func everyKindOfKeyWorksWithBIRDAndAWrongOneDoesNot() throws {
            let site = try RouterOnly(uplinks: 6)
            defer { site.tearDown() }
            let types: [(BFDAuthenticationType, String, String)] = [
                (.simplePassword, "simple", "tune"), (.keyedMD5, "keyed md5", "one key of 16byt"),
                (.meticulousMD5, "meticulous keyed md5", "two"), (.keyedSHA1, "keyed sha1", "three keys of 20byte"),
                (.meticulousSHA1, "meticulous keyed sha1", "four"), (.keyedSHA1, "keyed sha1", "another"),
            ]
            var wishes: [BFDWish] = []
            var sessions: [BFDPeer.Session] = []
            for (number, (type, words, text)) in types.enumerated() {
                let uplink = site.uplinks[number]
                let file = site.workspace.path("key\(number)")
                try TextFile.write(number == 5 ? "wrong\n" : text + "\n", to: file, mode: 0o600)
                let key = "\(type.rawValue):\(number + 1):\(file)"
                for (gateway, own) in [(uplink.gateway.v4, uplink.address.v4), (uplink.gateway.v6, uplink.address.v6)] {
                    wishes.append(BFDWish(device: uplink.device, peer: gateway, key: key))
                    let known = (words: words, id: number + 1, text: text)
                    sessions.append(
                        BFDPeer.Session(device: uplink.peerDevice, local: gateway, remote: own, key: known)
                    )
                }
            }
            let peer = try BFDPeer(.bird, sessions, interval: 50, in: site.peers, of: site.workspace)
            let run = try BFDRun(wishes, in: site.router)
            for wish in wishes.dropLast(2) { try run.waitUntilUp(wish.peer, detection: 150) }
            for session in sessions.dropLast(2) { try peer.waitUntilUp(session.remote) }
            rest(.milliseconds(300))
            #expect(run.falls == 0)
            for wish in wishes.suffix(2) {
                try run.first("no answer", of: wish.peer) { $0.signal == "bfd-no-answer" }
                let last = try #require(run.lines(of: wish.peer).last)
                #expect(last.state == "down" && (last.facts["refused"]?.integer ?? 0) > 0)
            }
            for session in sessions.suffix(2) { #expect(try !peer.says(of: session.remote).isUp) }
        }
    }
}
