/// What a client gets of a provider that is asked by its own name, over real sockets.
import ConfigSyntax
import Inference
import PolicyEngine
import Testing

@testable import Gateway

extension OverSockets {
    @Suite struct PassageTests {
        @Test func aProviderIsAskedAsItIsAndAnswersAsItDoes() throws {
            let body = #"{"object":"file","usage":{"prompt_tokens":3,"completion_tokens":1}}"#
            let provider = try MockProvider { connection in
                let more = "x-request-id: r1\r\nset-cookie: a=b\r\n"
                return connection.write(Mock.answer(201, body, more: more)) ? .keep : .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let client = try TestClient(gateway.port)
            let more = "content-type: multipart/form-data; boundary=x\r\nopenai-beta: v2\r\naccept-encoding: gzip\r\n"
            let path = "/providers/p\(provider.port)/files?purpose=batch"
            let answer = try #require(client.ask(TestClient.request("POST", path, body: "a\0b", more: more)))
            #expect(answer.status == 201 && answer.body == body && answer.isComplete)
            #expect(answer.head.header("x-request-id") == "r1" && answer.head.header("set-cookie") == nil)
            #expect(answer.head.header("x-martlet-decision")?.utf8.count == 24)
            let asked = try #require(provider.requests.first)
            #expect(asked.hasPrefix("POST /v1/files?purpose=batch HTTP/1.1\r\n") && asked.hasSuffix("\r\n\r\na\0b"))
            #expect(asked.header("content-type") == "multipart/form-data; boundary=x")
            #expect(asked.header("openai-beta") == "v2" && asked.header("accept-encoding") == nil)
            #expect(!asked.contains(GatewayUnderTest.key), "the client's key stays here")
            let record = try #require(gateway.record())
            #expect(record.operation == .passThrough && record.usage == UsageRow(input: 3, output: 1))
            // The same connection serves on, in every method, and a body that is none.
            for method in ["GET", "DELETE", "PUT", "PATCH"] {
                #expect(client.ask(TestClient.request(method, path))?.status == 201, "\(method)")
            }
            #expect(provider.requests.last?.hasPrefix("PATCH ") == true)
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func aStreamComesPieceByPieceAndAnEndWithoutBodyIsOne() throws {
            let provider = try MockProvider { connection in
                guard connection.write(Mock.streamHead + Mock.word("one")) else { return .close }
                // The next piece waits for the client to have had the first.
                _ = connection.read()
                return .close
            }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            do {
                let client = try TestClient(gateway.port)
                client.socket.write(TestClient.request("POST", "/providers/p\(provider.port)/responses", body: "{}"))
                #expect(client.line(through: "\r\n\r\n")?.contains("200 OK") == true)
                #expect(client.line(through: "\n\n")?.contains("one") == true, "though the answer goes on")
            }
            #expect(gateway.record()?.outcome == .clientGone)
            try gateway.stop()
            let empty = try MockProvider { $0.write("HTTP/1.1 204 No Content\r\n\r\n") ? .keep : .close }
            let second = try GatewayUnderTest(ports: [empty.port], loops: 1)
            let next = try TestClient(second.port)
            for _ in 0..<2 {
                let gone = try #require(next.ask(TestClient.request("DELETE", "/providers/p\(empty.port)/files/1")))
                #expect(gone.status == 204 && gone.head.header("content-length") == nil && gone.body.isEmpty)
            }
            try second.stop()
        }

        @Test func whatTheOperatorSaysOfEveryRequestNoClientSays() throws {
            let provider = try MockProvider { $0.write(Mock.answer(200, "{}")) ? .keep : .close }
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1) {
                $0.providers[0].dialect = .anthropic
                $0.providers[0].quirks = ProviderQuirks(headers: [.init("OpenAI-Project", "ours")])
            }
            let more = "openai-project: theirs\r\nanthropic-version: 2099-01-01\r\nx-else: 1\r\n"
            let path = "/providers/p\(provider.port)/files"
            let answer = try TestClient(gateway.port).ask(TestClient.request("GET", path, more: more))
            #expect(answer?.status == 200)
            let asked = try #require(provider.requests.first).lowercased()
            #expect(asked.contains("openai-project: ours\r\n") && !asked.contains("theirs"))
            #expect(asked.contains("anthropic-version: 2099-01-01\r\n") && asked.contains("x-else: 1\r\n"))
            #expect(asked.split(separator: "anthropic-version").count == 2, "once")
            try gateway.stop()
        }

        @Test func policiesRejectItByTimeAndByWhatItsHeadSays() throws {
            let provider = try MockProvider(Mock.plain)
            let path = "/providers/p\(provider.port)/files"
            for (match, more, status) in [
                (#"header.x-app == "batch""#, "x-app: batch\r\n", 403), (#"header.x-app == "batch""#, "", 200),
                ("time in 00:00-12:00 or time in 12:00-00:00", "", 403),
            ] {
                let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1) { snapshot in
                    let expression = try Expression(parsing: match)
                    snapshot.policies = [
                        GatewayPolicy(
                            name: "closed",
                            place: Place(file: 0, line: 1, column: 1),
                            match: try Match.compile(expression, schema: RequestFact.schema, sets: SetTable([])).get(),
                            target: .reject(reason: "closed"),
                            fallsThrough: false
                        )
                    ]
                }
                let answer = try TestClient(gateway.port).ask(TestClient.request("GET", path, more: more))
                #expect(answer?.status == status, "\(match)")
                try gateway.stop()
            }
            #expect(provider.requests.count == 1)
        }

        @Test(
            arguments: [
                ("GET", "/providers/nobody/files", GatewayUnderTest.key, 404),
                ("GET", "/providers/P/../files", GatewayUnderTest.key, 404),
                ("GET", "/providers/P", GatewayUnderTest.key, 404), ("GET", "/providers/P/files", nil, 401),
                ("GET", "/providers/P/files", "sk-wrong", 401),
                ("OPTIONS", "/providers/P/files", GatewayUnderTest.key, 405),
            ] as [(String, String, String?, Int)]
        )
        func whatIsNotToBePassedOnIsRefused(_ method: String, _ path: String, _ key: String?, _ status: Int) throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port], loops: 1)
            let path = path.replacing("/P", with: "/p\(provider.port)")
            let answer = try TestClient(gateway.port).ask(TestClient.request(method, path, key: key))
            #expect(answer?.status == status && provider.requests.isEmpty)
            try gateway.stop()
        }
    }
}
