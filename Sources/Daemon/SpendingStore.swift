/// Keeps what budgets have paid over restarts: `spending.json` in the state directory, written at most once a second.
import Foundation
import Inference
import Logging
import Synchronization

final class SpendingStore: Sendable {
    let path: String
    private let logger: Logger
    private let disk = DispatchQueue(label: "martlet.spending")
    /// Not yet written; nil: nothing is.
    private let waiting = Mutex<[SpendingUse]?>(nil)
    private static let pause = DispatchTimeInterval.seconds(1)

    init(directory: String, logger: Logger) {
        path = directory + "/spending.json"
        self.logger = logger
    }

    /// What was kept; empty when nothing ever was. A file that cannot be read is set aside and said: counting anew may cost money, but
    /// a router that does not start costs more.
    func load() -> [SpendingUse] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        do {
            return try JSONDecoder().decode([SpendingUse].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            _ = rename(path, path + ".unreadable")
            logger.error("budgets: cannot read \(path), set aside, they count from nothing: \(error)")
            return []
        }
    }

    /// Only the newest sums are worth writing.
    func keep(_ uses: [SpendingUse]) {
        let isFirst = waiting.withLock { waiting in
            defer { waiting = uses }
            return waiting == nil
        }
        if isFirst { disk.asyncAfter(deadline: .now() + Self.pause) { self.write() } }
    }

    /// Writes what still waits.
    func flush() { disk.sync { write() } }

    private func write() {
        let uses = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        guard let uses else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try StateFile.replace(path, with: try encoder.encode(uses))
        } catch {
            logger.error("budgets: not kept, what they paid since will be forgotten at the next start: \(error)")
        }
    }
}
