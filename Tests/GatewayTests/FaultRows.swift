/// Every fault that a provider can have, with the class it is of and the timeout that ends it.
import Glibc
import Inference
import NetTypes
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
        /// In TLS, with a certificate that proves nothing.
        case showing(Certificate)
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
        .init(
            "ends within an event",
            .malformed,
            streamed: [.truncated],
            by: .behaving { connection in
                connection.write(Mock.streamHead + Mock.chunk("data: {\"id\":\"x\",\"choi") + "0\r\n\r\n")
                    ? .keep : .close
            }
        ),
        .init("floods with 1xx", .malformed, by: .behaving(Fault.endless("HTTP/1.1 103 X\r\nlink: x\r\n\r\n"))),
        .init("answers 500", .serverError, by: .behaving(Mock.status(500))),
        .init("answers 429", .rateLimited, by: .behaving(Mock.status(429, more: "retry-after: 9\r\n"))),
        .init("answers 503", .overloaded, by: .behaving(Mock.status(503, more: "retry-after: 0\r\n"))),
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
        .init("shows a certificate of its own", .tls, by: .showing(.selfSigned)),
        .init("shows another name's certificate", .tls, by: .showing(.otherHost)),
        .init("shows a certificate that is over", .tls, by: .showing(.serverExpired)),
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

/// The first provider of a row.
final class FaultyProvider {
    let port: UInt16
    private let fault: FaultRow.Faulty
    private var mock: MockProvider?
    private var relay: TLSRelay?

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
        case .showing(let certificate):
            let mock = try MockProvider(Mock.plain)
            let relay = try TLSRelay(.server(try certificate.context()), to: mock.port)
            (self.mock, self.relay, port) = (mock, relay, relay.port)
        }
    }

    deinit { mock?.stop() }

    func place(in snapshot: inout GatewaySnapshot) {
        switch fault {
        case .refusing, .behaving: break
        case .behindTLS, .showing:
            snapshot.providers[0].isTLS = true
            snapshot.providers[0].ca = .file(Certificate.authority)
        case .nameless: snapshot.providers[0].host = "nobody.martlet.invalid"
        }
    }
}
