/// Keeps over restarts what members have had of a day's canaries: `canaries.json` in the state directory. A daemon that is started again and
/// again would else pay for a day's with every start.
import Foundation
import Logging
import NetTypes
import Runtime

struct CanaryStore: Sendable {
    let path: String

    init(directory: String) { path = directory + "/canaries.json" }

    /// Of one member, as it is kept: the daemon's own clock begins anew with the machine.
    private struct Kept: Codable {
        let member: String
        /// Seconds since 1970 at which those of the last 24 hours stop counting.
        let countedUntil: [UInt64]
    }

    /// What was kept; empty when nothing ever was. A file that cannot be read is set aside and said: it is worth a few requests.
    /// - Parameters:
    ///   - boot: now, on the daemon's clock.
    ///   - wall: the same moment in microseconds since 1970.
    func load(at boot: Instant, _ wall: UInt64, saying logger: Logger) -> [CanaryUse] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        do {
            let kept = try JSONDecoder().decode([Kept].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            return kept.map { kept in
                CanaryUse(
                    member: kept.member,
                    countedUntil: kept.countedUntil.compactMap { Self.instant($0, boot, wall / 1_000_000) }.sorted()
                )
            }
        } catch {
            _ = rename(path, path + ".unreadable")
            logger.error("canaries: cannot read \(path), set aside, a day's canaries count from nothing: \(error)")
            return []
        }
    }

    func save(_ uses: [CanaryUse], at boot: Instant, _ wall: UInt64) throws {
        let kept = uses.map { use in
            Kept(
                member: use.member,
                countedUntil: use.countedUntil.map {
                    wall / 1_000_000 + UInt64(max(0, ($0 - boot).milliseconds / 1000))
                }
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try StateFile.replace(path, with: try encoder.encode(kept))
    }

    /// Nil: it counts no more. None counts for longer than a day, whatever became of the clock.
    private static func instant(_ second: UInt64, _ boot: Instant, _ now: UInt64) -> Instant? {
        second > now ? boot + .seconds(Int64(min(second - now, 86_400))) : nil
    }
}
