import Glibc
package import LabText

/// A provider of models beyond the uplinks, and the strings to pull on it. It is told what to do over a unix socket, which network
/// namespaces do not part, so it can be reached when its network cannot.
package final class MockProvider: Sendable {
    /// Which provider's language it speaks.
    package enum Dialect: String, Sendable, CaseIterable {
        case openai
        case anthropic
        case gemini
        case ollama
        case responses
    }

    /// Where an Anthropic provider wants its key; the other place is refused.
    package enum KeyHeader: String, Sendable {
        case xAPIKey = "x-api-key"
        case authorization
    }

    /// Which local server it is, besides.
    package enum Server: String, Sendable, CaseIterable {
        case ollama
        case vllm
        case llamaCpp = "llama.cpp"
    }

    package let dialect: Dialect
    package let name: String
    /// The only key it accepts.
    package let key: String
    /// Where it listens, for the `url` of a configuration: host and port.
    package let endpoints: [String]
    /// Its process, for its end by force.
    package let process: ChildProcess

    private let controlPath: String
    private static let startLimit = Duration.seconds(10)

    /// Starts it in `namespace` and waits until it listens.
    ///
    /// - Parameters:
    ///   - endpoints: `192.0.2.80:80`, `[2001:db8:80::1]:80`.
    ///   - keyHeader: for the Anthropic dialect only.
    ///   - models: the only ones it knows; those of its dialect when empty.
    ///   - delay: the time between two pieces of a streamed answer.
    ///   - server: what it says of itself as a local server; nil: it is none.
    package init(
        _ dialect: Dialect,
        name: String,
        key: String,
        endpoints: [String],
        keyHeader: KeyHeader = .xAPIKey,
        models: [String] = [],
        delay: Duration = .zero,
        server: Server? = nil,
        in namespace: Namespace,
        of workspace: Workspace
    ) throws {
        (self.dialect, self.name, self.key, self.endpoints) = (dialect, name, key, endpoints)
        controlPath = workspace.path("\(name).control")
        let milliseconds = delay.components.seconds * 1000 + delay.components.attoseconds / 1_000_000_000_000_000
        var command = [try Programs.built("mock-provider"), "--dialect", dialect.rawValue, "--name", name]
        command += ["--key", key, "--control", "unix:\(controlPath)", "--delay-ms", String(milliseconds)]
        command += ["--key-header", keyHeader.rawValue, "--record", workspace.path("\(name).requests")]
        command += endpoints.flatMap { ["--listen", $0] } + models.flatMap { ["--model", $0] }
        if let server { command += ["--server", server.rawValue] }
        process = try namespace.spawn(command)
        let started = process
        try eventually("\(name) listening", within: MockProvider.startLimit) {
            guard started.isRunning else { throw LabTool.NotReady(description: "\(name): \(started.errorOutput)") }
            return started.output.contains("\n") ? true : nil
        }
    }

    /// Sets how it treats the next requests: `ok`, `500` (or any error status), `hang`, `hang-mid`, `error-first-event`,
    /// `error-mid-stream`, `drop-mid-stream`, `garbage`, `slow`, `refuse`.
    ///
    /// - Parameters:
    ///   - times: for so many requests only.
    ///   - more: what else the mode takes: `delay-ms`, `first-ms`, `for-ms`, `retry-after`, `pieces`.
    package func mode(_ word: String, times: Int? = nil, _ more: JSON = [:]) throws {
        var members = [JSON.Member("mode", .string(word))]
        if let times { members.append(JSON.Member("times", .integer(times))) }
        _ = try call("POST", "/_mock/mode", .object(members + (more.members ?? [])))
    }

    /// Changes what the local server says: `running`, `waiting`, `models` (each with `name`, `context` and perhaps `loaded`).
    package func server(_ changes: JSON) throws {
        _ = try call("POST", "/_mock/server", changes)
    }

    /// All requests that have ended, in order of their end; the fields are `number`, `at_ns`, `ms`, `from`, `method`, `path`, `headers`,
    /// `body`, `mode`, `outcome`, `status`, `client_left_early`.
    package func requests() throws -> [JSON] {
        try call("GET", "/_mock/requests").elements ?? []
    }

    /// Counts: `connections`, `requests`, `under_way`, `clients_gone`, `outcomes`.
    package func stats() throws -> JSON {
        try call("GET", "/_mock/stats")
    }

    /// Forgets all requests and counts.
    package func reset() throws {
        _ = try call("POST", "/_mock/reset", [:])
    }

    private func call(_ method: String, _ path: String, _ body: JSON? = nil) throws -> JSON {
        try UnixWeb(path: controlPath).call(method, path, body: body)
    }
}

extension Site {
    /// Starts a provider on the far side, on both families.
    ///
    /// - Parameter place: which of ``Site/providers`` it gets.
    package func mockProvider(
        _ dialect: MockProvider.Dialect,
        place: Int,
        name: String? = nil,
        key: String,
        port: Int = 80,
        keyHeader: MockProvider.KeyHeader = .xAPIKey,
        models: [String] = [],
        delay: Duration = .zero,
        server: MockProvider.Server? = nil
    ) throws -> MockProvider {
        try MockProvider(
            dialect,
            name: name ?? "\(dialect.rawValue)-\(place)",
            key: key,
            endpoints: Family.allCases.map { Site.providers[place].endpoint($0, port: port) },
            keyHeader: keyHeader,
            models: models,
            delay: delay,
            server: server,
            in: far,
            of: workspace
        )
    }
}
