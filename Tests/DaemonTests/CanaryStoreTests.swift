/// Are a day's canaries counted on when the daemon, or the machine with its clock, begins anew?
import Foundation
import Logging
import NetTypes
import Runtime
import Testing

@testable import Daemon

@Suite struct CanaryStoreTests {
    private let folder = NSTemporaryDirectory() + "canaries-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func whatCountsGoesOnCountingForWhatIsLeftOfItsDay() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = CanaryStore(directory: folder)
        let (uptime, second) = (Instant(nanoseconds: 500_000_000_000), UInt64(1_800_000_000_000_000))
        #expect(store.load(at: uptime, second, saying: logger).isEmpty)
        let use = CanaryUse(member: "chat.one", countedUntil: [uptime + .seconds(100), uptime + .seconds(86_400)])
        try store.save([use], at: uptime, second)
        // The machine was started again, and ten minutes have passed.
        let later = Instant(nanoseconds: 30_000_000_000)
        #expect(
            store.load(at: later, second + 600_000_000, saying: logger)
                == [CanaryUse(member: "chat.one", countedUntil: [later + .seconds(85_800)])]
        )
        // A clock that was set back by a year bars nobody for longer than a day.
        let past = second - 31_536_000_000_000
        #expect(
            store.load(at: later, past, saying: logger)[0].countedUntil.allSatisfy { $0 <= later + .seconds(86_400) }
        )
        try Data("[".utf8).write(to: URL(filePath: store.path))
        #expect(store.load(at: later, second, saying: logger).isEmpty)
        #expect(FileManager.default.fileExists(atPath: store.path + ".unreadable"))
    }
}
