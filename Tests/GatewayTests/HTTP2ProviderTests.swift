/// Providers that speak HTTP/2 are asked over streams of few connections; what they have not begun is asked again, and what they break off is one
/// stream's end.
import Foundation
import Glibc
import Inference
import NIOCore
import NIOSSL
import NetTypes
import Synchronization
import Testing

@testable import Gateway

/// A provider that speaks HTTP/2 in TLS and does with each request what a test says.
final class HTTP2Provider: Sendable {
    /// What to do with a request that is whole, on which stream of which connection, counted from 0.
    typealias Behaviour = @Sendable (HTTP2Peer, UInt32, _ connection: Int) -> Void

    private let plain: MockProvider
    private let front: TLSRelay
    private let count = Mutex(0)

    /// - Parameter settings: what each connection begins with.
    init(settings: [UInt8] = [], _ behaviour: @escaping Behaviour) throws {
        let box = Box()
        plain = try MockProvider.beforeRequests { socket in
            guard let provider = box.provider, let peer = HTTP2Peer.serving(socket, settings: settings) else {
                return .close
            }
            let number = provider.count.withLock { count in
                defer { count += 1 }
                return count
            }
            var done = 0
            while peer.wait({ $0.order.count > done && $0.streams[$0.order[done]]?.isOver == true }) {
                behaviour(peer, peer.order[done], number)
                done += 1
            }
            return .close
        }
        front = try TLSRelay(.server(try Certificate.server.context(["h2", "http/1.1"])), to: plain.port)
        box.provider = self
    }

    private final class Box: @unchecked Sendable { weak var provider: HTTP2Provider? }

    var port: UInt16 { front.port }
    var connections: Int { count.withLock { $0 } }

    static let head = [(":status", "200"), ("content-type", "application/json")]
    static let streamHead = [(":status", "200"), ("content-type", "text/event-stream")]
    static let word = #"data: {"id":"x","choices":[{"index":0,"delta":{"content":"one"}}]}"# + "\n\n"
    static let end =
        #"data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"

    static func answer(_ peer: HTTP2Peer, _ stream: UInt32) {
        peer.head(head + [("content-length", "\(Mock.plainBody.utf8.count)")], stream: stream, isLast: false)
        peer.body(Mock.plainBody, stream: stream, isLast: true)
    }
}

extension OverSockets {
    @Suite struct HTTP2ProviderTests {
        static func gateway(
            _ ports: [UInt16],
            timeouts: ExchangeTimeouts = ExchangeTimeouts()
        ) throws -> GatewayUnderTest {
            try GatewayUnderTest(ports: ports, timeouts: timeouts, loops: 1) { snapshot in
                for place in snapshot.providers.indices {
                    snapshot.providers[place].isTLS = true
                    snapshot.providers[place].ca = .file(Certificate.authority)
                }
            }
        }

        @Test func requestsShareAConnectionAndAreAnsweredInAnyOrder() throws {
            let waiting = Mutex<[UInt32]>([])
            let heads = Mutex<[StreamAnswer]>([])
            let provider = try HTTP2Provider { peer, stream, _ in
                heads.withLock { $0.append(peer.streams[stream] ?? StreamAnswer()) }
                guard stream > 1 else { return HTTP2Provider.answer(peer, stream) }
                let all = waiting.withLock { waiting in
                    waiting.append(stream)
                    return waiting
                }
                guard all.count == 3 else { return }
                for stream in all.reversed() { HTTP2Provider.answer(peer, stream) }
            }
            let gateway = try Self.gateway([provider.port])
            let first = try TestClient(gateway.port)
            #expect(first.chat(isStreamed: false)?.status == 200)
            let clients = try (0..<3).map { _ in try TestClient(gateway.port) }
            for client in clients { client.socket.write(TestClient.request(body: TestClient.chat(isStreamed: false))) }
            for client in clients {
                let answer = try #require(client.answer())
                #expect(answer.status == 200 && answer.body == Mock.plainBody && answer.isComplete)
            }
            #expect(provider.connections == 1)
            let asked = try #require(heads.withLock { $0.first })
            #expect(
                asked[":method"] == "POST" && asked[":scheme"] == "https" && asked[":path"] == "/v1/chat/completions"
            )
            #expect(asked["content-length"] == "\(asked.body.count)" && asked.text.contains("model-0"))
            #expect(gateway.record(3)?.attempts.first?.reusedConnection == true)
            #expect(gateway.records.map { $0.attempts.count } == [1, 1, 1, 1])
            for client in clients { client.socket.hangUp() }
            first.socket.hangUp()
            try gateway.stop()
        }

