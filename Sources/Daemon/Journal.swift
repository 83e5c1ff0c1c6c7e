/// How notes become log lines: one event, one line, fields rather than sentences, nothing secret.
///
/// Under systemd each line starts with its priority (sd-daemon(3)), which journald takes off and files; elsewhere with the time.
import Control
import Foundation
package import Logging
import Runtime

/// A swift-log handler that writes `event key=value …` to standard error.
package struct JournalHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info
    private let hasJournal: Bool

    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        hasJournal = environment["JOURNAL_STREAM"] != nil
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = hasJournal ? "<\(Self.priority(event.level))>" : Self.time() + " \(event.level) "
        line += Self.escaped(event.message.description)
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: {
            $0.key < $1.key
        }) {
            line += " \(key)=\(Self.quoted("\(value)"))"
        }
        line += "\n"
        // A full disk or a closed pipe behind standard error costs a line, not the daemon.
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }

    /// syslog(3) priorities.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func time() -> String { Date().formatted(.iso8601.time(includingFractionalSeconds: true)) }

    /// Values with spaces or control characters are quoted and escaped, so that a line stays a line.
    static func quoted(_ value: String) -> String {
        let isPlain =
            !value.isEmpty && value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0.value != 0x7F }
        if isPlain { return value }
        return "\"\(escaped(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")))\""
    }

    /// Control characters as escapes: what a client, a provider or a file made us say cannot begin a line of its own.
    private static func escaped(_ words: String) -> String {
        words.unicodeScalars.map { scalar in
            switch scalar {
            case "\n": "\\n"
            default:
                scalar.value < 0x20 || scalar.value == 0x7F ? "\\u{\(String(scalar.value, radix: 16))}" : "\(scalar)"
            }
        }.joined()
    }
}

extension Logger {
    /// Writes one note of a turn.
    func write(_ event: WatchLine) {
        var metadata: Logger.Metadata = [:]
        for field in event.fields { metadata[field.name] = .string(field.value) }
        log(level: event.level, "\(event.kind): \(event.words)", metadata: metadata)
    }
}
