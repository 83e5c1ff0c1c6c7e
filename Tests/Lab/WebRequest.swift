package import LabText

/// What did a request to a model API get, and when? Sent from inside a namespace, without any client library.
package struct WebAnswer: Sendable {
    /// Just before the connection was made.
    package var began: Moment
    /// When the head came; nil when none did.
    package var head: Moment?
    package var ended: Moment
    /// The HTTP status; nil when no head came.
    package var status: Int?
    /// Header fields, names in lower case.
    package var headers: JSON
    /// Each server-sent event with its time; lines as they were sent.
    package var events: [(at: Moment, text: String)]
    /// The body of an answer that is no event stream.
    package var body: String?
    /// `complete`, `cut short`, `timeout`, `stopped`, or what the system said.
    package var outcome: String

    /// The outcome of an answer that is still coming.
    package static let unfinished = "no end"

    init(_ lines: [JSON]) {
        let moment = { (line: JSON?) in (line?["at_ns"]?.integer).map { Moment(nanoseconds: $0) } }
        let named = { (name: String) in lines.filter { $0["event"]?.string == name } }
        let start = moment(named("ready").first) ?? Moment(nanoseconds: 0)
        began = start
        head = moment(named("head").first)
        ended = moment(named("end").first) ?? start
        status = named("head").first?["status"]?.integer
        headers = named("head").first?["headers"] ?? [:]
        events = named("sse").map { (moment($0) ?? start, $0["text"]?.string ?? "") }
        body = named("body").first?["text"]?.string
        outcome = named("end").first?["outcome"]?.string ?? WebAnswer.unfinished
    }

    /// The data of each event: its `data:` lines without that word.
    package var eventData: [String] {
        events.map { event in
            event.text.split(separator: "\n").filter { $0.hasPrefix("data:") }
                .map { $0.dropFirst(5).drop { $0 == " " } }.joined(separator: "\n")
        }
    }
}

/// A request under way; its connection is closed when it is stopped.
package final class WebRequest: Sendable {
    private let tool: LabTool

    /// Sends a request from inside `namespace`: POST with `body`, GET without.
    ///
    /// - Parameters:
    ///   - endpoint: `192.0.2.80:80`, `[2001:db8:80::1]:80`.
    ///   - headers: lines, `authorization: Bearer …`.
    ///   - limit: the time for all of it, connection to end.
    package init(
        to endpoint: String,
        path: String,
        headers: [String] = [],
        body: JSON? = nil,
        within limit: Duration = .seconds(30),
        from namespace: Namespace,
        in workspace: Workspace
    ) throws {
        let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        var arguments = ["post", "--to", endpoint, "--path", path, "--timeout-ms", String(milliseconds)]
        for header in headers { arguments += ["--header", header] }
        if let body {
            let file = workspace.path("request-\(Moment.now.nanoseconds).json")
            try TextFile.write(body.description, to: file)
            arguments += ["--body", file]
        }
        tool = try LabTool(arguments, in: namespace)
        self.limit = limit
    }

    private let limit: Duration

    /// What has come so far.
    package var soFar: WebAnswer { WebAnswer(tool.lines) }

    /// Waits for the end.
    ///
    /// - Throws: ``TimedOut`` when the tool outlives the request's own limit by far.
    package func finish() throws -> WebAnswer {
        _ = try tool.waitForResult(within: limit + .seconds(5))
        return WebAnswer(tool.lines)
    }

    /// Goes away before the answer is complete.
    package func abandon() {
        tool.stop()
    }
}
