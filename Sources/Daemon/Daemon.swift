/// How the daemon starts, runs and stops: the parts put together, in order.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Control
import Forwarding
import Foundation
import Inference
package import Logging
import NIOCore
import NIOPosix
import NetTypes
import Probing
import Runtime

/// What the command line says.
package struct DaemonOptions: Sendable {
    package var configuration: String
    /// Where overrides, the history and the texts of its configurations are kept.
    package var stateDirectory: String
    /// Nil: where the configuration says.
    package var socket: String?
    /// Nil: nothing is recorded.
    package var recording: String?

    package init(configuration: String, stateDirectory: String, socket: String?, recording: String?) {
        (self.configuration, self.stateDirectory) = (configuration, stateDirectory)
        (self.socket, self.recording) = (socket, recording)
    }
}

package final class Daemon {
    /// Before anything that starts a thread: all of them have to inherit the blocked mask, or a signal ends the process.
    private let signals = SignalWaiter()
    /// Before it too: it changes the environment.
    private let inherited = KeptSockets.take()
    private let options: DaemonOptions
    private let logger: Logger
    private let notifier = ServiceNotifier()
    private let runtime = RuntimeThread()
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let notify: NotifyService
    private let notes: NoteHub
    private let ledger: LedgerDesk
    private let gateway: GatewaySupervisor
    private let kernel: KernelEdge
    private let applier: Applier
    private let audit: AuditTrail

    package init(_ options: DaemonOptions, executable: String, logger: Logger) {
        self.options = options
        self.logger = logger
        notify = NotifyService(on: group, logger: logger)
        notes = NoteHub(logger: logger, notify: notify)
        ledger = LedgerDesk(state: options.stateDirectory, logger: logger)
        gateway = GatewaySupervisor(
            runtime: runtime,
            executable: executable,
            ledger: ledger,
            inherited: inherited,
            notifier: notifier,
            logger: logger
        )
        kernel = KernelEdge(runtime: runtime)
        audit = AuditTrail(history: HistoryStore(directory: options.stateDirectory), notes: notes)
        applier = Applier(runtime: runtime, gateway: gateway, kernel: kernel, audit: audit)
    }

    /// Runs until SIGTERM or SIGINT. SIGHUP applies the configuration file anew. Throws what keeps the daemon from starting;
    /// then nothing was changed.
    package func run() throws {
        if let words = audit.history.load() { logger.error("history: \(words)") }
        let point = try applier.startingPoint(file: options.configuration)
        let configuration = point.configuration
        let overrides = OverrideStore(directory: options.stateDirectory)
        let kept = try overrides.load()
        let keys = KeyStore(directory: options.stateDirectory)
        let storedKeys = try keys.load()
        let usage = UsageStore(directory: options.stateDirectory)
        let used = usage.load(saying: logger)
        let canaries = CanaryStore(directory: options.stateDirectory)
        let asked = canaries.load(at: BootClock.now(), WallClock.now(), saying: logger)
        let recorder = try options.recording.map { path in
            try Recorder(path: path) { [logger] in logger.error("record: \($0)") }
        }
        let probes = ProbeDesk(runtime: runtime)
        let runner = EffectRunner(
            runtime: runtime,
            notes: notes,
            notify: notify,
            overrides: overrides,
            usage: usage,
            canaries: canaries,
            gateway: gateway,
            kernel: kernel,
            probes: probes,
            recorder: recorder,
            logger: logger
        )
        runtime.start { runner.carryOut($0, $1) }
        runtime.post(.overrides(kept))
        if !storedKeys.isEmpty { runtime.post(.storedKeys(storedKeys)) }
        if !used.isEmpty { runtime.post(.usage(used)) }
        if !asked.isEmpty { runtime.post(.canaries(asked)) }
        try serve(configuration, probes, KeyDesk(keys, storedKeys, runtime: runtime, audit: audit))
        do throws(ErrorReply) { try applier.start(at: point) } catch {
            throw DaemonError.configuration(error.errors + (error.hint.map { ["hint: \($0)"] } ?? []))
        }
        announce(point)
        waitForEnd()
        stop(runner)
    }

    private func announce(_ point: StartingPoint) {
        let files = point.files.files.map(\.name).joined(separator: ", ")
        switch point.origin {
        case .file: break
        case .trial: logger.warning("start: on trial still; 'martlet confirm' keeps it")
        case .kept(let reason): logger.warning("start: an earlier configuration runs: \(reason)")
        }
        logger.notice("start: martletd \(MartletVersion.text) runs \(files)")
        notifier.ready("running \(files)")
    }

    /// Whether the file could be applied; throws all its errors at once.
    package static func check(_ options: DaemonOptions) throws { _ = try load(options.configuration) }

    /// Reads the configuration from the disk; throws all its errors at once.
    static func load(_ path: String) throws -> Configuration {
        let checked = Configuration.check(ConfigLoader.load(path), lists: ListFile.contents)
        guard checked.errors.isEmpty, let configuration = checked.configuration else {
            throw DaemonError.configuration(checked.errors.map { $0.rendered(with: checked.sources) })
        }
        guard checked.unserved.isEmpty else {
            throw DaemonError.configuration(checked.unserved.map { $0.rendered(with: checked.sources) })
        }
        return configuration
    }

    private func stop(_ runner: EffectRunner) {
        notifier.stopping()
        gateway.stop()
        runtime.stop()
        runner.close()
        ledger.stop()
        try? group.syncShutdownGracefully()
        logger.notice("stop: the kernel keeps what was programmed")
    }
}

