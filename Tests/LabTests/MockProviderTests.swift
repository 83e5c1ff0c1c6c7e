import Lab
import LabText
import Testing

extension LabSuites {
    /// Does the mock answer as strictly as the real provider, fail as it is told, and remember what it saw?
    @Suite(.serialized)
    struct MockProviderTests {
        private let lab: RouterOnly
        private let openai: MockProvider
        private let anthropic: MockProvider
        private let gemini: MockProvider
        private let ollama: MockProvider
        private let responses: MockProvider

        init() throws {
            lab = try RouterOnly(uplinks: 1)
            let start = { [lab] (dialect: MockProvider.Dialect, port: Int) in
                try MockProvider(
                    dialect,
                    name: dialect.rawValue,
                    key: "right",
                    endpoints: ["127.0.0.1:\(port)", "[::1]:\(port)"],
                    delay: .milliseconds(5),
                    in: lab.router,
                    of: lab.workspace
                )
            }
            openai = try start(.openai, 8001)
            anthropic = try start(.anthropic, 8002)
            gemini = try start(.gemini, 8004)
            ollama = try start(.ollama, 8005)
            responses = try start(.responses, 8006)
        }

        private func ask(
            _ provider: MockProvider,
            _ body: JSON,
            headers: [String]? = nil,
            within limit: Duration = .seconds(10)
        ) throws -> WebAnswer {
            try start(provider, body, headers: headers, within: limit).finish()
        }

        private func start(
            _ provider: MockProvider,
            _ body: JSON,
            headers: [String]? = nil,
            within limit: Duration = .seconds(10)
        ) throws -> WebRequest {
            let usual =
                switch provider.dialect {
                case .openai, .responses: ["authorization: Bearer right"]
                case .anthropic: ["x-api-key: right", "anthropic-version: 2023-06-01"]
                case .gemini: ["x-goog-api-key: right"]
                case .ollama: ["authorization: Bearer right"]
                }
            return try WebRequest(
                to: provider.endpoints[0],
                path: Self.path(provider.dialect),
                headers: headers ?? usual,
                body: body,
                within: limit,
                from: lab.router,
                in: lab.workspace
            )
        }

        private static func path(_ dialect: MockProvider.Dialect) -> String {
            switch dialect {
            case .openai: "/v1/chat/completions"
            case .anthropic: "/v1/messages"
            case .gemini: "/v1beta/models/gemini-pro:streamGenerateContent?alt=sse"
            case .ollama: "/api/chat"
            case .responses: "/v1/responses"
            }
        }

        private func request(_ dialect: MockProvider.Dialect, _ text: String = "a b c", stream: Bool = false) -> JSON {
            let messages: JSON = [["role": "user", "content": .string(text)]]
            switch dialect {
            case .openai: return ["model": "gpt-5", "messages": messages, "stream": .bool(stream)]
            case .ollama: return ["model": "qwen3", "messages": messages, "stream": .bool(stream)]
            case .responses: return ["model": "gpt-5", "input": .string(text), "stream": .bool(stream)]
            case .anthropic:
                return ["model": "claude-opus", "max_tokens": 100, "messages": messages, "stream": .bool(stream)]
            // Whether it is a stream, its address says.
            case .gemini: return ["contents": [["role": "user", "parts": [["text": .string(text)]]]]]
            }
        }

        private func provider(_ dialect: MockProvider.Dialect) -> MockProvider {
            switch dialect {
            case .openai: openai
            case .anthropic: anthropic
            case .gemini: gemini
            case .ollama: ollama
            case .responses: responses
            }
        }

        struct Refused: Sendable, CustomTestStringConvertible {
            var reason: String
            var dialect: MockProvider.Dialect
            var headers: [String]? = nil
            var add: JSON = [:]
            var without: String? = nil
            var status: Int
            var says: String
            var testDescription: String { reason }
        }

