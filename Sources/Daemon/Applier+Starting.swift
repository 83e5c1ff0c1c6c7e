/// By which configuration does a starting daemon run? By the file, unless the file is one that nobody confirmed, or another was on
/// trial when the last daemon ended.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Control
import Forwarding
import Foundation
import NetTypes
import Probing
import Runtime
import Synchronization

/// What a start runs by.
struct StartingPoint: Sendable {
    enum Origin: Sendable {
        /// The configuration file.
        case file
        /// A trial that goes on.
        case trial
        /// A kept configuration that goes before the file, with the reason in words.
        case kept(because: String)
    }

    let configuration: Configuration
    let files: ConfigurationFiles
    let origin: Origin
}

extension Applier {
    /// Decides it. Throws all errors of the file, when that is what should run.
    func startingPoint(file path: String) throws -> StartingPoint {
        let past = history.history
        if let trial = past.trial {
            if trial.remaining(at: BootClock.now(), boot: Boot.id) > .zero,
                let point = kept(trial.configuration, .trial)
            {
                return point
            }
            let words = "configuration \(trial.configuration) was not confirmed in time"
            if let point = kept(trial.previous, .kept(because: words)) {
                history.changeAnyway {
                    $0.revert {
                        let what = "revert: nobody confirmed \(trial.configuration)"
                        return History.Entry(
                            at: WallClock.now(),
                            by: .daemon,
                            what: what,
                            result: "at the start",
                            configuration: $0
                        )
                    }
                }
                return point
            }
        }
        if let refused = past.unconfirmed, let running = past.running,
            ConfigurationFiles(at: path)?.digest == refused.digest,
            let point = kept(
                running,
                .kept(because: "\(path) is configuration \(refused.number), which nobody confirmed")
            )
        {
            return point
        }
        let configuration = try Daemon.load(path)
        return StartingPoint(configuration: configuration, files: ConfigurationFiles(configuration), origin: .file)
    }

    private func kept(_ number: Int, _ origin: StartingPoint.Origin) -> StartingPoint? {
        do {
            let files = try history.files(of: number)
            return StartingPoint(configuration: try Self.read(files), files: files, origin: origin)
        } catch {
            audit.record(
                "start",
                by: .daemon,
                "configuration \(number) cannot run any more, so the file does: \(error)"
            )
            return nil
        }
    }

    /// The first apply; returns when the kernel has answered: what starts after us finds its routes.
    func start(at point: StartingPoint) throws(ErrorReply) {
        let outcome = Mutex<Result<Void, ErrorReply>>(.success(()))
        queue.sync {
            do throws(ErrorReply) { try begin(point) } catch { outcome.withLock { $0 = .failure(error) } }
        }
        try outcome.withLock { $0 }.get()
    }

    private func begin(_ point: StartingPoint) throws(ErrorReply) {
        try open(point.configuration)
        give(point.configuration)
        // Written while the kernel is read: the disk keeps no route waiting.
        switch point.origin {
        case .file: note(point)
        case .trial, .kept: break
        }
        _ = conclude()
        followTrial()
    }

    /// A history that cannot be written keeps nobody from routing; `status` says so.
    private func note(_ point: StartingPoint) {
        let digest = point.files.digest
        let number = history.history.number(of: digest)
        try? history.keep(point.files, as: number)
        history.changeAnyway {
            $0.install(History.Kept(number: number, digest: digest, files: point.files.files.map(\.name))) {
                History.Entry(at: WallClock.now(), by: .daemon, what: "start", result: "under way", configuration: $0)
            }
        }
    }

    /// In what the file that a start would run by is not what runs, in words; nil when it is the same.
    func difference(from path: String) -> String? {
        let past = history.history
        guard let files = ConfigurationFiles(at: path) else { return "\(path) cannot be read, so a start would fail" }
        let digest = files.digest
        guard let running = past.running.flatMap(past.kept), running.digest != digest else { return nil }
        if let refused = past.unconfirmed, refused.digest == digest {
            return """
                \(path) is configuration \(refused.number), which nobody confirmed: a start goes on with \(running.number); \
                see 'martlet diff file \(path)'
                """
        }
        return "\(path) is not what runs, and would run from the next start on; see 'martlet diff file \(path)'"
    }
}

extension ConfigurationFiles {
    /// The texts of a configuration as they were read.
    init(_ configuration: Configuration) { self.init(configuration.sources) }

    /// The texts as they are on the disk; nil when one of them cannot be read.
    init?(at path: String) {
        guard let sources = ConfigLoader.texts(path) else { return nil }
        self.init(sources)
    }

    private init(_ sources: SourceMap) {
        self.init(files: sources.files.map { File(name: $0.name, text: $0.lines.joined(separator: "\n")) })
    }
}
