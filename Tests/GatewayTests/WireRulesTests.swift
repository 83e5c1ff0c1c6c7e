/// What becomes of messages that are unusual, and of those that could be read in two ways, over real sockets on both legs.
import Inference
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct WireRulesTests {
        private static let auth = "host: x\r\nauthorization: Bearer \(GatewayUnderTest.key)\r\n"
        private static let body = TestClient.chat(isStreamed: false)
        private static let chunks = Mock.chunk(String(body.prefix(9))) + Mock.chunk(String(body.dropFirst(9)))

        /// Each is followed by a request that must never be answered.
        @Test(
            arguments: [
                ("content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, "both framings"),
                ("content-length: 3\r\ncontent-length: 4\r\n\r\nabc", 400, "two lengths"),
                ("transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "another coding"),
                ("transfer-encoding : chunked\r\n\r\n0\r\n\r\n", 400, "a blank before the colon"),
                ("transfer-encoding:\n chunked\r\n\r\n0\r\n\r\n", 400, "LF alone"),
                ("x: y\r\n transfer-encoding: chunked\r\n\r\n", 400, "a folded line"),
                ("host: y\r\n\r\n", 400, "two hosts"), ("expect: magic\r\n\r\n", 417, "another expectation"),
                ("transfer-encoding: chunked\r\n\r\n1;a\n\r\nb\r\n", 400, "LF alone in an extension"),
                ("x: " + String(repeating: "y", count: 40_000) + "\r\n\r\n", 431, "a field without end"),
                (String(repeating: "x: y\r\n", count: 101) + "\r\n", 431, "a flood of fields"),
            ] as [(String, Int, String)]
        )
        func whatCouldBeTwoRequestsIsNone(_ text: String, _ status: Int, _ why: String) throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            client.socket.write("POST /v1/chat/completions HTTP/1.1\r\n" + Self.auth + text)
            client.socket.write(TestClient.request("GET", "/v1/models"))
            let answer = try #require(client.answer())
            #expect(answer.status == status, "\(why)")
            #expect(answer.head.header("connection") == "close")
            #expect(client.answer() == nil, "what stands behind it is not served")
            #expect(provider.requests.isEmpty)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(
            arguments: [
                ("http://gateway/v1/chat/completions", auth, "an absolute target"),
                ("/v1/chat/completions", auth + "x-ä: y\r\n", "no ASCII"),
            ] as [(String, String, String)]
        )
        func targetsAreReadAndNamesAreTokens(_ target: String, _ fields: String, _ why: String) throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let length = "content-length: \(Self.body.utf8.count)\r\n\r\n"
            let answer = try TestClient(gateway.port).ask("POST \(target) HTTP/1.1\r\n" + fields + length + Self.body)
            #expect(answer?.status == (why == "no ASCII" ? 400 : 200), "\(why)")
            try gateway.stop()
        }

        @Test func chunksWithExtensionsAndTrailersAreOneBodyAndTheNextRequestFollows() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            let head = "POST /v1/chat/completions HTTP/1.1\r\n" + Self.auth + "transfer-encoding: chunked\r\n\r\n"
            let extended = Self.chunks.replacing("9\r\n", with: "9;name=\"value\"\r\n")
            let request = head + extended + "0;last\r\nx-sum: 1\r\n\r\n"
            // Byte by byte at the beginning, then the rest with two more requests behind it.
            for byte in request.utf8.prefix(60) { client.socket.write([byte]) }
            client.socket.write(Array(request.utf8.dropFirst(60)) + Array((request + request).utf8))
            for _ in 0..<3 { #expect(client.answer()?.body == Mock.plainBody) }
            #expect(provider.requests.count == 3)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func anAnswerThatEndsWithItsConnectionIsWhole() throws {
            let provider = try MockProvider { connection in
                connection.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + Mock.plainBody)
                return .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            for _ in 0..<2 { #expect(client.chat(isStreamed: false)?.body == Mock.plainBody) }
            #expect(provider.connections == 2)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func interimAnswersAreSteppedOver() throws {
            let provider = try MockProvider { connection in
                connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")
                return connection.write(Mock.answer(200, Mock.plainBody)) ? .keep : .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.body == Mock.plainBody)
            try gateway.stop()
        }

        /// What stands behind an answer must not become the answer to somebody else's request.
        @Test(arguments: ["HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen", "x"])
        func bytesBehindAnAnswerEndItsConnection(_ more: String) throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.answer(200, Mock.plainBody) + more) ? .keep : .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            for _ in 0..<2 { #expect(client.chat(isStreamed: false)?.body == Mock.plainBody) }
            #expect(provider.connections == 2)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(arguments: [
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 40),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ])
        func anAnswerThatCannotBeReadIsTheProvidersFailure(_ text: String) throws {
            let first = try MockProvider { $0.write(text) ? .keep : .close }
            let second = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [first.port, second.port])
            #expect(try TestClient(gateway.port).chat(isStreamed: false)?.body == Mock.plainBody)
            #expect(gateway.record()?.attempts.map(\.failure) == [.malformed, nil])
            try gateway.stop()
        }
    }
}