        static let refused = [
            Refused(
                reason: "a wrong key",
                dialect: .responses,
                headers: ["authorization: Bearer wrong"],
                status: 401,
                says: "invalid_api_key"
            ),
            Refused(
                reason: "a field of the API before",
                dialect: .responses,
                add: ["max_tokens": 3],
                status: 400,
                says: "unknown_parameter"
            ),
            Refused(
                reason: "a tool that is neither strict nor says so",
                dialect: .responses,
                add: [
                    "tools": [["type": "function", "name": "f", "parameters": ["type": "object", "properties": [:]]]]
                ],
                status: 400,
                says: "strict"
            ),
            Refused(
                reason: "a result without its call",
                dialect: .responses,
                add: ["input": [["type": "function_call_output", "call_id": "c", "output": "x"]]],
                status: 400,
                says: "No tool call"
            ),
            Refused(
                reason: "a thought that it has neither kept nor sealed",
                dialect: .responses,
                add: ["input": [["type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"]]],
                status: 400,
                says: "invalid_encrypted_content"
            ),
            Refused(
                reason: "an answer that was not kept",
                dialect: .responses,
                add: ["previous_response_id": "resp_77"],
                status: 400,
                says: "previous_response_not_found"
            ),
            Refused(
                reason: "a key in the other provider's header",
                dialect: .gemini,
                headers: ["authorization: Bearer right"],
                status: 401,
                says: "UNAUTHENTICATED"
            ),
            Refused(
                reason: "a wrong key",
                dialect: .gemini,
                headers: ["x-goog-api-key: wrong"],
                status: 400,
                says: "API_KEY_INVALID"
            ),
            Refused(reason: "an unknown field", dialect: .gemini, add: ["n": 3], status: 400, says: "'n'"),
            Refused(
                reason: "a call without its proof",
                dialect: .gemini,
                add: [
                    "contents": [
                        ["role": "user", "parts": [["text": "x"]]],
                        ["role": "model", "parts": [["functionCall": ["name": "f", "args": [:]]]]],
                        ["role": "user", "parts": [["functionResponse": ["name": "f", "response": [:]]]]],
                    ]
                ],
                status: 400,
                says: "thought_signature"
            ),
            Refused(
                reason: "a result of no call",
                dialect: .gemini,
                add: ["contents": [["parts": [["functionResponse": ["name": "f", "response": [:]]]]]]],
                status: 400,
                says: "as many function response parts"
            ),
            Refused(reason: "no key", dialect: .openai, headers: [], status: 401, says: "No API key"),
            Refused(
                reason: "a key in the other provider's header",
                dialect: .openai,
                headers: ["x-api-key: right"],
                status: 401,
                says: "No API key"
            ),
            Refused(
                reason: "a wrong key",
                dialect: .openai,
                headers: ["authorization: Bearer wrong"],
                status: 401,
                says: "invalid_api_key"
            ),
            Refused(reason: "an unknown field", dialect: .openai, add: ["top_k": 3], status: 400, says: "'top_k'"),
            Refused(reason: "no messages", dialect: .openai, without: "messages", status: 400, says: "'messages'"),
            Refused(reason: "a wrong type", dialect: .openai, add: ["n": "2"], status: 400, says: "invalid_type"),
            Refused(
                reason: "usage asked for without a stream",
                dialect: .openai,
                add: ["stream_options": ["include_usage": true]],
                status: 400,
                says: "stream_options"
            ),
            Refused(
                reason: "a result for no call",
                dialect: .openai,
                add: ["messages": [["role": "tool", "tool_call_id": "x", "content": "y"]]],
                status: 400,
                says: "'x'"
            ),
            Refused(
                reason: "an unknown field inside a message",
                dialect: .openai,
                add: ["messages": [["role": "user", "content": "y", "cache_control": [:]]]],
                status: 400,
                says: "messages[0].cache_control"
            ),
            Refused(
                reason: "an image that is none",
                dialect: .openai,
                add: [
                    "messages": [
                        [
                            "role": "user",
                            "content": [["type": "image_url", "image_url": ["url": "data:image/png;base64,?"]]],
                        ]
                    ]
                ],
                status: 400,
                says: "base64"
            ),
            Refused(
                reason: "a strict schema that is open",
                dialect: .openai,
                add: [
                    "response_format": [
                        "type": "json_schema",
                        "json_schema": ["name": "x", "strict": true, "schema": ["type": "object"]],
                    ]
                ],
                status: 400,
                says: "response_format"
            ),
            Refused(
                reason: "an unheard-of effort",
                dialect: .openai,
                add: ["reasoning_effort": "more"],
                status: 400,
                says: "'more'"
            ),
            Refused(
                reason: "a thought with another's proof",
                dialect: .anthropic,
                add: [
                    "messages": [
                        ["role": "user", "content": "x"],
                        [
                            "role": "assistant",
                            "content": [["type": "thinking", "thinking": "y", "signature": "z"]],
                        ],
                        ["role": "user", "content": "x"],
                    ]
                ],
                status: 400,
                says: "signature"
            ),
            Refused(
                reason: "an image of a kind that no model sees",
                dialect: .anthropic,
                add: [
                    "messages": [
                        [
                            "role": "user",
                            "content": [
                                [
                                    "type": "image",
                                    "source": ["type": "base64", "media_type": "image/tiff", "data": "AAAA"],
                                ]
                            ],
                        ]
                    ]
                ],
                status: 400,
                says: "an image is"
            ),
            Refused(
                reason: "a budget for thinking beyond the answer's bound",
                dialect: .anthropic,
                add: ["thinking": ["type": "enabled", "budget_tokens": 4096]],
                status: 400,
                says: "budget_tokens"
            ),
            Refused(
                reason: "an unknown model",
                dialect: .openai,
                add: ["model": "gpt-none"],
                status: 404,
                says: "model_not_found"
            ),
            Refused(
                reason: "a key in the other provider's header",
                dialect: .anthropic,
                headers: ["authorization: Bearer right", "anthropic-version: 2023-06-01"],
                status: 401,
                says: "authentication_error"
            ),
            Refused(
                reason: "no version",
                dialect: .anthropic,
                headers: ["x-api-key: right"],
                status: 400,
                says: "anthropic-version"
            ),
            Refused(
                reason: "an unknown field",
                dialect: .anthropic,
                add: ["n": 1],
                status: 400,
                says: "n: Extra inputs are not permitted"
            ),
            Refused(
                reason: "no max_tokens",
                dialect: .anthropic,
                without: "max_tokens",
                status: 400,
                says: "max_tokens"
            ),
            Refused(
                reason: "the other provider's tool message",
                dialect: .anthropic,
                add: ["messages": [["role": "tool", "content": "y"]]],
                status: 400,
                says: "messages.0.role"
            ),
            Refused(
                reason: "a conversation that the assistant begins",
                dialect: .anthropic,
                add: ["messages": [["role": "assistant", "content": "y"]]],
                status: 400,
                says: "user"
            ),
            Refused(
                reason: "the other provider's tools",
                dialect: .anthropic,
                add: ["tools": [["type": "function", "function": ["name": "f"]]]],
                status: 400,
                says: "tools"
            ),
            Refused(
                reason: "an unknown model",
                dialect: .anthropic,
                add: ["model": "claude-none"],
                status: 404,
                says: "not_found_error"
            ),
            Refused(reason: "no key", dialect: .ollama, headers: [], status: 401, says: "unauthorized"),
            Refused(reason: "a strange field", dialect: .ollama, add: ["user": "me"], status: 400, says: "user"),
            Refused(
                reason: "an option of the wrong type",
                dialect: .ollama,
                add: ["options": ["stop": "x"]],
                status: 400,
                says: "options.stop"
            ),
            Refused(
                reason: "a result without its call",
                dialect: .ollama,
                add: ["messages": [["role": "tool", "content": "x", "tool_name": "f"]]],
                status: 400,
                says: "not called"
            ),
            Refused(
                reason: "an unknown model",
                dialect: .ollama,
                add: ["model": "none"],
                status: 404,
                says: "model 'none' not found"
            ),
        ]

