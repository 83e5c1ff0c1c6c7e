/// What do the model plane's tests stand on? martletd with its gateway in the router of a whole site, unprivileged but for its three
/// capabilities; an OpenAI and an Anthropic provider beyond the uplinks; a client behind the router.
import Foundation
import Glibc
import Lab
import LabText
import NetTypes
import Synchronization
import Testing

/// All of them measure times, and two cores serve them: one after the other.
@Suite(.serialized, .enabled(if: Programs.obstacle == nil, Comment(rawValue: Programs.obstacle ?? "")))
enum ModelsSuites {}

final class ModelsSite: Sendable {
    let site: Site
    let openai: MockProvider
    let anthropic: MockProvider
    /// The file the daemon starts with.
    let configuration: String
    let socket: String
    let recording: String
    private let daemon: Mutex<ChildProcess>

    static let port = 8080
    /// Where the lab's Ollama listens, beside the Anthropic provider.
    static let ollamaPort = 11434
    /// Where providers that speak the Responses API listen.
    static let responsesPort = 82
    static let openaiKey = "sk-openai-secret-of-the-lab"
    static let anthropicKey = "sk-ant-secret-of-the-lab"
    static let capabilities = ["net_admin", "net_raw", "net_bind_service"]
    /// The key that a client called `name` shows.
    static func clientKey(_ name: String) -> String { "mt-\(name)-secret-of-the-lab" }

    static func hash(ofClientKey name: String) -> String {
        SHA256.digest(Array(clientKey(name).utf8)).map { String(format: "%02x", $0) }.joined()
    }

    /// Builds everything and waits until requests are served and both uplinks are known to be up.
    ///
    /// - Parameters:
    ///   - isKept: whether the daemon runs under Tests/Keeper, which `process` is then.
    ///   - change: what this test wants otherwise than `standard` has it.
    init(
        delay: Duration = .zero,
        isKept: Bool = false,
        _ change: (inout ModelsFile, ModelsSite.Secrets) -> Void = { _, _ in }
    ) throws {
        site = try Site()
        openai = try site.mockProvider(.openai, place: 0, key: Self.openaiKey, delay: delay)
        anthropic = try site.mockProvider(.anthropic, place: 1, key: Self.anthropicKey, delay: delay)
        let secrets = try Secrets(in: site.workspace)
        (socket, recording) = (secrets.home + "/martlet.sock", secrets.home + "/recording")
        configuration = site.workspace.path("martlet.yaml")
        var file = Self.standard(secrets)
        change(&file, secrets)
        try TextFile.write(file.text(socket: socket), to: configuration)
        daemon = Mutex(try Self.start(site, configuration, secrets.home, isKept: isKept))
        try waitUntilServing()
        try waitUntilUp(["wan.fiber", "wan.cable"])
    }

    /// Where the unprivileged daemon keeps its things, and its providers' keys.
    struct Secrets {
        let home: String
        let openai: String
        let anthropic: String

        init(in workspace: Workspace) throws {
            home = workspace.path("home")
            (openai, anthropic) = (home + "/openai.key", home + "/anthropic.key")
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try TextFile.write(ModelsSite.openaiKey + "\n", to: openai, mode: 0o600)
            try TextFile.write(ModelsSite.anthropicKey, to: anthropic, mode: 0o600)
            for path in [home, openai, anthropic] {
                try #require(chown(path, uid_t(Account().user), gid_t(Account().group)) == 0, "chown \(path): \(errno)")
            }
        }
    }

    /// `chat` asks the OpenAI provider first, `talk` the Anthropic one; the other stands in.
    private static func standard(_ secrets: Secrets) -> ModelsFile {
        let (oai, claude) = (("oai", "gpt-5"), ("claude", "claude-sonnet"))
        return ModelsFile(
            providers: [
                provider("oai", .openai, secrets.openai), provider("claude", .anthropic, secrets.anthropic),
            ],
            groups: [ModelsFile.group("chat", [oai, claude]), ModelsFile.group("talk", [claude, oai])]
        )
    }

