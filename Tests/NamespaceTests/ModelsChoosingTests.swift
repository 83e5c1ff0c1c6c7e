/// Does the daemon learn whom to choose, does the gateway choose so, and is it told why?
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsChoosingTests {
        private static let members =
            "members: { slow: { provider: oai, model: gpt-5, quality: 0.9 }, quick: { provider: claude, model: claude-sonnet, quality: 0.6 } }"

        private static let able =
            "members: { plain: { provider: oai, model: gpt-5, capabilities: [] }, handy: \(handy) }"
        private static let handy = "{ provider: claude, model: claude-sonnet, capabilities: [tools], context: 2000 }"

        @Test func theQuickerIsLearntAndPoliciesChooseOtherwise() throws {
            let models = try ModelsSite { file, secrets in
                file.providers = [
                    ModelsSite.provider("oai", .openai, secrets.openai, more: "region: us"),
                    ModelsSite.provider("claude", .anthropic, secrets.anthropic, more: "region: eu"),
                ]
                file.groups = [
                    "chat: { strategy: latency, \(ModelsFile.patient), \(Self.members) }",
                    "a: { members: { one: { provider: oai, model: gpt-5 } } }",
                    "b: { members: { one: { provider: claude, model: claude-sonnet } } }",
                    "able: { strategy: static, \(Self.able) }",
                ]
                file.policies = [
                    #"{ name: batch, match: 'model == "batch" and key.tags has batch', use: able, only: { capability: tools } }"#,
                    #"{ name: best, match: 'model == "best"', use: chat, strategy: quality }"#,
                    #"{ name: european, match: 'model == "european"', use: chat, only: { region: eu }, strategy: quality }"#,
                    #"{ name: trial, match: 'model == "trial"', split: { a: 1, b: 1 }, by: user }"#,
                    #"{ name: code, match: 'prompt.has-code', use: b }"#,
                ]
            }
            try Self.learns(models)
            try Self.obeys(models)
            try Self.findsWhoCan(models)
            #expect(models.process.stop()?.isSuccess == true)
            models.tearDown()
        }

        /// Both are asked until both are known; then the slow one gives way.
        private static func learns(_ models: ModelsSite) throws {
            try models.openai.mode("slow", ["first-ms": 700])
            try eventually("both are measured, and the slow one is behind", within: .seconds(60)) {
                _ = try models.chat("chat", isStreamed: true)
                return try share(of: "chat.slow", models)?["reason"]?.string == "behind"
            }
            let before = try models.openai.requests().count
            for _ in 0..<10 { #expect(try models.chat("chat", isStreamed: true).status == 200) }
            #expect(try models.openai.requests().count == before, "the quick one answered them all")
            let explained = try models.martlet("explain", "model", "hello", "--model", "chat").output
            #expect(explained.contains("would go to chat.quick"), "\(explained)")
            let words = try share(of: "chat.quick", models)?["words"]?.string ?? ""
            #expect(words.contains("score"), "\(words)")
        }

        private static func share(of member: String, _ models: ModelsSite) throws -> JSON? {
            let rows = try models.show("groups").elements ?? []
            return rows.flatMap { $0["shares"]?.elements ?? [] }.first { $0["member"]?.string == member }
        }

        /// By what the file says of the models; the client and the operator are told what is missing.
        private static func findsWhoCan(_ models: ModelsSite) throws {
            #expect(try models.decision(try models.chat("able", isStreamed: false)).members == ["able.plain"])
            let tools: JSON = [["type": "function", "function": ["name": "f", "parameters": ["type": "object"]]]]
            let messages: JSON = [["role": "user", "content": .string(ModelsSite.words)]]
            let handy: JSON = ["model": "able", "messages": messages, "tools": tools]
            let decision = try models.decision(try models.ask(ModelsSite.chatPath, handy))
            #expect(decision.members == ["able.handy"])
            #expect(decision.candidates.first?["cause"]?.string == "lacks-tools")
            let thoughtful: JSON = ["model": "able", "messages": messages, "tools": tools, "reasoning_effort": "low"]
            let refused = try models.ask(ModelsSite.chatPath, thoughtful)
            #expect(refused.status == 400)
            #expect(refused.body?.contains("unsupported_parameter") == true && refused.body?.contains("'able'") == true)
            let explained = try models.martlet("explain", "model", "hello", "--model", "able", "--thinking", "--tools")
                .output
            #expect(explained.contains("would be refused: No model of 'able'"), "\(explained)")
            #expect(explained.contains("lacks-thinking"), "\(explained)")
            let batch = try models.decision(try models.chat("batch", isStreamed: false))
            #expect(batch.json["policy"]?.string == "batch" && batch.members == ["able.handy"])
            let terms = try models.martlet("explain", "model", "hello", "--model", "batch", "--key", "ci").output
            #expect(terms.contains("only capability tools") && terms.contains("would go to able.handy"), "\(terms)")
        }

        private static func obeys(_ models: ModelsSite) throws {
            for (model, member, policy) in [("best", "chat.slow", "best"), ("european", "chat.quick", "european")] {
                let decision = try models.decision(try models.chat(model, isStreamed: false))
                #expect(decision.members == [member] && decision.json["policy"]?.string == policy)
            }
            let ruledOut = try models.decision(try models.chat("european", isStreamed: false)).candidates
            #expect(ruledOut.contains { $0["member"]?.string == "chat.slow" && $0["cause"]?.string == "region" })
            let code = try models.decision(try models.chat("nothing", isStreamed: false, "```\nx = 1\n```"))
            #expect(code.members == ["b.one"])
            let trial = try models.decision(try models.chat("trial", isStreamed: false))
            let arm = try #require(trial.json["arm"]?.string)
            #expect(trial.members == ["\(arm).one"])
            let explained = try models.martlet("explain", trial.id).output
            #expect(explained.contains("arm of a split"), "\(explained)")
            let asked = try models.martlet("explain", "model", "hello", "--model", "trial", "--key", "ci").output
            #expect(asked.contains("its split gives this one to \(arm)"), "\(asked)")
        }
    }
}
