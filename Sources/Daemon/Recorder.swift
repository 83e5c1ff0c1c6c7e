/// Writes every event and its effects to a file, one JSON object a line (`martletd --record FILE`).
///
/// It does so on a queue of its own: a slow disk must not hold a failover up.
import Foundation
import Runtime
import Synchronization

final class Recorder: Sendable {
    /// A recording that outgrows this is ended, not the disk: 1 GiB.
    private static let mostBytes = 1 << 30

    /// Turns that may wait for the disk. A recording with a hole replays to something else, so more end it.
    private static let mostWaiting = 50_000

    private struct State {
        var handle: FileHandle?
        var written = 0
        var waiting = 0
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "martlet.record")
    private let failed: @Sendable (String) -> Void

    /// Creates the file, readable for its owner alone: a recording holds the whole configuration. `failed` is told once when
    /// recording has to end early.
    init(path: String, failed: @escaping @Sendable (String) -> Void) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DaemonError.system("cannot record to \(path)", errno: errno) }
        state = Mutex(State(handle: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)))
        self.failed = failed
    }

    /// Takes one turn; never waits.
    func record(_ event: Event, _ effects: [Effect]) {
        let isBehind = state.withLock { state -> Bool? in
            guard state.handle != nil else { return nil }
            state.waiting += 1
            return state.waiting > Self.mostWaiting
        }
        guard let isBehind else { return }
        if isBehind { return end("the disk is \(Self.mostWaiting) turns behind") }
        queue.async { [self] in
            state.withLock { $0.waiting -= 1 }
            do { try write(Self.lines(event, effects)) } catch { end("\(error)") }
        }
    }

    /// Waits until everything taken so far is written.
    func finish() { queue.sync {} }

    private static func lines(_ event: Event, _ effects: [Effect]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for line in [RecordedLine(event)] + effects.map(RecordedLine.effect) {
            data += try encoder.encode(line)
            data.append(0x0A)
        }
        return data
    }

    private func write(_ data: Data) throws {
        let (handle, written) = state.withLock { state in
            state.written += data.count
            return (state.handle, state.written)
        }
        guard let handle else { return }
        guard written <= Self.mostBytes else { throw DaemonError.plain("it has reached 1 GiB") }
        try handle.write(contentsOf: data)
    }

    private func end(_ reason: String) {
        guard state.withLock({ $0.handle.take() }) != nil else { return }
        failed("recording ended: \(reason)")
    }
}
