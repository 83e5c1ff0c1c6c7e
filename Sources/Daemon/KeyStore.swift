/// Keeps the client keys that were made at run time over restarts: `keys.json` in the state directory, for its owner alone. It
/// holds no key, only their SHA-256.
import Foundation
import Inference

struct KeyStore: Sendable {
    let path: String

    init(directory: String) { path = directory + "/keys.json" }

    /// What was kept; empty when nothing ever was. Throws when there is a file that cannot be read: forgetting keys in silence
    /// would turn clients away, and the next change would forget them for good.
    func load() throws -> [StoredKey] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        do {
            return try JSONDecoder().decode([StoredKey].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw DaemonError.plain("cannot read \(path): \(error); mend or remove it")
        }
    }

    func save(_ keys: [StoredKey]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try StateFile.replace(path, with: try encoder.encode(keys))
    }
}
