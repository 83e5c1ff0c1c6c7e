/// Does the gateway serve the real `openai` client, whatever the dialect of the provider behind it?
import Foundation
import Lab
import LabText
import Testing

/// `scripts/test` makes the client's environment and names its interpreter.
private let python = ProcessInfo.processInfo.environment["MARTLET_PYTHON"]

extension ModelsSuites {
    @Suite(
        .serialized,
        .enabled(if: python != nil, "MARTLET_PYTHON names no interpreter with the openai package: run scripts/test")
    )
    struct ModelsClientTests {
        @Test func theOpenAIClientIsServedByBothDialectsAlike() throws {
            let models = try ModelsSite()
            for name in ["chat", "talk"] {
                let result = try Self.check(models, model: name)
                let cases = try JSON.parseLines(result.output)
                for row in cases {
                    #expect(
                        row["ok"]?.bool == true,
                        "\(name): \(row["case"]?.string ?? "?"): \(row["detail"]?.string ?? "")"
                    )
                }
                #expect(cases.count == 18 && result.status == 0, "\(name): \(result.errorOutput)")
            }
            // Each group was served by its own first provider all along.
            let members = try models.show("decisions").elements?.flatMap { Decision(id: "", json: $0).members } ?? []
            #expect(Set(members) == ["chat.first", "talk.first"])
            models.tearDown()
        }

        private static func check(_ models: ModelsSite, model: String) throws -> Command.Result {
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Clients/client_check.py")
            let arguments = ["--base-url", "http://\(Site.lan.v4):\(ModelsSite.port)/v1", "--model", model]
            return try models.site.client.attempt(
                [try #require(python), script.path, "--key", ModelsSite.clientKey("ci")] + arguments
            )
        }
    }
}
