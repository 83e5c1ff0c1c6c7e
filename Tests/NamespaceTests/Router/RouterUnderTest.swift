/// How is the real `martletd` run inside a namespace of the lab, and what does it say of itself?
import Glibc
import Lab
import LabText
import Synchronization

/// One daemon at a time: started as an unprivileged user with the three capabilities of its unit, without new privileges, under
/// its system-call filter; asked with `martlet … --json`.
final class RouterUnderTest: Sendable {
    let namespace: Namespace
    private let directory: String
    private let record: Bool
    /// Size of a file system of its own for the state directory, in KiB; nil: the state stands beside the configuration.
    private let stateSize: Int?
    private let running = Mutex<ChildProcess?>(nil)

    /// What the unit file grants (systemd/martletd.service).
    static let account = Account(capabilities: ["net_admin", "net_raw", "net_bind_service"])
    /// No wait of these tests is longer; nothing is asserted against it but that it is enough.
    static let patience = Duration.seconds(10)

    /// The programs where an unprivileged user can run them, copied once for all tests of the process.
    private static let programs: (workspace: Workspace, daemon: String, client: String, confinement: [String])? = {
        guard let workspace = try? Workspace(), let daemon = try? workspace.stage(Programs.built("martletd")),
            let client = try? workspace.stage(Programs.built("martlet")), let confinement = try? workspace.confinement()
        else { return nil }
        atexit { Interruption.tearDownAll() }
        return (workspace, daemon, client, confinement)
    }()

    /// What goes before a daemon's command: the unit's system-call filter.
    static var confinement: [String] {
        get throws {
            guard let programs else { throw Refused(description: "the programs are not built, or cannot be confined") }
            return programs.confinement
        }
    }

    /// Prepares a daemon in `namespace` that runs by `configuration`; `start` starts it.
    init(
        _ configuration: String,
        in namespace: Namespace,
        of workspace: Workspace,
        record: Bool = false,
        stateSize: Int? = nil,
        name: String = "martletd"
    ) throws {
        self.namespace = namespace
        self.record = record
        self.stateSize = stateSize
        directory = workspace.path(name)
        guard mkdir(directory, 0o755) == 0, chown(directory, 61_077, 61_077) == 0 else {
            throw Refused(description: "\(directory): \(String(cString: strerror(errno)))")
        }
        try write(configuration)
    }

    struct Refused: Error, CustomStringConvertible {
        var description: String
    }

    /// The path of a file beside the configuration.
    func path(_ name: String) -> String { directory + "/" + name }

    var configurationPath: String { directory + "/martlet.yaml" }
    var recordingPath: String { directory + "/recording.jsonl" }
    /// Where the daemon keeps its state, as it sees it.
    var statePath: String { stateSize == nil ? directory : directory + "/state" }
    private var socketPath: String { directory + "/martlet.sock" }

    /// The daemon that runs now.
    var process: ChildProcess {
        get throws {
            guard let process = running.withLock({ $0 }) else { throw Refused(description: "no daemon was started") }
            return process
        }
    }

    /// Writes the configuration file; the daemon is not told.
    func write(_ configuration: String) throws {
        try TextFile.write(configuration, to: configurationPath)
    }

    /// Starts a daemon and waits until the kernel holds what can be held of the file.
    func start() throws {
        try launch()
        try waitUntilSettled()
    }

    /// Starts a daemon and waits for nothing.
    func launch() throws {
        guard let daemon = Self.programs?.daemon else { throw Refused(description: "martletd is not built") }
        let recording = record ? ["--record", recordingPath] : []
        let process = try namespace.spawn(
            Self.confinement + [daemon, "--config", configurationPath, "--state", statePath, "--socket", socketPath]
                + recording,
            as: Self.account,
            mounting: stateSize.map { (statePath, $0) }
        )
        running.withLock { $0 = process }
    }

    /// Ends it with a signal and waits for its end.
    @discardableResult
    func end(with signal: CInt) throws -> ChildProcess.Ending {
        let process = try process
        process.signal(signal)
        return try process.waitForEnd(within: Self.patience)
    }

    // MARK: - Asking

    /// What a command of the CLI answered, whatever its exit status.
    func attempt(_ arguments: String...) throws -> Command.Result {
        try namespace.attempt(command(arguments))
    }

    /// The JSON that a command of the CLI answered; it must have left with status 0.
    func ask(_ arguments: String...) throws -> JSON {
        try JSON.parse(namespace.run(command(arguments)))
    }

    /// The command of the CLI, asked of this daemon.
    func command(_ arguments: [String]) throws -> [String] {
        guard let client = Self.programs?.client else { throw Refused(description: "martlet is not built") }
        return [client] + arguments + ["--socket", socketPath, "--json"]
    }

    /// What `martlet plan` says of the file as it is now.
    func plan() throws -> (changes: [String], conflicts: [String]) {
        let reply = try ask("plan", configurationPath)
        let changes = (reply["changes"]?.elements ?? []).map { change in
            ["verb", "kind", "object"].compactMap { change[$0]?.string }.joined(separator: " ")
        }
        return (changes, (reply["conflicts"]?.elements ?? []).compactMap(\.string))
    }

    /// Writes the file and applies it, for good; it must be taken.
    func apply(_ configuration: String) throws -> JSON {
        try write(configuration)
        return try ask("apply", configurationPath, "--no-confirm")
    }

    /// A member's health in a scope, by `show members`: `up`, `down`, `absent`, …
    func health(of member: String, _ family: Family) throws -> String? {
        let rows = try ask("show", "members").elements ?? []
        return rows.first { $0["name"]?.string == member && $0["scope"]?.string == family.scope }?["health"]?.string
    }

    var alarms: [String] {
        get throws { (try ask("status")["alarms"]?.elements ?? []).compactMap(\.string) }
    }

    // MARK: - Waiting

    /// Waits until the daemon answers and a plan of its file is empty.
    func waitUntilSettled() throws {
        let process = try process
        try eventually("an empty plan", within: Self.patience, every: .milliseconds(10)) {
            if let ended = process.ended {
                throw Refused(description: "martletd ended: \(ended): \(process.errorOutput)")
            }
            let reply = try attempt("plan", configurationPath)
            guard reply.status == 0, let plan = try? JSON.parse(reply.output) else { return false }
            return plan["changes"]?.elements?.isEmpty == true
        }
    }

    func waitUntil(_ member: String, is health: String, families: [Family] = Family.allCases) throws {
        for family in families {
            try eventually("\(member) \(health) for \(family.scope)", within: Self.patience, every: .milliseconds(10)) {
                try self.health(of: member, family) == health
            }
        }
    }

    /// Waits for a line of the journal that contains `words`, and gives it.
    @discardableResult
    func waitForJournal(_ words: String) throws -> String {
        let process = try process
        return try eventually("'\(words)' in the journal", within: Self.patience) {
            process.errorOutput.split(separator: "\n").first { $0.contains(words) }.map(String.init)
        }
    }
}

extension Family {
    /// As the product names it.
    var scope: String {
        switch self {
        case .v4: "ipv4"
        case .v6: "ipv6"
        }
    }
}
