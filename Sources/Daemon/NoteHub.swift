/// Where notes go: to the journal and to everybody who watches; off the runtime's thread.
import ConfigSyntax
import Control
import Foundation
import Inference
import Logging
import Runtime
import Synchronization

final class NoteHub: Sendable {
    /// Lines that may wait for a journal that does not take them; more are dropped and counted.
    private static let mostWaiting = 10_000

    typealias Watcher = @Sendable (WatchEvent) -> Void

    private struct State {
        var watchers: [UInt64: Watcher] = [:]
        var next: UInt64 = 1
        var waiting = 0
        var dropped: UInt64 = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "martlet.notes")
    private let logger: Logger
    private let notify: NotifyService

    init(logger: Logger, notify: NotifyService) { (self.logger, self.notify) = (logger, notify) }

    /// Hooks that do not work, for `status`.
    var hookAlarms: [String] { notify.alarms }

    /// Calls back for every note from now on, on the hub's queue, until `forget`. It must not wait: `EventSink.write` cuts a slow
    /// reader off instead.
    func watch(_ watcher: @escaping Watcher) -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.watchers[state.next] = watcher
            return state.next
        }
    }

    func forget(_ id: UInt64) { state.withLock { $0.watchers[id] = nil } }

    /// Says the notes, in order; never waits.
    func say(_ notes: [Note], sources: SourceMap, at unix: UInt64) {
        later(notes.count) { [self] in
            for note in notes {
                let line = WatchLine(note, sources: sources)
                say(line, at: unix)
                if let subject = note.subject { notify.tell(subject, line.event(at: unix)) }
            }
        }
    }

    /// Says what became of requests. There are more of these than of all notes: words are made only of what somebody reads.
    func say(_ decisions: [DecisionRecord], at unix: UInt64) {
        let isRead = logger.logLevel <= .debug || state.withLock { !$0.watchers.isEmpty }
        let read = isRead ? decisions : decisions.filter { $0.outcome != .answered }
        later(read.count) { [self] in
            for record in read { say(WatchLine(record), at: unix) }
        }
    }

    /// Does it on the hub's queue, unless too many lines wait already.
    private func later(_ lines: Int, _ body: @escaping @Sendable () -> Void) {
        guard lines > 0 else { return }
        let mayQueue = state.withLock { state -> Bool in
            guard state.waiting < Self.mostWaiting else {
                state.dropped += UInt64(lines)
                return false
            }
            state.waiting += lines
            return true
        }
        guard mayQueue else { return }
        queue.async { [self] in
            body()
            let dropped = state.withLock { state -> UInt64 in
                state.waiting -= lines
                defer { state.dropped = 0 }
                return state.dropped
            }
            if dropped > 0 { logger.warning("journal: \(dropped) lines were dropped because nobody took them") }
        }
    }

    /// Says what was not a note of a turn: what operators did, and what came of it.
    func say(_ line: WatchLine) {
        let unix = WallClock.now()
        queue.async { [self] in say(line, at: unix) }
    }

    /// Waits until everything said so far is written.
    func flush() { queue.sync {} }

    private func say(_ line: WatchLine, at unix: UInt64) {
        logger.write(line)
        let event = line.event(at: unix)
        for watcher in state.withLock({ Array($0.watchers.values) }) { watcher(event) }
    }
}
