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

    /// Writes beside, syncs and renames, so that a crash or a full disk leaves the old file whole.
    func save(_ overrides: [Override]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let data = try encoder.encode(overrides)
        let beside = path + ".new"
        let descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DaemonError.system("cannot write \(beside)", errno: errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: data)
        try handle.synchronize()
        guard rename(beside, path) == 0 else { throw DaemonError.system("cannot replace \(path)", errno: errno) }
    }
}
