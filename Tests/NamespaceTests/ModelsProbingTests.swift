/// Is it seen without a client that a provider goes and comes back, and who pays for what that takes?
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsProbingTests {
        private static let price = "price: { input: 1 USD/Mtok, output: 2 USD/Mtok }"

        private func health(_ models: ModelsSite) throws -> String? {
            try models.show("members").elements?.first { $0["name"]?.string == "chat.only" }?["health"]?.string
        }

        @Test func aProbePutsAMemberOutAndACanaryBringsItBack() throws {
            let models = try ModelsSite { file, secrets in
                let probe = "probe: { kind: tcp, every: 200ms, down-after: 2 }"
                let canary = "canary: { every: 1h, per-day: 5 }"
                file.providers[0] = ModelsSite.provider("oai", .openai, secrets.openai, more: probe)
                file.groups = [
                    "chat: { members: { only: { provider: oai, model: gpt-5, \(Self.price), \(canary) } }, \(ModelsFile.timeouts), recover-after: 10min }"
                ]
            }
            try models.openai.mode("refuse")
            try eventually("chat.only down", within: .seconds(20)) { try health(models) == "down" }
            #expect(try models.openai.requests().isEmpty, "a connection is no request")
            let down = try models.show("providers").elements?.first?["probe"]?.string
            #expect(down?.contains("connect-refused") == true, "\(down ?? "-")")
            try models.openai.mode("ok")
            try eventually("chat.only up", within: .seconds(20)) { try health(models) == "up" }
            #expect(try models.openai.requests().count == 1, "the canary")
            let record = try models.show("decisions").elements?.first
            #expect(record?["key"]?.string == "(canary)" && record?["outcome"]?.string == "answered")
            try eventually("the canary in the ledger", within: .seconds(10)) {
                let result = try models.martlet("usage", "--by", "key,model,provider", "--json")
                let rows = try JSON.parse(result.output)["rows"]?.elements ?? []
                return rows.map { $0["of"]?.elements?.compactMap(\.string) } == [["(canary)", "gpt-5", "oai"]]
            }
            models.tearDown()
        }
    }
}
