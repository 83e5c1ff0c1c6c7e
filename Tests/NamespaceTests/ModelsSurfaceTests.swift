/// What does the model API show at its own addresses, and what does it never show?
import Lab
import LabText
import Testing

/// One request and what must come back.
private struct Row {
    var path: String
    var body: JSON?
    var key: String?
    var status: Int
    var says: String
}

extension ModelsSuites {
    @Suite(.serialized) struct ModelsSurfaceTests {
        private static let rows = [
            Row(path: "/v1/models", key: "ci", status: 200, says: "\"chat.second\""),
            Row(path: "/v1/models/talk", key: "ci", status: 200, says: "\"talk\""),
            Row(path: "/v1/models/nobody", key: "ci", status: 404, says: "model_not_found"),
            Row(path: "/v1/models", status: 401, says: "invalid_api_key"),
            Row(path: "/v1/models", key: "stranger", status: 401, says: "invalid_api_key"),
            Row(
                path: ModelsSite.chatPath,
                body: ModelsSite.question("chat", isStreamed: false),
                status: 401,
                says: "invalid_api_key"
            ),
            Row(
                path: ModelsSite.chatPath,
                body: ModelsSite.question("nobody", isStreamed: true),
                key: "ci",
                status: 404,
                says: "model_not_found"
            ),
            Row(path: ModelsSite.chatPath, body: ["model": 7], key: "ci", status: 400, says: "error"),
            Row(path: ModelsSite.chatPath, key: "ci", status: 405, says: "method_not_supported"),
            Row(path: "/v1/models", body: [:], key: "ci", status: 405, says: "method_not_supported"),
            Row(path: "/v1/unknown", key: "ci", status: 404, says: "unknown_url"),
            Row(path: "/health/live", status: 200, says: "live"),
            Row(path: "/health/ready", status: 200, says: "ready"),
            Row(
                path: ModelsSite.chatPath,
                body: ModelsSite.question("chat", isStreamed: false),
                key: "ci",
                status: 200,
                says: "echo"
            ),
            Row(
                path: ModelsSite.chatPath,
                body: ModelsSite.question("talk", isStreamed: false),
                key: "ci",
                status: 200,
                says: "echo"
            ),
        ]

        @Test func everyAddressAnswersWithItsStatusAndTheNumberOfItsDecision() throws {
            let models = try ModelsSite()
            var numbers: Set<String> = []
            for row in Self.rows {
                let answer = try models.ask(row.path, row.body, key: row.key)
                #expect(answer.status == row.status, "\(row): \(answer)")
                #expect(answer.body?.contains(row.says) == true, "\(row): \(answer.body ?? "no body")")
                let number = try #require(answer.headers["x-martlet-decision"]?.string, "\(row)")
                #expect(number.utf8.count == 24)
                numbers.insert(number)
            }
            #expect(numbers.count == Self.rows.count, "each has its own")
            models.tearDown()
        }

        @Test func aKeyTurnsUpNowhere() throws {
            let models = try ModelsSite { file, _ in file.keys = ["ci", "other"] }
            // Everything that could make somebody quote a key: a wrong one, a provider that refuses ours, one that cannot be read.
            _ = try models.ask("/v1/models", key: "stranger")
            try models.openai.mode("401")
            let refused = try models.chat("chat", isStreamed: false)
            #expect(try models.decision(refused).failures == ["unauthorised", nil])
            #expect(models.log.contains("upstream-unauthorised"), "\(models.log)")
            let seen = try ["status", "members", "groups", "providers", "policies", "decisions"].map { table in
                table == "status" ? try models.martlet("status", "--json").output : try models.show(table).description
            }
            let explanation = try models.martlet("explain", try models.decision(refused).id).output
            #expect(models.process.stop()?.isSuccess == true)
            let recording = TextFile.read(models.recording)
            #expect(recording.utf8.count > 1000 && models.log.utf8.count > 500)
            let secrets = [
                ModelsSite.openaiKey, ModelsSite.anthropicKey, ModelsSite.clientKey("ci"),
                ModelsSite.clientKey("stranger"),
            ]
            for (place, text) in [
                ("log", models.log), ("recording", recording), ("tables", seen.joined()), ("explain", explanation),
            ] {
                for secret in secrets { #expect(!text.contains(secret), "\(secret) stands in the \(place)") }
            }
            // Nor does the prompt.
            #expect(!models.log.contains(ModelsSite.words) && !recording.contains(ModelsSite.words))
            models.tearDown()
        }
    }
}
