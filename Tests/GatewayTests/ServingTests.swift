/// What clients meet: pages, refusals, keep-alive, back-pressure, and what happens when they leave.
import Glibc
import Inference
import NetTypes
import Synchronization
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct ServingTests {
        @Test func aConnectionServesOneRequestAfterAnotherAndSoDoesTheProvidersOne() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            for _ in 0..<20 { #expect(client.chat(isStreamed: false)?.body == Mock.plainBody) }
            #expect(provider.connections == 1)
            let record = try #require(gateway.record(19))
            #expect(record.attempts.first?.reusedConnection == true)
            #expect(record.usage == UsageRow(input: 3, output: 1))
            #expect(record.key == "ci" && record.team == "platform")
            // The second client's connection is another loop's or the same: its answers are its own.
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aGatewayWhoseLoopsWorkAnswersPings() throws {
            let gateway = try GatewayUnderTest(ports: [try TestSocket.listening().port], loops: 3)
            for count in 1...3 {
                gateway.send(.ping)
                #expect(eventually { gateway.all.count { $0 == .alive } == count })
            }
            try gateway.stop()
        }

        @Test func requestsSentAheadAreAnsweredInTheirOrder() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port])
            let client = try TestClient(gateway.port)
            let chat = TestClient.request(body: TestClient.chat(isStreamed: false))
            client.socket.write(chat + TestClient.request("GET", "/v1/models") + chat)
            #expect(client.answer()?.body == Mock.plainBody)
            #expect(client.answer()?.body.contains(#""id":"chat.m0""#) == true)
            #expect(client.answer()?.body == Mock.plainBody)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(
            arguments: [
                ("GET", "/v1/models/chat", GatewayUnderTest.key, "", 200, #""id":"chat""#),
                ("GET", "/v1/models/nobody", GatewayUnderTest.key, "", 404, "model_not_found"),
                ("GET", "/health/live", nil, "", 200, "live"),
                ("GET", "/health/ready", nil, "", 200, "ready"),
                ("GET", "/v1/chat/completions", GatewayUnderTest.key, "", 405, "method_not_supported"),
                ("POST", "/v1/unknown", GatewayUnderTest.key, "{}", 404, "unknown_url"),
                (
                    "POST", "/v1/chat/completions", "sk-wrong", TestClient.chat(isStreamed: false), 401,
                    "invalid_api_key"
                ),
                ("POST", "/v1/chat/completions", nil, TestClient.chat(isStreamed: false), 401, "invalid_api_key"),
                ("GET", "/v1/models", nil, "", 401, "invalid_api_key"),
                ("POST", "/v1/chat/completions", GatewayUnderTest.key, #"{"model": }"#, 400, "invalid_json"),
                (
                    "POST", "/v1/chat/completions", GatewayUnderTest.key,
                    TestClient.chat(isStreamed: false, model: "nobody"), 404, "model_not_found"
                ),
            ] as [(String, String, String?, String, Int, String)]
        )
        func everyAddressAnswersAsItShould(
            _ method: String,
            _ path: String,
            _ key: String?,
            _ body: String,
            _ status: Int,
            _ says: String
        ) throws {
            let gateway = try GatewayUnderTest(ports: [try TestSocket.listening().port], loops: 1)
            let client = try TestClient(gateway.port)
            let answer = try #require(client.ask(TestClient.request(method, path, key: key, body: body)))
            #expect(answer.status == status)
            #expect(answer.body.contains(says))
            #expect(answer.head.header("x-martlet-decision")?.utf8.count == 24)
            #expect(client.ask(TestClient.request("GET", "/health/live"))?.status == 200, "the connection serves on")
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aBodyThatIsTooLargeIsRefusedByItsLengthAlone() throws {
            let gateway = try GatewayUnderTest(ports: [try TestSocket.listening().port], loops: 1)
            let client = try TestClient(gateway.port)
            client.socket.write(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(GatewayUnderTest.key)\r\n"
                    + "content-length: \(GatewayLimits.requestBytes + 1)\r\n\r\n"
            )
            let answer = try #require(client.answer())
            #expect(answer.status == 413)
            #expect(answer.head.header("connection") == "close")
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func chunkedBodiesAndExpectationsAreServed() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            client.socket.write(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(GatewayUnderTest.key)\r\n"
                    + "expect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n"
            )
            #expect(client.line(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            let body = TestClient.chat(isStreamed: false)
            client.socket.write(
                Mock.chunk(String(body.prefix(20))) + Mock.chunk(String(body.dropFirst(20))) + "0\r\n\r\n"
            )
            #expect(client.answer()?.body == Mock.plainBody)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aClientThatLeavesEndsTheProvidersWorkAtOnce() throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead + Mock.word("one"))
                return connection.read().isEmpty ? .keep : .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port])
            do {
                let client = try TestClient(gateway.port)
                client.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
                #expect(client.line(through: "one") != nil)
            }
            #expect(eventually(within: 1) { provider.closedByPeer == 1 })
            #expect(gateway.record()?.outcome == .clientGone)
            try gateway.stop()
        }

        @Test(arguments: [false, true])
        func aClientThatLeavesBeforeTheAnswerEndsTheProvidersWorkAtOnce(_ isStreamed: Bool) throws {
            let provider = try MockProvider { $0.read().isEmpty ? .keep : .close }
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port, second.port], timeouts: ExchangeTimeouts())
            do {
                let client = try TestClient(gateway.port)
                client.socket.write(TestClient.request(body: TestClient.chat(isStreamed: isStreamed)))
                #expect(eventually { provider.requests.count == 1 })
            }
            #expect(eventually { provider.closedByPeer == 1 }, "long before its 30 s are over")
            let record = try #require(gateway.record())
            #expect(record.outcome == .clientGone && record.attempts.map(\.failure) == [nil])
            #expect(!gateway.all.contains { $0.isAgainst("chat.m0") } && second.requests.isEmpty)
            try gateway.stop()
        }

        @Test func aClientThatLeavesWhileAConnectionIsMadeEndsThatToo() throws {
            let state = Mutex((begun: 0, ended: 0))
            let provider = try MockProvider.beforeRequests { connection in
                state.withLock { $0.begun += 1 }
                while !connection.read().isEmpty {}
                state.withLock { $0.ended += 1 }
                return .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: ExchangeTimeouts()) {
                $0.providers[0].isTLS = true
                $0.providers[0].ca = .file(Certificate.authority)
            }
            do {
                let client = try TestClient(gateway.port)
                client.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
                #expect(eventually { state.withLock { $0.begun } == 1 })
            }
            #expect(eventually(within: 4) { state.withLock { $0.ended } == 1 }, "before its 5 s are over")
            #expect(gateway.record()?.outcome == .clientGone)
            try gateway.stop()
        }

        /// As `nc -N` does it.
        @Test(arguments: [false, true]) func aClientThatEndsItsSideWithItsRequestIsServed(_ isStreamed: Bool) throws {
            let provider = try MockProvider { connection in
                usleep(200_000)
                return isStreamed ? Mock.stream(connection) : Mock.plain(connection)
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], timeouts: ExchangeTimeouts())
            let client = try TestClient(gateway.port)
            let request = TestClient.request(body: TestClient.chat(isStreamed: isStreamed))
            client.socket.write(request + request)
            shutdown(client.socket.descriptor, Int32(SHUT_WR))
            let answers = [client.answer(), client.answer()]
            #expect(answers.allSatisfy { $0?.status == 200 && $0?.isComplete == true })
            #expect(client.socket.read().isEmpty, "both requests, and then the end")
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aClientThatDoesNotReadHoldsTheProviderBackAndStillGetsEverything() throws {
            let sent = Mutex(0)
            let count = 2048
            let filling = String(repeating: "x", count: 16 << 10)
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead)
                for number in 0..<count {
                    guard connection.write(Mock.word("\(number) \(filling)")) else { return .close }
                    sent.withLock { $0 += 1 }
                }
                return connection.write(Mock.stop + Mock.end) ? .keep : .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            client.socket.write(TestClient.request(body: TestClient.chat(isStreamed: true)))
            // Full is what the kernel's four buffers hold between them; the gateway adds its 32 KiB.
            var last = -1
            #expect(
                eventually(within: 10) {
                    let now = sent.withLock { $0 }
                    defer { last = now }
                    if now == last, now > 0 { return true }
                    usleep(200_000)
                    return false
                }
            )
            #expect(sent.withLock { $0 } < count / 2, "of 32 MiB")
            let answer = try #require(client.answer())
            #expect(answer.isComplete && answer.body.hasSuffix("data: [DONE]\n\n"))
            // A comment may stand among them: the stream was silent while the client did not read.
            let events = answer.body.split(separator: "\n\n").filter { !$0.hasPrefix(":") }
            #expect(events.count == count + 2, "the words, the stop and the end")
            let isInOrder = zip(events, 0..<count).allSatisfy { $0.contains(#""content":"\#($1) x"#) }
            #expect(isInOrder, "none twice, none left out")
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(.enabled(if: geteuid() == 0, "SO_MARK needs CAP_NET_RAW"))
        func theProvidersSocketCarriesTheMarkOfItsPath()
            throws
        {
            let provider = try MockProvider(Mock.plain)
            let mark = Mark(0x0300_0000)
            let gateway = try GatewayUnderTest(ports: [provider.port], mark: mark, loops: 1)
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.status == 200)
            #expect(Descriptors.marks(ofPeerPort: provider.port) == [mark.value])
            let record = try #require(gateway.record())
            #expect(record.attempts.first?.path == "wan.fiber" && record.attempts.first?.mark == mark)
            try gateway.stop()
        }
    }
}