        @Test func aStreamComesThroughWithABodyLargerThanTheWindow() throws {
            let provider = try HTTP2Provider { peer, stream, _ in
                peer.head(HTTP2Provider.streamHead, stream: stream, isLast: false)
                peer.body(HTTP2Provider.word, stream: stream, isLast: false)
                peer.body(HTTP2Provider.end, stream: stream, isLast: true)
            }
            let gateway = try Self.gateway([provider.port])
            let text = String(repeating: "x", count: 300_000)
            let body = #"{"model":"chat","stream":true,"messages":[{"role":"user","content":"\#(text)"}]}"#
            let client = try TestClient(gateway.port)
            for _ in 0..<2 {
                let answer = try #require(client.ask(TestClient.request(body: body)))
                #expect(answer.status == 200 && answer.isComplete && answer.body.hasSuffix("data: [DONE]\n\n"))
            }
            #expect(provider.connections == 1)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(arguments: ["GOAWAY", "REFUSED_STREAM"])
        func whatWasNotBegunIsAskedAgainAndChargedToNobody(_ how: String) throws {
            let provider = try HTTP2Provider { peer, stream, connection in
                guard connection == 0, stream > 1 else { return HTTP2Provider.answer(peer, stream) }
                if how == "GOAWAY" { peer.goAway(last: 1) } else { peer.reset(stream, 7) }
            }
            let gateway = try Self.gateway([provider.port])
            let client = try TestClient(gateway.port)
            for _ in 0..<3 { #expect(client.chat(isStreamed: false)?.body == Mock.plainBody) }
            #expect(provider.connections == 2, "another connection")
            #expect(gateway.record(2) != nil)
            #expect(gateway.records.map { $0.attempts.map(\.failure) } == [[nil], [nil], [nil]])
            #expect(!gateway.all.contains { $0.isAgainst("chat.m0") })
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func whoRefusesEverythingIsOverloaded() throws {
            let refusing = try HTTP2Provider { peer, stream, _ in peer.reset(stream, 7) }
            let second = try HTTP2Provider { peer, stream, _ in HTTP2Provider.answer(peer, stream) }
            let gateway = try Self.gateway([refusing.port, second.port])
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.body == Mock.plainBody)
            #expect(gateway.record()?.attempts.map(\.failure) == [.overloaded, nil])
            try gateway.stop()
        }

        @Test func aStreamThatIsResetInMidAnswerEndsWithAnErrorAndNoOtherDoes() throws {
            let provider = try HTTP2Provider { peer, stream, _ in
                peer.head(HTTP2Provider.streamHead, stream: stream, isLast: false)
                peer.body(HTTP2Provider.word, stream: stream, isLast: false)
                guard stream > 1 else { return }
                peer.reset(stream, 2)
                peer.body(HTTP2Provider.end, stream: 1, isLast: true)
            }
            let gateway = try Self.gateway([provider.port])
            let (first, second) = (try TestClient(gateway.port), try TestClient(gateway.port))
            first.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
            #expect(first.line(through: "one") != nil)
            let answer = try #require(second.chat(isStreamed: true))
            #expect(answer.body.contains("one") && answer.body.contains(#"data: {"error":"#))
            #expect(!answer.body.contains("[DONE]"))
            #expect(first.line(through: "[DONE]") != nil)
            #expect(provider.connections == 1)
            #expect(gateway.record()?.attempts.map(\.failure) == [.reset])
            first.socket.hangUp()
            second.socket.hangUp()
            try gateway.stop()
        }

        @Test func aClientThatLeavesCancelsItsStreamAndTheConnectionServesOn() throws {
            let cancelled = Mutex<UInt32?>(nil)
            let provider = try HTTP2Provider { peer, stream, _ in
                guard stream == 1 else { return HTTP2Provider.answer(peer, stream) }
                peer.head(HTTP2Provider.streamHead, stream: stream, isLast: false)
                peer.wait { $0.streams[1]?.reset != nil }
                cancelled.withLock { $0 = peer.streams[1]?.reset }
            }
            let gateway = try Self.gateway([provider.port])
            do {
                let leaving = try TestClient(gateway.port)
                leaving.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
                #expect(eventually { provider.connections == 1 })
                usleep(100_000)
            }
            #expect(gateway.record()?.outcome == .clientGone)
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.body == Mock.plainBody)
            #expect(eventually { cancelled.withLock { $0 } == 8 } && provider.connections == 1)
            try gateway.stop()
        }

        @Test(arguments: [
            [(":status", "200"), ("Content-Type", "a")], [(":status", "200"), ("connection", "close")], [("x", "y")],
            [(":status", "101")], [(":status", "200"), ("content-length", "3")],
        ])
        func anAnswerThatCannotBeReadIsTheProvidersFailure(_ fields: [(String, String)]) throws {
            let first = try HTTP2Provider { peer, stream, _ in
                peer.head(fields, stream: stream, isLast: false)
                peer.body("{}", stream: stream, isLast: true)
            }
            let second = try HTTP2Provider { peer, stream, _ in HTTP2Provider.answer(peer, stream) }
            let gateway = try Self.gateway([first.port, second.port])
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.body == Mock.plainBody)
            #expect(gateway.record()?.attempts.map(\.failure) == [.malformed, nil])
            try gateway.stop()
        }