        @Test(.timeLimit(.minutes(1)))
        func whatTheRealProvidersRefuseIsRefusedInTheirOwnShape() throws {
            for row in MockProviderTests.refused {
                var members = request(row.dialect).members ?? []
                members.removeAll { $0.name == row.without || row.add[$0.name] != nil }
                let body = JSON.object(members + (row.add.members ?? []))
                let answer = try ask(provider(row.dialect), body, headers: row.headers)
                let text = answer.body ?? ""
                #expect(answer.status == row.status, "\(row.dialect) \(row.reason): \(text)")
                #expect(text.contains(row.says), "\(row.dialect) \(row.reason): \(text)")
                let error = try JSON.parse(text)
                switch row.dialect {
                case .openai, .responses:
                    #expect(error["error"]?.members?.map(\.name) == ["message", "type", "param", "code"])
                case .anthropic: #expect(error["type"]?.string == "error" && error["error"]?["type"]?.string != nil)
                case .gemini: #expect(error["error"]?.members?.map(\.name).prefix(3) == ["code", "message", "status"])
                case .ollama: #expect(error.members?.map(\.name) == ["error"] && error["error"]?.string != nil)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func anthropicTakesItsKeyInOneHeaderOnly() throws {
            let bearer = try MockProvider(
                .anthropic,
                name: "bearer",
                key: "right",
                endpoints: ["127.0.0.1:8003"],
                keyHeader: .authorization,
                in: lab.router,
                of: lab.workspace
            )
            let version = "anthropic-version: 2026-10-21"
            let body = request(.anthropic)
            #expect(try ask(bearer, body, headers: ["authorization: Bearer right", version]).status == 200)
            #expect(try ask(bearer, body, headers: ["x-api-key: right", version]).status == 401)
            #expect(try ask(anthropic, body, headers: ["x-api-key: right", version]).status == 200)
            #expect(try ask(anthropic, body, headers: ["authorization: Bearer right", version]).status == 401)
        }

        /// Those whose streams are events.
        static let streaming = [MockProvider.Dialect.openai, .anthropic, .gemini, .responses]

        @Test(.timeLimit(.minutes(1)), arguments: streaming)
        func aStreamComesPieceByPiece(dialect: MockProvider.Dialect) throws {
            let asked = Moment.now
            let answer = try ask(provider(dialect), request(dialect, "one two three four", stream: true))
            #expect(answer.status == 200)
            #expect(answer.outcome == "complete")
            #expect(answer.events.count > 4)
            let last = try #require(answer.events.last?.at)
            // Since it was asked: a reader that is held up sees the first pieces late, but the last one never early.
            #expect(last.milliseconds(since: asked) > 20, "5 ms between pieces")
            switch dialect {
            case .openai: #expect(answer.eventData.last == "[DONE]")
            case .anthropic: #expect(answer.events.last?.text.hasPrefix("event: message_stop") == true)
            case .gemini: #expect(answer.eventData.last?.contains("\"finishReason\":\"STOP\"") == true)
            case .responses: #expect(answer.events.last?.text.hasPrefix("event: response.completed") == true)
            case .ollama: Issue.record("its streams are no events")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: streaming)
        func eachModeFailsInItsOwnWayForAsManyRequestsAsAsked(dialect: MockProvider.Dialect) throws {
            let provider = provider(dialect)
            let stream = request(dialect, "one two three four", stream: true)
            for status in [401, 429, 500, 529] {
                try provider.mode(String(status), times: 1, ["retry-after": 7])
                let answer = try ask(provider, stream)
                #expect(answer.status == status)
                #expect(answer.headers["retry-after"]?.string == "7")
            }
            try provider.mode("error-first-event", times: 1)
            let first = try ask(provider, stream)
            #expect(first.status == 200 && first.events.count == 1)
            #expect(first.eventData.first?.contains("\"error\"") == true)
            try provider.mode("error-mid-stream", times: 1)
            #expect(try ask(provider, stream).eventData.last?.contains("\"error\"") == true)
            try provider.mode("drop-mid-stream", times: 1, ["pieces": 2])
            let dropped = try ask(provider, stream)
            #expect(dropped.events.count == 2 && dropped.outcome == "cut short")
            try provider.mode("garbage", times: 1)
            #expect(try ask(provider, stream).events.isEmpty)
            try provider.mode("slow", times: 1, ["first-ms": 150])
            let slow = try ask(provider, stream)
            #expect(try #require(slow.head).milliseconds(since: slow.began) >= 150)
            #expect(try ask(provider, stream).outcome == "complete", "one time only")
        }

        @Test(.timeLimit(.minutes(1)), arguments: streaming)
        func aHangingProviderNoticesThatItsClientWent(dialect: MockProvider.Dialect) throws {
            let provider = provider(dialect)
            try provider.mode("hang", times: 1)
            let silent = try ask(provider, request(dialect, stream: true), within: .milliseconds(200))
            #expect(silent.status == nil && silent.outcome == "timeout")
            try provider.mode("hang-mid", times: 1)
            let half = try start(provider, request(dialect, "one two three four", stream: true))
            try eventually("some events", within: .seconds(5), isTrue: { half.soFar.events.count >= 2 })
            half.abandon()
            try eventually("both noticed", within: .seconds(5), isTrue: { try provider.stats()["clients_gone"] == 2 })
            #expect(try provider.requests().allSatisfy { $0["client_left_early"] == true })
        }

        @Test(.timeLimit(.minutes(1)))
        func aRefusingProviderRefusesConnectionsUntilItsTimeIsOver() throws {
            try openai.mode("refuse", ["for-ms": 300])
            let refused = try ask(openai, request(.openai))
            #expect(refused.outcome == "connect: Connection refused")
            try eventually("open again", within: .seconds(5), isTrue: { try openai.stats()["listening"] == true })
            #expect(try ask(openai, request(.openai)).status == 200)
        }

        @Test(.timeLimit(.minutes(1)))
        func theRecordTellsWhatWasSent() throws {
            _ = try ask(openai, request(.openai, "what came?"))
            let record = try #require(try openai.requests().first)
            #expect(record["headers"]?["authorization"] == "Bearer right")
            #expect(record["body"]?["messages"]?[0]?["content"] == "what came?")
            #expect(record["status"] == 200)
            #expect(record["outcome"] == "answered")
            let file = try JSON.parseLines(TextFile.read(lab.workspace.path("openai.requests")))
            #expect(file == [record])
        }
    }
}
