/// What is passed on as it is, to whom, and what becomes of it when something fails.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct PassageTests {
    /// Runs one passage and keeps what it asked for.
    private struct World {
        var passage: Passage
        var now = Stage.start
        var actions: [ExchangeAction] = []

        init(
            _ method: PassageRequest.Method = .get,
            provider: Int = 0,
            policies: [GatewayPolicy] = []
        ) throws {
            var request = PassageRequest(
                provider: provider,
                method: method,
                path: "/files?limit=2",
                headers: [Header("x-own", "1")],
                body: method == .post ? [1, 2, 3] : [],
                dialect: .openai,
                key: "ci",
                team: nil,
                source: nil,
                unixMicroseconds: 1_790_000_000_000_000,
                draw: 0
            )
            request.askedHeaders = [FactValue.Field(name: "x-app", value: "batch")]
            request.secondOfDay = 3600
            passage = Passage(request, on: try RoutingView(Stage.snapshot(policies: policies)), at: now)
            actions = passage.begin(at: now)
        }

        mutating func feed(_ event: ExchangeEvent) { actions += passage.handle(event, at: now) }

        mutating func waitForDeadline() {
            guard let deadline = passage.nextDeadline else { return }
            now = max(now, deadline)
            feed(.tick)
        }

        var orders: [ConnectOrder] { actions.compactMap { if case .connect(let order) = $0 { order } else { nil } } }
        var sent: [UpstreamRequest] {
            actions.compactMap { if case .send(_, let request) = $0 { request } else { nil } }
        }
        var head: ClientHead? { actions.compactMap { if case .writeHead(let head) = $0 { head } else { nil } }.first }
        var body: [UInt8] { actions.flatMap { if case .writeBody(let bytes) = $0 { bytes } else { [UInt8]() } } }
        var end: ClientEnd? { actions.compactMap { if case .endAnswer(let end) = $0 { end } else { nil } }.first }
        var record: DecisionRecord? {
            actions.compactMap { if case .finished(let record) = $0 { record } else { nil } }.first
        }
        var hasSignals: Bool { actions.contains { if case .signal = $0 { true } else { false } } }
    }

    private func head(_ status: Int = 200, _ type: String = "application/json", length: Int? = nil) -> UpstreamHead {
        var head = UpstreamHead(status: status, contentType: type)
        (head.fields, head.length) = ([Header("content-type", type), Header("x-theirs", "2")], length)
        return head
    }

    private let first = AttemptID(0)
    private let answer = Answer.bytes(#"{"usage":{"prompt_tokens":3,"completion_tokens":1}}"#)

    @Test func statusFieldsAndBytesGoThroughAsTheyAre() throws {
        var world = try World(.post)
        world.feed(.connected(first, isReused: false))
        let sent = try #require(world.sent.first)
        #expect(sent.path == "/v1/files?limit=2" && sent.method == .post && sent.body == [1, 2, 3])
        #expect(sent.headers == [Header("x-own", "1")] && sent.authority == "192.0.2.1:8000")
        world.feed(.upstreamHead(first, head(201, length: answer.count)))
        world.feed(.upstreamBytes(first, answer))
        #expect(world.head?.status == 201 && world.head?.length == answer.count)
        #expect(world.head?.headers.contains(Header("x-theirs", "2")) == true)
        #expect(world.head?.headers.first?.name == "x-martlet-decision")
        #expect(world.body == answer, "before the end has come")
        world.feed(.upstreamEnded(first))
        let record = try #require(world.record)
        #expect(record.outcome == .answered && record.operation == .passThrough && record.status == 201)
        #expect(record.usage == UsageRow(input: 3, output: 1) && record.requestedModel == "providers/one")
        #expect(record.attempts.map(\.member) == ["one"] && record.attempts[0].path == "wan.fiber")
        #expect(world.end == .complete && !world.hasSignals && world.passage.nextDeadline == nil)
    }

    @Test func whatNeverReachedTheProviderGoesOverAnotherPathAndNothingElseDoes() throws {
        var world = try World(.post)
        world.feed(.connectFailed(first, .connectRefused, detail: "no"))
        #expect(world.orders.map(\.mark) == [Stage.fiber, Stage.cable])
        world.feed(.connected(AttemptID(1), isReused: false))
        world.feed(.upstreamBroke(AttemptID(1), .reset, detail: "gone"))
        #expect(world.orders.count == 2, "it may have done what it was asked")
        let record = try #require(world.record)
        #expect(record.attempts.map(\.failure) == [.connectRefused, .reset] && record.outcome == .failed)
        #expect(world.head?.status == 502 && record.errorCode == "upstream_error")
    }

    @Test(arguments: [(PassageRequest.Method.get, false), (.post, true)])
    func aKeptConnectionIsUsedOnlyWhereAskingTwiceDoesNoHarm(_ method: PassageRequest.Method, _ isFresh: Bool) throws {
        var world = try World(method)
        #expect(world.orders.map(\.mustBeFresh) == [isFresh])
        guard !isFresh else { return }
        world.feed(.connected(first, isReused: true))
        world.feed(.upstreamBroke(first, .reset, detail: "stale"))
        #expect(world.orders.map(\.mustBeFresh) == [false, true])
        world.feed(.connected(AttemptID(1), isReused: false))
        world.feed(.upstreamBroke(AttemptID(1), .reset, detail: "again"))
        #expect(world.record?.outcome == .failed)
    }

    /// It is the provider's word that nothing was done, so that even what must not be done twice is asked again.
    @Test func whatTheProviderHasNotBegunIsAskedAgainOnceAndThenOverAnotherPath() throws {
        var world = try World(.post)
        world.feed(.connected(first, isReused: false))
        world.feed(.upstreamRefused(first, detail: "not begun"))
        #expect(world.orders.map(\.mark) == [Stage.fiber, Stage.fiber] && world.orders[1].mustBeFresh)
        world.feed(.connected(AttemptID(1), isReused: false))
        world.feed(.upstreamRefused(AttemptID(1), detail: "not begun"))
        #expect(world.orders.map(\.mark) == [Stage.fiber, Stage.fiber, Stage.cable])
        world.feed(.connected(AttemptID(2), isReused: false))
        world.feed(.upstreamBroke(AttemptID(2), .reset, detail: "gone"))
        #expect(world.orders.count == 3, "it may have done what it was asked")
        #expect(world.record?.attempts.map(\.failure) == [.overloaded, .overloaded, .reset])
    }

    @Test func anAnswerThatBreaksOffDoesNotLookWhole() throws {
        var world = try World()
        world.feed(.connected(first, isReused: false))
        world.feed(.upstreamHead(first, head()))
        world.feed(.upstreamBytes(first, [1]))
        world.waitForDeadline()
        #expect(world.end == .abort && world.record?.outcome == .brokenOff)
        #expect(world.record?.attempts.map(\.failure) == [.stall])
    }

    @Test func aRefusalOfOurKeyIsTheOperatorsMatter() throws {
        var world = try World()
        world.feed(.connected(first, isReused: false))
        world.feed(.upstreamHead(first, head(401)))
        #expect(world.head?.status == 502 && !world.body.isEmpty)
        let alarm = world.actions.compactMap { if case .alarm(let alarm) = $0 { alarm } else { nil } }.first
        #expect(alarm?.object == "one" && alarm?.detail.hasPrefix("GET /files: ") == true, "without the query")
    }

    @Test(arguments: [404, 429, 500]) func otherErrorsAreTheProvidersToTell(_ status: Int) throws {
        var world = try World()
        world.feed(.connected(first, isReused: false))
        world.feed(.upstreamHead(first, head(status)))
        world.feed(.upstreamBytes(first, [7]))
        world.feed(.upstreamEnded(first))
        #expect(world.head?.status == status && world.body == [7] && world.end == .complete)
        #expect(world.record?.outcome == .failed && world.orders.count == 1 && !world.hasSignals)
    }

    @Test func policiesCanRejectAPassageByItsName() throws {
        let match = try Match.compile(
            try .init(parsing: #"model matches "providers/*" and key == "ci""#),
            schema: RequestFact.schema,
            sets: SetTable([])
        ).get()
        let world = try World(policies: [Stage.policy("no", match, .reject(reason: "not you"))])
        #expect(world.head?.status == 403 && world.record?.policy == "no" && world.orders.isEmpty)
        #expect(String(decoding: world.body, as: UTF8.self).contains("not you"))
        #expect(world.record?.outcome == .rejected && world.passage.isOver)
    }

    @Test(arguments: [
        (#"header.x-app == "batch""#, true), (#"header.x-app == "chat""#, false), ("time in 00:00-02:00", true),
        ("time in 02:00-03:00", false), ("operation == pass_through", true), ("operation == chat", false),
    ]) func policiesCanRejectItByWhatTheyAskOfAnyRequest(_ match: String, _ isRejected: Bool) throws {
        let world = try World(policies: [Stage.policy("no", Stage.match(match), .reject(reason: "not now"))])
        #expect((world.head?.status == 403) == isRejected && world.orders.isEmpty == isRejected)
    }

    @Test func aClientThatIsSlowOrLeavesIsFeltByTheProvider() throws {
        var world = try World()
        world.feed(.connected(first, isReused: false))
        world.feed(.upstreamHead(first, head()))
        world.feed(.clientWritable(false))
        #expect(world.actions.last == .readUpstream(first, false))
        let next = world.passage.nextDeadline
        #expect(next.map { $0 - Stage.start } == ExchangeLimits.slowClient, "who is not read is not silent")
        world.feed(.clientGone)
        #expect(world.actions.contains(.closeUpstream(first)) && world.record?.outcome == .clientGone)
    }

    // MARK: Its parts

    @Test(arguments: [
        ("/files", true), ("/", true), ("/a/b?c=../d", true), ("/..", false), ("/a/../b", false), ("/a/.", false),
        ("/%2e%2E/x", false), ("/.%2e", false), ("/a%2f..%2fb", false), ("/a#b", false), ("/a\\..\\b", false),
        ("/...", true), ("/a..b", true), ("/a/..;x/b", false), ("/%2e%2e;x=1", false), ("/.%2E%3Bx/b", false),
        ("/a;x=../b", true),
    ]) func aPathStaysBelowTheProvidersAddress(_ path: String, _ stays: Bool) {
        #expect(PassageRequest.staysBelow(path) == stays)
    }

    @Test func whatSpeaksOfTheConnectionOrOfWhoAsksStaysHere() {
        let fields = [
            ("Host", "x"), ("Authorization", "Bearer k"), ("X-API-Key", "k"), ("Connection", "keep-alive,\tX-Hop"),
            ("x-hop", "1"), ("Transfer-Encoding", "chunked"), ("Accept-Encoding", "gzip"), ("Cookie", "c"),
            ("Content-Type", "a/b"), ("OpenAI-Beta", "v2"),
        ].map { (name: $0.0, value: $0.1) }
        #expect(PassageRequest.carried(fields) == [Header("content-type", "a/b"), Header("openai-beta", "v2")])
        let answered = [("Set-Cookie", "c"), ("Date", "d"), ("Content-Length", "1"), ("Retry-After", "7")]
            .map { (name: $0.0, value: $0.1) }
        #expect(PassageRequest.returned(answered) == [Header("retry-after", "7")])
    }

    @Test(
        arguments: [
            (
                "application/json",
                #"{"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":2}}"#,
                Usage(input: 9, output: 2, cachedRead: 4)
            ),
            (
                "application/json", #"{"usage":{"input_tokens":5,"cache_read_input_tokens":4,"output_tokens":2}}"#,
                Usage(input: 9, output: 2, cachedRead: 4)
            ),
            (
                "text/event-stream",
                "event: x\ndata: {\"type\":\"x\"}\n\ndata: {\"response\":{\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"input_tokens_details\":{}}}}\n\n",
                Usage(input: 1, output: 2)
            ),
            (
                "text/event-stream",
                "data: {\"message\":{\"usage\":{\"input_tokens\":1}}}\n\ndata: {\"usage\":{\"output_tokens\":8}}",
                Usage(input: 1, output: 8)
            ),
            (
                "application/json", #"{"candidates":[],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":7}}"#,
                Usage(input: 3, output: 4)
            ),
            (
                "application/json",
                #"[{"usageMetadata":{"promptTokenCount":3}},{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":5}}]"#,
                Usage(input: 3, output: 5)
            ),
            (
                "application/json",
                #"[{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":5}},{"candidates":[{"#,
                Usage(input: 3, output: 5)
            ),
            (
                "application/json",
                #"{"usage":{"prompt_tokens":3,"completion_tokens":1},"service_tier":"priority"}"#,
                Usage(input: 3, output: 1, service: .priority)
            ),
            (
                "text/event-stream",
                "data: {\"response\":{\"service_tier\":\"flex\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"input_tokens_details\":{}}}}\n\n",
                Usage(input: 1, output: 2, service: .flex)
            ),
            ("application/json", #"{"usage":7}"#, Usage()), ("application/json", "{\"usage\":", Usage()),
            ("text/plain", #"{"usage":{"prompt_tokens":1}}"#, Usage()),
        ] as [(String, String, Usage)]
    )
    func usageIsReadWhereProvidersShowIt(_ type: String, _ text: String, _ usage: Usage) {
        for size in [1, 7, text.utf8.count] {
            var reading = PassageUsage(contentType: type)
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                reading.observe(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            reading.finish()
            #expect(reading.usage == usage, "in pieces of \(size)")
        }
    }

    /// An image in base64, in the middle of a stream or in the event that ends it with what was used.
    @Test func anEventOfMegabytesIsSteppedOverAndItsEndLookedAt() {
        let image = "data: {\"type\":\"image\",\"b64\":\"" + String(repeating: "A", count: 3 << 20) + "\""
        let used = { (tokens: Int) in "\"usage\":{\"prompt_tokens\":\(tokens),\"completion_tokens\":1}" }
        let streams = [
            (image + "}\n\ndata: {\(used(7))}\n\ndata: [DONE]\n\n", UInt64(7), UInt64(3)),
            ("data: {\(used(3))}\n\n" + image + ",\(used(8))}\n\ndata: [DONE]\n\n", 8, 3),
            (image + ",\(used(9))}\n\ndata: {\"x\":1}\n\n", 9, 2), (image + ",\(used(4))}", 4, 1),
        ]
        for (text, input, events) in streams {
            let bytes = Array(text.utf8)
            for size in [900, 65_536, bytes.count] {
                var reading = PassageUsage(contentType: "text/event-stream")
                for start in stride(from: 0, to: bytes.count, by: size) {
                    reading.observe(Array(bytes[start..<min(start + size, bytes.count)]))
                }
                reading.finish()
                #expect(reading.usage.input == input && reading.events == events, "in pieces of \(size)")
            }
        }
    }

    @Test func nothingLargeIsKeptToBeLookedAt() {
        var reading = PassageUsage(contentType: "application/json")
        reading.observe(Array(#"{"usage":{"prompt_tokens":1},"x":""#.utf8))
        reading.observe([UInt8](repeating: 0x61, count: PassageUsage.mostBytes))
        reading.observe(Array("\"}".utf8))
        reading.finish()
        #expect(reading.usage.isUnreported, "it stood at the beginning")
    }
}
