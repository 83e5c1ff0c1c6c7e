import Glibc
import LabText
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// What does the mock hold while it runs? Its listeners, its mode, its journal.
final class Provider: Sendable {
    let settings: Settings
    let journal: Journal

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let state: Mutex<State>

    private struct State {
        var planner: Planner
        var mode = Mode()
        var listeners: [any Channel] = []
        var clients: [ObjectIdentifier: any Channel] = [:]
        /// Counts the settings of a mode, so that a timer of an old one does nothing.
        var generation = 0
    }

    /// Connections the kernel queues: a burst of clients must not be refused by accident.
    private static let backlog: Int32 = 1024

    init(_ settings: Settings) throws {
        self.settings = settings
        let dialect: any Dialect =
            switch settings.dialect {
            case .openai: OpenAIDialect(key: settings.key, models: settings.models)
            case .anthropic:
                AnthropicDialect(key: settings.key, models: settings.models, keyHeader: settings.keyHeader)
            case .gemini: GeminiDialect(key: settings.key, models: settings.models)
            case .ollama: OllamaDialect(key: settings.key, models: settings.models)
            case .responses: ResponsesDialect(key: settings.key, models: settings.models, name: settings.name)
            }
        state = Mutex(State(planner: Planner(dialect: dialect, settings: settings)))
        journal = try Journal(path: settings.record)
    }

    /// Opens all listeners, then says so on standard output.
    func start() throws {
        if let control = settings.control { _ = try open(control, isControl: true).wait() }
        let listeners = try settings.listen.map { try open($0, isControl: false).wait() }
        state.withLock { $0.listeners = listeners }
        let places = listeners.map { JSON.string($0.localAddress.map { "\($0)" } ?? "?") }
        say(["event": "ready", "at_ns": .integer(Moment.now.nanoseconds), "listening": .array(places)])
    }

    /// Waits for SIGTERM or SIGINT.
    func runUntilStopped() throws {
        var wanted = sigset_t()
        sigemptyset(&wanted)
        sigaddset(&wanted, SIGTERM)
        sigaddset(&wanted, SIGINT)
        var received: CInt = 0
        sigwait(&wanted, &received)
        say(stats.adding("event", "end"))
    }

    /// Must be called before any thread is started: threads inherit what is blocked, and only then `sigwait` gets the signals.
    static func blockSignals() {
        var wanted = sigset_t()
        sigemptyset(&wanted)
        sigaddset(&wanted, SIGTERM)
        sigaddset(&wanted, SIGINT)
        pthread_sigmask(SIG_BLOCK, &wanted, nil)
    }

    private func open(_ endpoint: Settings.Endpoint, isControl: Bool) -> EventLoopFuture<any Channel> {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Provider.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(ClientHandler(self, isControl: isControl))
                }
            }
        switch endpoint {
        case .tcp(let host, let port):
            // A piece must leave when it is written, not when the next one comes.
            return bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1).bind(host: host, port: port)
        case .unix(let path): return bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true)
        }
    }

    private func say(_ json: JSON) {
        let line = Array((json.description + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}

extension Provider {
    var stats: JSON {
        let (mode, isOpen) = state.withLock { ($0.mode, !$0.listeners.isEmpty) }
        return journal.stats(name: settings.name, mode: mode, isOpen: isOpen)
    }

    /// What answers a request coming now.
    var planner: Planner { state.withLock { $0.planner } }

    /// Changes what the local server says of itself; the models that it serves are those that it lists.
    func changeServer(_ json: JSON) throws(LocalServer.Unknown) {
        let unknown: LocalServer.Unknown? = state.withLock { state in
            guard var server = state.planner.server else {
                return LocalServer.Unknown(description: "this is no local server")
            }
            do throws(LocalServer.Unknown) { try server.change(json) } catch { return error }
            state.planner.server = server
            state.planner.dialect.models = server.models.map(\.name)
            return nil
        }
        if let unknown { throw unknown }
    }

    /// The mode that a request coming now meets; a mode for n requests falls back to `ok` after the nth.
    func modeForNextRequest() -> Mode {
        state.withLock { state in
            let mode = state.mode
            guard let times = mode.times else { return mode }
            state.mode.times = times - 1
            if times <= 1 { state.mode = Mode() }
            return times > 0 ? mode : Mode()
        }
    }

    /// Takes note of a client's connection.
    func enter(_ channel: any Channel) {
        state.withLock { $0.clients[ObjectIdentifier(channel)] = channel }
    }

    /// Forgets a client's connection.
    func leave(_ channel: any Channel) {
        state.withLock { _ = $0.clients.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// Sets the mode; closes or reopens the listeners as it asks.
    func setMode(_ mode: Mode) {
        let generation = state.withLock { state in
            state.mode = mode
            state.generation += 1
            return state.generation
        }
        guard mode.behaviour == .refuse else { return reopen() }
        let open = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners + state.clients.values
        }
        for channel in open { channel.close(promise: nil) }
        guard let milliseconds = mode.forMilliseconds else { return }
        group.next().scheduleTask(in: .milliseconds(Int64(milliseconds))) {
            guard self.state.withLock({ $0.generation == generation }) else { return }
            self.setMode(Mode())
        }
    }

    private func reopen() {
        guard state.withLock({ $0.listeners.isEmpty }) else { return }
        for endpoint in settings.listen {
            open(endpoint, isControl: false).whenSuccess { channel in
                self.state.withLock { $0.listeners.append(channel) }
            }
        }
    }
}
