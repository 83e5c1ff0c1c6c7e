/// Is a gateway that stands still noticed, said and replaced, and is all there that it had settled? It takes as long as the daemon gives a gateway,
/// half a minute; so it stands beside the suites that measure times, not in their line.
import Foundation
import Glibc
import Lab
import LabText
import Testing

@Suite(.serialized, .enabled(if: Programs.obstacle == nil, Comment(rawValue: Programs.obstacle ?? "")))
struct ModelsHangTests {
    private static let prices = "price: { input: 1 USD/Mtok, output: 2 USD/Mtok }"

    @Test func aGatewayThatStandsStillIsSaidAndReplacedAndWhatItSettledIsThereOnce() throws {
        let models = try ModelsSite { file, _ in
            file.groups = [
                "chat: { members: { only: { provider: oai, model: gpt-5, \(Self.prices) } }, \(ModelsFile.timeouts), \(ModelsFile.patient) }"
            ]
        }
        var answers = try (0..<5).map { try models.chat("chat", isStreamed: $0 % 2 == 1) }
        let old = try models.gateway()
        // It is not killed: its sockets stand, its clients wait, and nothing but its silence tells.
        kill(old, SIGSTOP)
        let stopped = Moment.now
        let question = ModelsSite.question("chat", isStreamed: false)
        let waiting = try models.begin(ModelsSite.chatPath, question, within: .seconds(170))
        #expect(try models.show("members").elements?.isEmpty == false, "the daemon does not wait for it")
        let new = try eventually("another gateway; log: \(models.log)", within: .seconds(150)) {
            models.gateways.first { $0 != old }
        }
        print("SIGSTOP of the gateway: another one \(rounded(Moment.now.milliseconds(since: stopped))) after it")
        answers.append(try waiting.finish())
        #expect(answers.map(\.status) == Array(repeating: 200, count: 6), "who waited is served by the next one")
        #expect(ModelsSite.status(old).isEmpty && ModelsSite.status(new)["Name"] != nil)
        let status = try models.martlet("status").output
        #expect(status.contains("process \(old) did not answer for"), "\(status)")
        for answer in answers {
            let id = try #require(answer.headers["x-martlet-decision"]?.string)
            let reply = try models.martlet("explain", id)
            #expect(reply.status == 0 && reply.output.contains("USD to oai"), "\(id): \(reply.output)")
        }
        let usage = try JSON.parse(try models.martlet("usage", "--by", "key", "--json").output)["total"]
        #expect(usage?["requests"]?.integer == answers.count, "\(usage ?? .null)")
        #expect(try models.openai.requests().count { $0["status"]?.integer == 200 } == answers.count)
        models.tearDown()
    }
}
