/// Writes every event and its effects to a file, one JSON object a line (`martletd --record FILE`).
import Foundation
import Runtime
import Synchronization

final class Recorder: Sendable {
    /// A recording that outgrows this is ended, not the disk: 1 GiB.
    private static let mostBytes = 1 << 30

    private struct State {
        var handle: FileHandle?
        var written = 0
    }

    private let state: Mutex<State>
    private let failed: @Sendable (String) -> Void

    /// Creates the file, readable for its owner alone: a recording holds the whole configuration. `failed` is told once when
    /// recording has to end early.
    init(path: String, failed: @escaping @Sendable (String) -> Void) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DaemonError.system("cannot record to \(path)", errno: errno) }
        state = Mutex(State(handle: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)))
        self.failed = failed
    }

    func record(_ event: Event, _ effects: [Effect]) {
        let lines = [RecordedLine(event)] + effects.map(RecordedLine.effect)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for line in lines {
            guard let encoded = try? encoder.encode(line) else { continue }
            data += encoded
            data.append(0x0A)
        }
        write(data)
    }

    private func write(_ data: Data) {
        let problem = state.withLock { state -> String? in
            guard let handle = state.handle else { return nil }
            state.written += data.count
            do {
                guard state.written <= Self.mostBytes else { throw DaemonError.plain("it has reached 1 GiB") }
                try handle.write(contentsOf: data)
                return nil
            } catch {
                state.handle = nil
                return "\(error)"
            }
        }
        if let problem { failed("recording ended: \(problem)") }
    }
}
