/// How a file of the state directory is replaced: beside it, synced, renamed, and the directory synced, so that a crash or a full
/// disk leaves either the old file or the new one, whole.
import Foundation

enum StateFile {
    /// Replaces what is at `path`. Throws `DaemonError`, having changed nothing that counts.
    static func replace(_ path: String, with data: Data) throws {
        let beside = path + ".new"
        do {
            try write(data, to: beside)
            guard rename(beside, path) == 0 else { throw DaemonError.system("cannot replace \(path)", errno: errno) }
        } catch {
            unlink(beside)
            throw error
        }
        syncDirectory(of: path)
    }

    private static func write(_ data: Data, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DaemonError.system("cannot write \(path)", errno: errno) }
        defer { close(descriptor) }
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DaemonError.system("cannot write \(path)", errno: errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw DaemonError.system("cannot write \(path)", errno: errno) }
    }

    /// The rename itself: without it a power cut could bring the old file back.
    private static func syncDirectory(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }
}
