/// What does a client of Anthropic's Messages API meet on the wire? Its own key field, its own errors, its own events.
import Glibc
import Inference
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct MessagesTests {
        private static func body(isStreamed: Bool, model: String = "chat") -> String {
            let stream = isStreamed ? #","stream":true"# : ""
            return #"{"model":"\#(model)","max_tokens":5,"messages":[{"role":"user","content":"hello"}]\#(stream)}"#
        }

        private static let version = "anthropic-version: 2023-06-01\r\n"

        @Test(arguments: ["/v1/messages", "/anthropic/v1/messages?beta=true"])
        func theKeyStandsInTheFieldOfEitherDialect(_ path: String) throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            let body = Self.body(isStreamed: false)
            for (key, more) in [(GatewayUnderTest.key, ""), (nil, "x-api-key: \(GatewayUnderTest.key)\r\n")] {
                let asked = TestClient.request("POST", path, key: key, body: body, more: more + Self.version)
                let answer = try #require(client.ask(asked))
                #expect(answer.status == 200)
                #expect(answer.body.contains(#""type":"message""#) && answer.body.contains(#""text":"hi""#))
            }
            #expect(gateway.record(1)?.outcome == .answered)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aStreamComesInItsOwnEvents() throws {
            let provider = try MockProvider(Mock.stream)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            let asked = TestClient.request("POST", "/v1/messages", body: Self.body(isStreamed: true))
            let answer = try #require(client.ask(asked))
            #expect(answer.isComplete && answer.head.header("content-type") == "text/event-stream")
            #expect(answer.body.hasPrefix("event: message_start\ndata: {"))
            #expect(answer.body.hasSuffix("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(arguments: ["/v1/messages", "/v1/chat/completions"])
        func headAndFirstEventsLeaveInOneWrite(_ path: String) throws {
            let provider = try MockProvider { connection in
                connection.write(Mock.streamHead)
                // Long enough for a head that would leave alone to have left.
                usleep(100_000)
                return connection.write(Mock.word("one") + Mock.stop + Mock.end) ? .keep : .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            client.socket.write(TestClient.request("POST", path, body: Self.body(isStreamed: true)))
            let first = String(decoding: client.socket.read(), as: UTF8.self)
            #expect(first.hasPrefix("HTTP/1.1 200") && first.contains("one"))
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test(
            arguments: [
                ("POST", "/v1/messages", nil, 401, "authentication_error"),
                ("POST", "/v1/messages", "sk-wrong", 401, "authentication_error"),
                ("POST", "/v1/messages", GatewayUnderTest.key, 404, "not_found_error"),
                ("GET", "/v1/messages", GatewayUnderTest.key, 405, "invalid_request_error"),
                ("POST", "/v1/unknown", GatewayUnderTest.key, 404, "not_found_error"),
            ] as [(String, String, String?, Int, String)]
        )
        func errorsAreToldInItsOwnWords(
            _ method: String,
            _ path: String,
            _ key: String?,
            _ status: Int,
            _ type: String
        ) throws {
            let gateway = try GatewayUnderTest(ports: [try TestSocket.listening().port], loops: 1)
            let client = try TestClient(gateway.port)
            let body = Self.body(isStreamed: false, model: "nobody")
            let asked = TestClient.request(method, path, key: key, body: body, more: Self.version)
            let answer = try #require(client.ask(asked))
            #expect(answer.status == status)
            #expect(answer.body.contains(#"{"type":"error","error":{"type":"\#(type)""#))
            let id = answer.head.header("x-martlet-decision") ?? "?"
            #expect(answer.body.contains(#""request_id":"\#(id)""#))
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}
