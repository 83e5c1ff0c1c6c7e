/// Opens, reads and lists files, with the system's own words when it refuses.
import Glibc

enum FileReading {
    struct Refusal: Error {
        let words: String
        /// Nothing of the name is there.
        let isAbsence: Bool

        init(_ words: String) {
            self.words = words
            isAbsence = false
        }

        init(errno code: Int32) {
            words = strerror(code).map { String(cString: $0) } ?? "error \(code)"
            isAbsence = code == ENOENT
        }
    }

    /// The bytes of a regular file, at most one more than `limit`, so that the caller sees that it is too large.
    static func contents(of path: String, limit: Int) throws(Refusal) -> [UInt8] {
        // Not blocking: a pipe in place of a file must not hold the daemon.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Refusal(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Refusal(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Refusal("not a regular file") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(Int(status.st_size), limit) + 1)
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limit {
            let count = read(descriptor, &chunk, min(chunk.count, limit + 1 - bytes.count))
            if count < 0 {
                if errno == EINTR { continue }
                throw Refusal(errno: errno)
            }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// The names in a directory, in no order.
    static func names(in path: String) throws(Refusal) -> [String] {
        guard let directory = opendir(path) else { throw Refusal(errno: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                if errno != 0 { throw Refusal(errno: errno) }
                return names
            }
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
    }
}
