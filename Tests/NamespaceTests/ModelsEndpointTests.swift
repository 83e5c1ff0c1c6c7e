/// Are the real clients served at the addresses beside conversations, and is all of it seen?
import Foundation
import Lab
import LabText
import Testing

/// As in `ModelsClientTests`.
private let python = ProcessInfo.processInfo.environment["MARTLET_PYTHON"]

extension ModelsSuites {
    @Suite(
        .serialized,
        .enabled(if: python != nil, "MARTLET_PYTHON names no interpreter with the clients' packages: run scripts/test")
    )
    struct ModelsEndpointTests {
        @Test func bothClientsAreServedBesideConversations() throws {
            let models = try ModelsSite { file, _ in
                file.providers[0] = file.providers[0].replacing("path: wan }", with: "path: wan, pass-through: true }")
                let facts = "model: gpt-5, context: 200000, capabilities: [tools, completions, embeddings]"
                file.groups[0] = file.groups[0].replacing("model: gpt-5", with: facts)
            }
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Clients/endpoints_check.py")
            let result = try models.site.client.attempt([
                try #require(python), script.path, "--key", ModelsSite.clientKey("ci"), "--base-url",
                "http://\(Site.lan.v4):\(ModelsSite.port)", "--openai", "chat", "--anthropic", "talk",
            ])
            let cases = try JSON.parseLines(result.output)
            for row in cases {
                #expect(row["ok"]?.bool == true, "\(row["case"]?.string ?? "?"): \(row["detail"]?.string ?? "")")
            }
            #expect(cases.count == Self.cases && result.status == 0, "\(result.errorOutput)")
            let passed = try models.show("decisions").elements?.filter { $0["operation"]?.string == "pass_through" }
            #expect(passed?.first?["attempts"]?[0]?["path"]?.string == "wan.fiber", "by the provider's path")
            models.tearDown()
        }

        private static let cases = 9
    }
}
