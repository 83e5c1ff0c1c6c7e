/// Do local servers join when they are there, serve while their queue is short, and leave the rest to the cloud?
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsServersTests {
        /// A local server of one kind, and the group in which it stands before the cloud.
        private struct Local {
            let kind: MockProvider.Server
            let group: String
            let dialect: MockProvider.Dialect
            let port: Int
            /// Whether it tells of its queue.
            let tells: Bool
        }

        private static let all = [
            Local(kind: .vllm, group: "vllm", dialect: .openai, port: 8001, tells: true),
            Local(kind: .llamaCpp, group: "llama", dialect: .openai, port: 8002, tells: true),
            Local(kind: .ollama, group: "ollama", dialect: .ollama, port: ModelsSite.ollamaPort, tells: false),
        ]

        private static func provider(_ local: Local, _ key: String) -> String {
            let url = "http://\(Site.providers[1].v4):\(local.port)\(local.dialect == .openai ? "/v1" : "")"
            let probe = "probe: { kind: \(local.kind.rawValue), every: 250ms, down-after: 20 }"
            return
                "\(local.group): { dialect: \(local.dialect.rawValue), url: \"\(url)\", key: { file: \(key) }, path: wan, \(probe) }"
        }

        private static func group(_ local: Local) -> String {
            let members =
                "here: { provider: \(local.group), queue-at-most: 2 }, there: { provider: oai, model: gpt-5, tier: 2 }"
            return
                "\(local.group): { members: { \(members) }, \(ModelsFile.timeouts), \(ModelsFile.patient), recover-after: 100ms }"
        }

        /// Waits until requests to the group are served by that member, and tells by which model.
        @discardableResult
        private func served(
            _ models: ModelsSite,
            _ local: Local,
            by member: String,
            _ text: String = "hello",
            model: String? = nil
        ) throws -> String? {
            try eventually(
                "\(local.group) served by \(member) \(model ?? "")",
                within: .seconds(30),
                every: .milliseconds(100)
            ) {
                let answer = try models.chat(local.group, isStreamed: false, text)
                guard answer.status == 200 else { return nil }
                let attempt = try models.decision(answer).json["attempts"]?.elements?.last
                guard attempt?["member"]?.string == "\(local.group).\(member)" else { return nil }
                let asked = attempt?["upstreamModel"]?.string
                return model == nil || asked == model ? .some(asked) : nil
            }
        }

        private func model(_ name: String, _ context: Int) -> JSON {
            ["name": .string(name), "context": .integer(context)]
        }

        @Test func aLocalServerServesWhileItCan() throws {
            let models = try ModelsSite { file, secrets in
                file.providers = [ModelsSite.provider("oai", .openai, secrets.openai)]
                file.providers += Self.all.map { Self.provider($0, secrets.openai) }
                file.groups = Self.all.map(Self.group)
            }
            for local in Self.all {
                try served(models, local, by: "there")
                let server = try models.site.mockProvider(
                    local.dialect,
                    place: 1,
                    name: local.group,
                    key: ModelsSite.openaiKey,
                    port: local.port,
                    models: ["first-model"],
                    server: local.kind
                )
                try served(models, local, by: "here", model: "first-model")
                if local.tells {
                    try server.server(["running": 3])
                    try served(models, local, by: "there")
                    try eventually("\(local.group) explained", within: .seconds(30), every: .milliseconds(100)) {
                        let words = try models.martlet("explain", "model", "hello", "--model", local.group).output
                        return words.contains("excluded (queue)") && words.contains("3 running")
                    }
                    try server.server(["running": 0])
                    try served(models, local, by: "here")
                }
                try server.server(["models": [model("second-model", 1000)]])
                try served(models, local, by: "here", model: "second-model")
                let long = Array(repeating: "word", count: 4000).joined(separator: " ")
                try served(models, local, by: "there", long)
                try shows(models, local)
                try server.mode("refuse")
                try served(models, local, by: "there")
            }
            models.tearDown()
        }

        /// What an operator is told of it.
        private func shows(_ models: ModelsSite, _ local: Local) throws {
            // A round that was too slow to ask for the queue tells none.
            try eventually("\(local.group) shown", within: .seconds(30), every: .milliseconds(100)) {
                let row = try models.show("providers").elements?.first { $0["name"]?.string == local.group }
                let model = row?["server"]?["models"]?.elements?.first
                return model?["name"]?.string == "second-model" && model?["context"]?.integer == 1000
                    && (row?["server"]?["running"]?.integer != nil) == local.tells
            }
            let explained = try models.martlet("explain", "model", "hello", "--model", local.group)
            #expect(
                explained.output.contains("asked for second-model with room for 1000 tokens"),
                "\(explained.output)"
            )
        }
    }
}
