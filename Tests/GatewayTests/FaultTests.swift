/// A first provider with every fault there is: each ends within the timeout of its class, the answer comes from the second, and
/// nothing is held against that one.
import ConfigSyntax
import Foundation
import Glibc
import Inference
import NetTypes
import PolicyEngine
import Testing

@testable import Gateway

struct FaultRow: Sendable, CustomTestStringConvertible {
    let name: String
    /// Any of these; the first is the usual one.
    let plain: [FailureClass]
    let streamed: [FailureClass]
    /// The timeout that ends it; nil: none has to.
    var plainTimeout: Span?
    var streamedTimeout: Span?
    var provider: Faulty = .refusing

    var testDescription: String { name }

    enum Faulty: Sendable {
        case refusing
        case behaving(Behaviour)
        /// The same, where the gateway wants TLS.
        case behindTLS(Behaviour)
        case selfSigned
        case nameless
    }

    init(
        _ name: String,
        _ plain: FailureClass...,
        streamed: [FailureClass]? = nil,
        within plainTimeout: Span? = nil,
        streamedWithin streamedTimeout: Span? = nil,
        by provider: Faulty
    ) {
        self.name = name
        self.plain = plain
        self.streamed = streamed ?? plain
        self.plainTimeout = plainTimeout
        self.streamedTimeout = streamedTimeout ?? plainTimeout
        self.provider = provider
    }

    static let timeouts = ExchangeTimeouts(
        connect: .milliseconds(300),
        head: .milliseconds(200),
        firstToken: .milliseconds(300),
        betweenTokens: .milliseconds(200),
        answer: .milliseconds(300),
        total: .seconds(30)
    )

