/// What stands behind a reference to a BFD key? Read when a configuration arrives, never logged or shown.
import Glibc
package import Liveness

/// Why a key cannot be had. Names the reference, never the content.
package struct BFDKeyFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let source: BFDKeySource
    package let problem: String

    package var description: String {
        switch source {
        case .credential(let name): "credential \(name): \(problem)"
        case .file(let path): "file \(path): \(problem)"
        case .environment(let name): "environment \(name): \(problem)"
        }
    }
}

extension BFDKey {
    /// Reads the key of a plan; white space around it, as editors leave it behind, does not belong to it. Throws `BFDKeyFailure`.
    package static func read(_ plan: BFDAuthenticationPlan) throws(BFDKeyFailure) -> BFDKey {
        let bytes = try contents(of: plan.key)
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let front = bytes.drop(while: isBlank)
        let end = front.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? front.startIndex
        guard let key = BFDKey(plan.type, keyID: plan.keyID, secret: Array(front[..<end])) else {
            let longest = plan.type.longestKey
            throw BFDKeyFailure(source: plan.key, problem: "a key of \(plan.type.rawValue) has 1 to \(longest) bytes")
        }
        return key
    }

    private static func contents(of source: BFDKeySource) throws(BFDKeyFailure) -> [UInt8] {
        let refused = { (problem: String) in BFDKeyFailure(source: source, problem: problem) }
        switch source {
        case .credential(let name):
            guard let directory = getenv("CREDENTIALS_DIRECTORY") else { throw refused("no credentials were given") }
            // systemd guards the directory, and may do it by access lists, whose mask shows up as group permissions.
            return try file(String(cString: directory) + "/" + name, isClosed: false, refused)
        case .file(let path): return try file(path, isClosed: true, refused)
        case .environment(let name):
            guard let value = getenv(name) else { throw refused("is not set") }
            return Array(String(cString: value).utf8)
        }
    }

    private static func file(
        _ path: String,
        isClosed: Bool,
        _ refused: (String) -> BFDKeyFailure
    ) throws(BFDKeyFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw refused(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw refused("is no file") }
        // Asked of the open file, so that nobody can swap it in between.
        guard !isClosed || status.st_mode & 0o077 == 0 else {
            throw refused("others than its owner may read or write it")
        }
        // Longer than any key with the white space around it: what exceeds it is refused by its length.
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw refused(String(cString: strerror(errno))) }
        return Array(bytes[..<count])
    }
}