        @Test func interimHeadsAreSteppedOverAndAFloodOfThemIsNot() throws {
            let first = try HTTP2Provider { peer, stream, _ in
                for _ in 0..<40 { peer.head([(":status", "103"), ("link", "x")], stream: stream, isLast: false) }
            }
            let second = try HTTP2Provider { peer, stream, _ in
                for _ in 0..<3 { peer.head([(":status", "103"), ("link", "x")], stream: stream, isLast: false) }
                HTTP2Provider.answer(peer, stream)
            }
            let gateway = try Self.gateway([first.port, second.port])
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.body == Mock.plainBody)
            #expect(gateway.record()?.attempts.map(\.failure) == [.malformed, nil])
            try gateway.stop()
        }

        @Test func noMoreStreamsAreOpenedThanTheProviderAllows() throws {
            let provider = try HTTP2Provider(settings: RawFrame.setting(3, 1)) { peer, stream, connection in
                guard connection == 0, stream > 1 else { return HTTP2Provider.answer(peer, stream) }
                peer.head(HTTP2Provider.streamHead, stream: stream, isLast: false)
                peer.body(HTTP2Provider.word, stream: stream, isLast: false)
            }
            let gateway = try Self.gateway([provider.port])
            let streaming = try TestClient(gateway.port)
            #expect(streaming.chat(isStreamed: false)?.status == 200)
            streaming.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
            #expect(streaming.line(through: "one") != nil)
            let other = try TestClient(gateway.port)
            for _ in 0..<2 { #expect(other.chat(isStreamed: false)?.status == 200) }
            #expect(provider.connections == 2)
            shutdown(streaming.socket.descriptor, Int32(SHUT_RDWR))
            #expect(gateway.record(3)?.outcome == .clientGone)
            streaming.socket.hangUp()
            other.socket.hangUp()
            try gateway.stop()
        }

        /// A way that has gone without a word: TCP would find out after a quarter of an hour.
        @Test func aConnectionThatHasGoneSilentIsNotUsedAgain() throws {
            let provider = try HTTP2Provider { peer, stream, connection in
                if connection > 0 || stream == 1 { HTTP2Provider.answer(peer, stream) }
            }
            var timeouts = ExchangeTimeouts()
            timeouts.answer = .milliseconds(1500)
            let gateway = try Self.gateway([provider.port], timeouts: timeouts)
            let client = try TestClient(gateway.port)
            #expect(client.chat(isStreamed: false)?.status == 200)
            #expect(client.chat(isStreamed: false)?.status == 504)
            #expect(client.chat(isStreamed: false)?.status == 200)
            #expect(provider.connections == 2)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func whatIsPassedOnKeepsItsFieldsAndItsLength() throws {
            let provider = try HTTP2Provider { peer, stream, _ in
                let fields = [(":status", "201"), ("x-theirs", "2"), ("set-cookie", "a=b"), ("content-length", "5")]
                peer.head(fields, stream: stream, isLast: false)
                peer.body("bytes", stream: stream, isLast: true)
            }
            let gateway = try Self.gateway([provider.port])
            let path = "/providers/p\(provider.port)/files?limit=2"
            let answer = try #require(try TestClient(gateway.port).ask(TestClient.request("POST", path, body: "abc")))
            #expect(answer.status == 201 && answer.body == "bytes" && answer.isComplete)
            #expect(answer.head.header("x-theirs") == "2" && answer.head.header("set-cookie") == nil)
            #expect(answer.head.header("content-length") == "5")
            try gateway.stop()
        }
    }
}

