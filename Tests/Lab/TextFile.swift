import Glibc

/// Reading and writing whole files of text.
package enum TextFile {
    /// The contents of the file at `path`; empty when there is none yet.
    package static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        return contents(of: descriptor)
    }

    /// Writes `text` as the whole content of the file at `path`.
    ///
    /// - Throws: ``Refused`` when it cannot be created.
    package static func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Refused(path: path, code: errno) }
        defer { close(descriptor) }
        write(text, to: descriptor)
    }

    /// A file that could not be written or copied.
    package struct Refused: Error, CustomStringConvertible {
        package var path: String
        package var code: CInt
        package var description: String { "\(path): \(String(cString: strerror(code)))" }

        package init(path: String, code: CInt) {
            (self.path, self.code) = (path, code)
        }
    }

    static func write(_ text: String, to descriptor: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// All that stands in an open file, wherever it is positioned.
    static func contents(of descriptor: CInt) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = pread(descriptor, &buffer, buffer.count, bytes.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