// MARK: - Listening

extension Daemon {
    private func serve(_ configuration: Configuration, _ probes: ProbeDesk, _ keys: KeyDesk) throws {
        let server = ControlServer(
            runtime: runtime,
            notes: notes,
            applier: applier,
            gateway: gateway,
            ledger: ledger,
            probes: probes,
            keys: keys,
            access: try ControlAccess(configuration.control),
            audit: audit,
            file: options.configuration,
            startedAt: WallClock.now()
        )
        let path = options.socket ?? configuration.control.socket
        let socket = try ControlSocket.open(path)
        _ = try HTTPService.serve(listening: socket, on: group, terms: server.terms) { server.answer($0, $1) }
        if let endpoint = configuration.control.metrics?.value { try serveMetrics(on: endpoint) }
    }

    private func serveMetrics(on endpoint: IPEndpoint) throws {
        let descriptor = try ListeningSocket(endpoint).duplicate()
        guard descriptor >= 0 else { throw DaemonError.system("cannot listen on \(endpoint)", errno: errno) }
        // One page at a time, off the runtime's thread: who scrapes costs a core at most.
        let pages = DispatchQueue(label: "martlet.metrics")
        _ = try HTTPService.serve(listening: descriptor, on: group, terms: .looking) {
            [runtime, notify] request, reply in
            guard request.method == "GET", request.path == "/metrics" else {
                return reply(.text(404, "only /metrics is here\n"))
            }
            runtime.ask { router, now in
                pages.async {
                    let page = MetricsPage.text(Answers(router: router, now: now), notify.states)
                    reply(.text(200, page, contentType: MetricsPage.contentType))
                }
            }
        }
    }
}

// MARK: - Running

extension Daemon {
    /// Waits for the end, feeding systemd's watchdog as long as the runtime's thread answers, and reloading on SIGHUP.
    private func waitForEnd() {
        let beat = notifier.watchdogInterval.map {
            Double($0.components.seconds) + Double($0.components.attoseconds) / 1e18
        }
        while true {
            let signal = signals.next(within: beat)
            // After a signal too: frequent reloads must not keep the beat from coming.
            runtime.ask { [notifier] _, _ in notifier.watchdog() }
            switch signal {
            case nil: continue
            case SIGHUP: reload()
            default: return
            }
        }
    }

    private func reload() {
        do {
            let files = ConfigurationFiles(try Self.load(options.configuration))
            let request = ApplyRequest(files, confirm: ConfirmTerms(.never))
            applier.apply(request, as: "apply by SIGHUP", by: .daemon) { [logger] outcome in
                switch outcome {
                case .success: logger.notice("reload: applied")
                case .failure(let error): Self.say(error.errors, to: logger)
                }
            }
        } catch {
            Self.say(["\(error)"], to: logger)
        }
    }

    /// Messages have lines of their own, with the place's caret: each becomes a line of the journal.
    private static func say(_ errors: [String], to logger: Logger) {
        logger.error("reload: refused, nothing changed")
        for line in errors.flatMap({ $0.split(separator: "\n") }) { logger.error("reload: \(line)") }
    }
}