    static let all: [FaultRow] = [
        .init("refuses", .connectRefused, by: .refusing),
        .init("resets", .reset, by: .behaving(Mock.reset)),
        .init(
            "hangs before its head",
            .headTimeout,
            within: timeouts.answer,
            streamedWithin: timeouts.head,
            by: .behaving(Mock.hang)
        ),
        .init(
            "trickles its head",
            .headTimeout,
            within: timeouts.answer,
            streamedWithin: timeouts.head,
            by: .behaving(Fault.trickle("HTTP/1.1 200 OK\r\n" + String(repeating: "x: y\r\n", count: 80)))
        ),
        .init(
            "hangs in its body",
            .stall,
            streamed: [.firstTokenTimeout],
            within: timeouts.betweenTokens,
            streamedWithin: timeouts.firstToken,
            by: .behaving { connection in
                connection.write(Mock.streamHead + Mock.chunk(": "))
                return Mock.hang(connection)
            }
        ),
        .init(
            "trickles its body",
            .headTimeout,
            streamed: [.firstTokenTimeout],
            within: timeouts.answer,
            streamedWithin: timeouts.firstToken,
            by: .behaving { connection in
                connection.write(Mock.streamHead)
                return Fault.trickle(String(repeating: Mock.chunk(":\n"), count: 400))(connection)
            }
        ),
        .init("sends no HTTP", .malformed, by: .behaving(Mock.garbage)),
        .init("sends a page", .malformed, by: .behaving(Fault.answering("<html>It works!</html>", type: "text/html"))),
        .init("sends JSON that is no answer", .malformed, by: .behaving(Fault.answering(#"{"id":"#))),
        .init(
            "compresses, and stops half way",
            .malformed,
            by: .behaving { connection in
                connection.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 90\r\n\r\n\u{1f}")
                return .close
            }
        ),
        .init(
            "drops within a chunk",
            .truncated,
            by: .behaving { connection in
                connection.write(Mock.streamHead + "ff\r\ndata: {")
                return .close
            }
        ),
        .init(
            "drops within a length",
            .truncated,
            streamed: [.malformed],
            by: .behaving { connection in
                connection.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{")
                return .close
            }
        ),
        .init("floods with 1xx", .malformed, by: .behaving(Fault.endless("HTTP/1.1 103 X\r\nlink: x\r\n\r\n"))),
        .init(
            "never stops",
            .tooLarge,
            .headTimeout,
            streamed: [.malformed],
            within: timeouts.answer,
            by: .behaving { connection in
                connection.write(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                )
                return Fault.endless(Mock.chunk(String(repeating: " ", count: 60_000)))(connection)
            }
        ),
        .init("answers 500", .serverError, by: .behaving(Mock.status(500))),
        .init("answers 429", .rateLimited, by: .behaving(Mock.status(429, more: "retry-after: 9\r\n"))),
        .init("answers 529", .overloaded, by: .behaving(Mock.status(529))),
        .init("answers 401", .unauthorised, by: .behaving(Mock.status(401))),
        .init("answers 404", .unknownUpstreamModel, by: .behaving(Mock.status(404))),
        .init("answers 302", .malformed, by: .behaving(Mock.status(302))),
        .init(
            "says an error by 200",
            .errorFirstEvent,
            streamed: [.malformed],
            by: .behaving(Fault.answering(Fault.error))
        ),
        .init("is overloaded by 200", .malformed, streamed: [.overloaded], by: .behaving(Fault.overloadedStream)),
        .init("shows a certificate of its own", .tls, by: .selfSigned),
        .init("speaks no TLS", .tls, by: .behindTLS(Mock.garbage)),
        .init("hangs up during the handshake", .tls, by: .behindTLS { _ in .close }),
        .init(
            "hangs during the handshake",
            .connectTimeout,
            within: timeouts.connect,
            by: .behindTLS { connection in
                while !connection.read().isEmpty {}
                return .close
            }
        ),
        // Who answers for the name, and how soon, is the host's own affair.
        .init(
            "has a name that nobody knows",
            .nameResolution,
            .connectTimeout,
            within: timeouts.connect,
            by: .nameless
        ),
    ]
}

/// Behaviours that only these tests need.
enum Fault {
    static let error = #"{"error":{"message":"out of memory","type":"server_error"}}"#

    static func answering(_ body: String, type: String = "application/json") -> Behaviour {
        { $0.write(Mock.answer(200, body, type: type)) ? .keep : .close }
    }

    /// A byte now and then, until the gateway has had enough.
    static func trickle(_ text: String) -> Behaviour {
        { connection in
            for byte in text.utf8 {
                guard connection.write([byte]) else { return .close }
                usleep(20_000)
            }
            return .close
        }
    }

    static func endless(_ text: String) -> Behaviour {
        { connection in
            while connection.write(text) {}
            return .close
        }
    }

    static let overloadedStream: Behaviour = {
        let event = Mock.event(#"{"error":{"message":"busy","type":"overloaded_error"}}"#)
        return $0.write(Mock.streamHead + event + "0\r\n\r\n") ? .keep : .close
    }
}

extension OverSockets {
    @Suite struct FaultTests {
        /// How much later than its timeout an answer may come. The bound is 50 ms on a machine of one's own; what it was is printed.
        private static let grace = Span.seconds(3)

        @Test(arguments: FaultRow.all)
        func eachFaultEndsInTimeAndTheSecondProviderAnswers(_ row: FaultRow) throws {
            let first = try FaultyProvider(row.provider)
            let second = try MockProvider { connection in
                connection.write(Mock.answer(200, Mock.plainBody)) ? .keep : .close
            }
            let stream = try MockProvider(Mock.stream)
            for isStreamed in [false, true] {
                let healthy = isStreamed ? stream : second
                let gateway = try GatewayUnderTest(ports: [first.port, healthy.port], timeouts: FaultRow.timeouts) {
                    first.place(in: &$0)
                    // Not to be called a failure on a crowded machine.
                    $0.deployments[1].timeouts = ExchangeTimeouts()
                }
                try Self.check(row, gateway, isStreamed)
                try gateway.stop()
            }
        }

        private static func check(_ row: FaultRow, _ gateway: GatewayUnderTest, _ isStreamed: Bool) throws {
            let client = try TestClient(gateway.port)
            let began = GatewayClock.now()
            let answer = try #require(client.chat(isStreamed: isStreamed))
            let took = GatewayClock.now() - began
            #expect(answer.status == 200 && answer.isComplete)
            #expect(isStreamed ? answer.body.hasSuffix("data: [DONE]\n\n") : answer.body == Mock.plainBody)
            let record = try #require(gateway.record())
            let failure = try #require(record.attempts.first?.failure)
            #expect((isStreamed ? row.streamed : row.plain).contains(failure), "\(failure)")
            #expect(record.attempts.count == 2 && record.attempts.last?.failure == nil)
            let timeout = (isStreamed ? row.streamedTimeout : row.plainTimeout) ?? .zero
            #expect(took < timeout + grace)
            #expect(!gateway.all.contains { $0.isAgainst("chat.m1") }, "the healthy one is never put out")
            let beyond = Double(took.nanoseconds - timeout.nanoseconds) / 1e6
            print(
                "fault: \(row.name), \(isStreamed ? "streamed" : "plain"): \(failure.rawValue), \((beyond * 10).rounded() / 10) ms beyond \(timeout)"
            )
        }

        @Test func anEndlessStreamEndsWithTheWholeAndAnError() throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead)
                while connection.write(Mock.word("more")) { usleep(5000) }
                return .close
            }
            var timeouts = ExchangeTimeouts()
            timeouts.total = .milliseconds(500)
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: timeouts)
            let answer = try #require(try TestClient(gateway.port).chat(isStreamed: true))
            #expect(answer.body.contains("more") && answer.body.contains(#"data: {"error":"#))
            #expect(!answer.body.contains("[DONE]"))
            #expect(gateway.record()?.attempts.map(\.failure) == [.total])
            try gateway.stop()
        }
    }

    /// Trials and retries as requests meet them.
    @Suite struct BrakingTests {
        @Test func whileOneRequestTriesAMemberTheOthersGoElsewhere() throws {
            let slow = try MockProvider { connection in
                usleep(1_000_000)
                return Mock.plain(connection)
            }
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [slow.port, second.port], timeouts: ExchangeTimeouts()) {
                $0.trials = [MemberID(0)]
            }
            let first = try TestClient(gateway.port)
            first.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false)))
            #expect(eventually { slow.requests.count == 1 })
            for _ in 0..<4 { #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200) }
            #expect(slow.requests.count == 1 && second.requests.count == 4)
            #expect(first.answer()?.status == 200)
            #expect(first.chat(isStreamed: false)?.status == 200)
            #expect(slow.requests.count == 2, "the trial is over")
            try gateway.stop()
        }

        @Test func aTrialWhoseClientLeavesMayBeTakenByAnother() throws {
            let silent = try MockProvider(Mock.hang)
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [silent.port, second.port]) { $0.trials = [MemberID(0)] }
            do {
                let leaving = try TestClient(gateway.port)
                leaving.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false)))
                #expect(eventually { silent.requests.count == 1 })
            }
            #expect(gateway.record()?.outcome == .clientGone)
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200)
            #expect(silent.requests.count == 2)
            try gateway.stop()
        }

        @Test func withoutRetriesLeftTheFirstFailureIsTold() throws {
            let first = try MockProvider(Mock.status(500))
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [first.port, second.port]) {
                $0.retryBudgets = [RetryBudget(share: .zero, atLeast: 2)]
            }
            let client = try TestClient(gateway.port)
            let statuses = (0..<4).map { _ in client.chat(isStreamed: false)?.status }
            #expect(statuses == [200, 200, 502, 502])
            #expect(second.requests.count == 2)
            #expect(gateway.record(3)?.attempts.map(\.failure) == [.serverError, .retryBudget])
            try gateway.stop()
        }
    }
}

