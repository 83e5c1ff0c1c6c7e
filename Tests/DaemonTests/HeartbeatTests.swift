/// When is a gateway taken for one that hangs, and what then?
import Foundation
import Inference
import Synchronization
import Testing

@testable import Daemon

@Suite struct HeartbeatTests {
    @Test func onlySeveralMissingAnswersInARowAreAHang() {
        var heart = Heartbeat()
        for _ in 0..<3 {
            #expect(heart.beat(isHeard: true) == .ask)
            for _ in 1..<Heartbeat.most { #expect(heart.beat(isHeard: true) == .wait) }
            heart.answered()
        }
        #expect(heart.beat(isHeard: true) == .ask)
        for _ in 0..<100 { #expect(heart.beat(isHeard: false) == .wait, "it is the daemon that does not listen") }
        for _ in 1..<Heartbeat.most { #expect(heart.beat(isHeard: true) == .wait) }
        #expect(heart.beat(isHeard: true) == .giveUp)
    }

    /// A program that takes its descriptors and says nothing.
    @Test func aProcessThatDoesNotAnswerIsEnded() throws {
        let script = NSTemporaryDirectory() + "mute-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Data("#!/bin/sh\nexec sleep 600\n".utf8).write(to: URL(filePath: script))
        defer { unlink(script) }
        chmod(script, 0o755)
        let process = try GatewayProcess(executable: script, listeners: [], loops: 1, ledger: [])
        let ended = DispatchSemaphore(value: 0)
        let status = Mutex<Int32?>(nil)
        process.listen { _ in
        } ended: { code in
            status.withLock { $0 = code }
            ended.signal()
        }
        for _ in 0..<Heartbeat.most { #expect(!process.beat()) }
        #expect(process.beat())
        #expect(ended.wait(timeout: .now() + 30) == .success)
        #expect(status.withLock { $0 } == 128 + SIGKILL)
        #expect(!process.beat(), "its number is not its own any more")
    }
}
