/// How is a recording read from the disk?
import Control
import Glibc
import Runtime

enum RecordingFile {
    /// Bytes: the recorder itself ends at 1 GiB.
    private static let largest = 1 << 30

    /// - Throws: `CommandError.failed` with the line that is none.
    static func lines(of path: String) throws(CommandError) -> [RecordedLine] {
        var lines: [RecordedLine] = []
        let texts = try contents(of: path).split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, text) in texts.enumerated() where !text.isEmpty {
            do {
                lines.append(try ControlJSON.decode(RecordedLine.self, from: Array(text)))
            } catch {
                // A daemon that was killed leaves its last line unfinished; nothing follows from half an effect.
                if index == texts.count - 1 { break }
                throw .failed("\(path):\(index + 1): this is no line of a recording (\(error))")
            }
        }
        return lines
    }

    private static func contents(of path: String) throws(CommandError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw refusal(path) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= largest else { throw .failed("\(path) is larger than \(largest >> 30) GiB") }
        }
    }

    private static func refusal(_ path: String) -> CommandError {
        .failed("cannot read \(path): \(String(cString: strerror(errno)))")
    }
}
