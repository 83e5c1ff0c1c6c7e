/// Keeps over restarts what members have used of their allowances: `usage.json` in the state directory.
import Foundation
import Logging
import Runtime

struct UsageStore: Sendable {
    let path: String

    init(directory: String) { path = directory + "/usage.json" }

    /// What was kept; empty when nothing ever was. A file that cannot be read is set aside and said: counting anew may cost money,
    /// but a router that does not start costs more.
    func load(saying logger: Logger) -> [AllowanceUse] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        do {
            return try JSONDecoder().decode([AllowanceUse].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            _ = rename(path, path + ".unreadable")
            logger.error("usage: cannot read \(path), set aside, allowances count from nothing: \(error)")
            return []
        }
    }

    func save(_ usages: [AllowanceUse]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try StateFile.replace(path, with: try encoder.encode(usages))
    }
}