    /// A line of `models.providers` for one of the two mocks.
    ///
    /// - Parameter more: what else it says.
    static func provider(
        _ name: String,
        _ dialect: MockProvider.Dialect,
        _ keyFile: String,
        more: String? = nil
    ) -> String {
        let url =
            switch dialect {
            case .openai: "http://\(Site.providers[0].v4)/v1"
            case .anthropic: "http://\(Site.providers[1].v4)"
            case .gemini: "http://\(Site.providers[0].v4):81"
            case .ollama: "http://\(Site.providers[1].v4):\(ModelsSite.ollamaPort)"
            case .responses: "http://\(Site.providers[0].v4):\(ModelsSite.responsesPort)/v1"
            }
        return
            "\(name): { dialect: \(dialect.rawValue), url: \"\(url)\", key: { file: \(keyFile) }, path: wan\(more.map { ", \($0)" } ?? "") }"
    }

    /// The repository's files, wherever the tests run.
    static let tests = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")

    private static func start(_ site: Site, _ configuration: String, _ home: String, isKept: Bool = false) throws
        -> ChildProcess
    {
        let program = try site.workspace.stage(try Programs.built("martletd"))
        var keeper: [String] = []
        if isKept {
            keeper = [try Programs.installed("python3"), try site.workspace.stage(tests + "/Keeper/keeper.py")]
        }
        return try site.router.spawn(
            keeper + RouterUnderTest.confinement + [
                program, "--config", configuration, "--state", home, "--record", home + "/recording",
            ],
            as: Account(capabilities: capabilities)
        )
    }

    /// Ends all of it. A test that forgets it leaves that to the workspace's `deinit`.
    func tearDown() { site.tearDown() }
}

// MARK: - Its processes

extension ModelsSite {
    var process: ChildProcess { daemon.withLock { $0 } }

    /// All that the daemons, and the gateways that write where they do, have said.
    var log: String { process.output + process.errorOutput }

    /// Starts another daemon, as systemd does when the last one has died.
    func startAgain() throws {
        let home = String(socket.prefix(upTo: socket.lastIndex(of: "/") ?? socket.endIndex))
        try daemon.withLock { $0 = try Self.start(site, configuration, home) }
    }

    /// The gateway processes that this daemon has started and that still run.
    var gateways: [pid_t] { Self.children(of: process.pid) }

    /// The one gateway there is to be.
    func gateway() throws -> pid_t { try eventually("one gateway", within: .seconds(5)) { gateways.first } }

    static func children(of parent: pid_t) -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { status($0)["PPid"] == "\(parent)" }.sorted()
    }

    /// The lines of `/proc/PID/status` by name; empty when there is no such process.
    static func status(_ pid: pid_t) -> [String: String] {
        let lines = TextFile.read("/proc/\(pid)/status").split(separator: "\n").map { $0.split(separator: ":") }
        let pairs = lines.filter { $0.count == 2 }.map {
            ($0[0].description, $0[1].trimmingCharacters(in: .whitespaces))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Waits until a request for the gateway's readiness is answered with 200.
    func waitUntilServing(at endpoint: String? = nil) throws {
        try withLog {
            try eventually("the gateway at \(endpoint ?? "its address")", within: .seconds(15)) {
                try ask("/health/ready", key: nil, at: endpoint).status == 200
            }
        }
    }

    /// Waits until the members are up in both families.
    func waitUntilUp(_ names: [String]) throws {
        try withLog {
            try eventually("\(names) up", within: .seconds(15), every: .milliseconds(20)) {
                let members = try show("members").elements ?? []
                return names.allSatisfy { name in
                    let rows = members.filter { $0["name"]?.string == name }
                    return !rows.isEmpty && rows.allSatisfy { $0["health"]?.string == "up" }
                }
            }
        }
    }

    /// What did not come in time, with what the daemon had said by then.
    private struct Unready: Error, CustomStringConvertible {
        let description: String
    }

    private func withLog(_ wait: () throws -> Void) throws {
        do { try wait() } catch { throw Unready(description: "\(error); \(process.isRunning); log: \(log)") }
    }
}