/// nginx with HTTP/2 in front of a provider, in a folder of its own: somebody else's frames.
private final class Nginx {
    let port: UInt16
    private let process = Process()
    private let folder: URL

    static let path: String? = ["/usr/sbin/nginx", "/usr/bin/nginx"].first { (path: String) in access(path, X_OK) == 0 }

    /// - Parameter requests: after how many it gives a connection up, by GOAWAY.
    init(before target: UInt16, requests: Int) throws {
        port = try TestSocket.listening().port
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("nginx-\(getpid())-\(port)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("nginx.conf")
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(folder.path)/\($0);" }.joined(separator: " ")
        try """
        daemon off; master_process off; pid \(folder.path)/pid; error_log \(folder.path)/error.log;
        events { worker_connections 256; }
        http {
          access_log off; \(paths)
          server {
            listen 127.0.0.1:\(port) ssl http2;
            ssl_certificate \(Certificate.server.path); ssl_certificate_key \(Certificate.server.path);
            keepalive_requests \(requests);
            location / { proxy_pass http://127.0.0.1:\(target); proxy_http_version 1.1; proxy_buffering off; }
          }
        }
        """.write(to: file, atomically: true, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: Self.path ?? "/usr/sbin/nginx")
        process.arguments = ["-c", file.path, "-p", folder.path, "-e", folder.path + "/error.log"]
        try process.run()
        guard eventually(within: 20, { (try? TestSocket.connected(to: port)) != nil }) else {
            throw SocketError(what: "nginx does not listen")
        }
    }

    deinit {
        // A child has the signals blocked that this process has, and that is most of them.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}

extension OverSockets.HTTP2ProviderTests {
    /// Connections end all the time, each with requests on their way.
    @Test(.enabled(if: Nginx.path != nil, "there is no nginx"))
    func nginxIsAskedOverManyConnectionsAndNothingIsLost() throws {
        let provider = try MockProvider(Mock.stream)
        let nginx = try Nginx(before: provider.port, requests: 7)
        let gateway = try Self.gateway([nginx.port])
        let answers = Mutex<[String]>([])
        for _ in 0..<8 {
            onThread {
                guard let client = try? TestClient(gateway.port) else { return }
                for _ in 0..<10 {
                    let answer = client.chat(isStreamed: true)
                    let isWhole = answer?.isComplete == true && answer?.body.hasSuffix("data: [DONE]\n\n") == true
                    answers.withLock { $0.append(isWhole ? "whole" : "\(answer.map { "\($0.status)" } ?? "none")") }
                }
            }
        }
        #expect(eventually(within: 60) { answers.withLock { $0.count } == 80 })
        #expect(answers.withLock { Set($0) } == ["whole"])
        #expect(gateway.record(79) != nil && provider.requests.count == 80)
        #expect(gateway.records.allSatisfy { $0.attempts.map(\.failure) == [nil] })
        try gateway.stop()
    }
}
