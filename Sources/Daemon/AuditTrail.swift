/// Where it is written down who changed what, and what came of it: the journal, whoever watches, and the history.
import Control
import Foundation
import Logging
import Runtime

struct AuditTrail: Sendable {
    let history: HistoryStore
    let notes: NoteHub

    /// One after the other, off the threads that must not wait for a disk.
    private static let disk = DispatchQueue(label: "martlet.audit")

    /// What is refused says what was asked for, and that may be of any length.
    private static let longest = 1000

    /// Writes down what changed no configuration, or was refused.
    func record(_ what: String, by actor: History.Actor, _ result: String) {
        let entry = History.Entry(
            at: WallClock.now(),
            by: actor,
            what: String(what.prefix(Self.longest)),
            result: String(result.prefix(Self.longest))
        )
        say(entry)
        Self.disk.async { [history] in history.changeAnyway { $0.append(entry) } }
    }

    /// Says what is in the history already.
    func say(_ entry: History.Entry) { notes.say(WatchLine(entry)) }
}

extension WatchLine {
    init(_ entry: History.Entry) {
        self.init(
            .notice,
            "audit",
            "\(entry.by.user): \(entry.what): \(entry.result)",
            [
                ("user", entry.by.user), ("pid", entry.by.process.map { "\($0)" }), ("what", entry.what),
                ("result", entry.result), ("configuration", entry.configuration.map { "\($0)" }),
            ]
        )
    }
}
