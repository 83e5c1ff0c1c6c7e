/// Where the history and the texts of its configurations are kept, and the one way to change it: write first, then count it as done.
import Control
import Foundation
import NetTypes
import Runtime
import Synchronization

final class HistoryStore: Sendable {
    private struct State {
        var history = History()
        /// Why the last attempt to write failed; nil when it did not.
        var failure: String?
    }

    private let state = Mutex(State())
    private let path: String
    private let texts: String

    init(directory: String) {
        path = directory + "/history.json"
        texts = directory + "/configurations"
    }

    var history: History { state.withLock { $0.history } }

    /// What an operator should know: that the history cannot be kept.
    var failure: String? { state.withLock { $0.failure } }

    /// Reads what an earlier daemon left. A history that cannot be read is put aside, which keeps nobody from routing; the words
    /// are then for the journal.
    func load() -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let read = try JSONDecoder().decode(History.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            state.withLock { $0.history = read }
            return nil
        } catch {
            rename(path, path + ".unreadable")
            return "cannot read \(path), which is now \(path).unreadable: \(error)"
        }
    }

    /// Changes the history on the disk, then here. Throws when the disk does not take it: then nothing has changed.
    @discardableResult
    func change<Value>(_ body: (inout History) -> Value) throws -> Value {
        try state.withLock { state in
            var changed = state.history
            let value = body(&changed)
            do {
                try save(changed)
            } catch {
                state.failure = "\(error)"
                throw error
            }
            (state.history, state.failure) = (changed, nil)
            return value
        }
    }

    /// Changes the history here whatever the disk says; false when the disk did not take it.
    @discardableResult
    func changeAnyway(_ body: (inout History) -> Void) -> Bool {
        state.withLock { state in
            body(&state.history)
            do { try save(state.history) } catch { state.failure = "\(error)" }
            return state.failure == nil
        }
    }

    private func save(_ history: History) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        try StateFile.replace(path, with: try encoder.encode(history))
        removeTexts(notIn: history)
    }
}

// MARK: - Answers

extension HistoryStore {
    /// Newest first.
    var rows: [HistoryRow] {
        let past = history
        let shown = past.entries.lastIndex { $0.configuration == past.running && past.running != nil }
        return past.entries.enumerated().reversed().map { index, entry in
            HistoryRow(
                at: entry.at,
                user: entry.by.user,
                process: entry.by.process.map(Int.init),
                what: entry.what,
                result: entry.result,
                configuration: entry.configuration,
                isKept: entry.configuration.flatMap(past.kept) != nil,
                state: index == shown ? (past.trial == nil ? "running" : "on trial") : nil
            )
        }
    }

    /// The texts of a configuration, or of the running one. Throws `ErrorReply` when there are none.
    func texts(of number: Int?) throws -> ConfigurationFiles {
        guard let wanted = number ?? history.running else { throw ErrorReply(errors: ["nothing was applied yet"]) }
        guard history.kept(wanted) != nil else {
            throw ErrorReply(errors: ["configuration \(wanted) is not kept"], hint: "see: martlet history")
        }
        do { return try files(of: wanted) } catch { throw ErrorReply(errors: ["\(error)"]) }
    }
}

// MARK: - Texts

extension HistoryStore {
    /// Keeps the texts under their number, which only the history makes count.
    func keep(_ files: ConfigurationFiles, as number: Int) throws {
        if mkdir(texts, 0o700) != 0, errno != EEXIST {
            throw DaemonError.system("cannot make \(texts)", errno: errno)
        }
        try StateFile.replace(path(of: number), with: try ServiceAnswer.encoder.encode(files))
    }

    /// The texts of a configuration that is in the history.
    func files(of number: Int) throws -> ConfigurationFiles {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path(of: number)))
            return try JSONDecoder().decode(ConfigurationFiles.self, from: data)
        } catch {
            throw DaemonError.plain("cannot read configuration \(number) at \(path(of: number)): \(error)")
        }
    }

    private func path(of number: Int) -> String { "\(texts)/\(number).json" }

    private func removeTexts(notIn history: History) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: texts)) ?? [] {
            guard let number = Int(name.prefix { $0 != "." }), history.kept(number) == nil else { continue }
            // What is being kept right now has a higher number and is not in the history yet.
            guard number < history.kept.map(\.number).max() ?? 0 else { continue }
            unlink("\(texts)/\(name)")
        }
    }
}

extension ConfigurationFiles {
    /// Names the texts, whatever the files are called: the SHA-256 of their lengths and bytes, in hexadecimal.
    var digest: String {
        var bytes: [UInt8] = []
        for file in files {
            bytes += Array("\(file.text.utf8.count)\n".utf8)
            bytes += Array(file.text.utf8)
        }
        return SHA256.digest(bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// Which boot of this machine is this? (proc(5), random(4))
enum Boot {
    static let id: String = {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text.map { String($0.prefix { $0 != "\n" }) } ?? "unknown"
    }()
}
