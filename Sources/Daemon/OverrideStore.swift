/// Keeps what the operator changed at run time over restarts: one small file in the state directory.
import Foundation
import Runtime

struct OverrideStore: Sendable {
    let path: String

    init(directory: String) { path = directory + "/overrides.json" }

    /// What was kept; empty when nothing ever was. Throws when there is a file that cannot be read: forgetting a drain in
    /// silence would send traffic where the operator said not to.
    func load() throws -> [Override] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        do {
            return try JSONDecoder().decode([Override].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw DaemonError.plain("cannot read \(path): \(error); mend or remove it")
        }
    }

    func save(_ overrides: [Override]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try StateFile.replace(path, with: try encoder.encode(overrides))
    }
}