extension GatewayReport {
    /// Whether it says something bad of the member.
    func isAgainst(_ name: String) -> Bool {
        switch self {
        case .signal(name, _, let signal, _): signal != .success
        case .pause(name, _, _): true
        default: false
        }
    }
}

/// The first provider of a row.
private final class FaultyProvider {
    let port: UInt16
    private let fault: FaultRow.Faulty
    private var mock: MockProvider?
    private var server: Process?

    init(_ fault: FaultRow.Faulty) throws {
        self.fault = fault
        switch fault {
        case .refusing, .nameless: port = try TestSocket.listening().port
        case .behaving(let behaviour):
            let mock = try MockProvider(behaviour)
            (self.mock, port) = (mock, mock.port)
        case .behindTLS(let behaviour):
            // What comes is no request, so that the behaviour begins with the connection.
            let mock = try MockProvider.beforeRequests(behaviour)
            (self.mock, port) = (mock, mock.port)
        case .selfSigned:
            port = try TestSocket.listening().port
            server = try Self.selfSigned(on: port)
        }
    }

    deinit {
        mock?.stop()
        // A child has the signals blocked that this process has, and that is most of them.
        if let server {
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
    }

    func place(in snapshot: inout GatewaySnapshot) {
        switch fault {
        case .refusing, .behaving: break
        case .behindTLS, .selfSigned: snapshot.providers[0].isTLS = true
        case .nameless: snapshot.providers[0].host = "nobody.martlet.invalid"
        }
    }

    /// A server whose certificate nobody vouches for.
    private static func selfSigned(on port: UInt16) throws -> Process {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fault-\(getpid())-\(port)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (key, certificate) = (folder.path + "/key.pem", folder.path + "/certificate.pem")
        let made = try run(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=127.0.0.1",
            "-keyout",
            key,
            "-out",
            certificate
        )
        made.waitUntilExit()
        let server = try run("s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate, "-quiet")
        guard eventually(within: 20, { (try? TestSocket.connected(to: port)) != nil }) else {
            throw SocketError(what: "openssl s_server does not listen")
        }
        return server
    }

    private static func run(_ arguments: String...) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
