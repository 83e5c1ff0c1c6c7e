/// Do keys that are made, rotated and revoked at run time hold at once, and over a restart?
import Foundation
import Glibc
import Lab
import LabText
import Testing

extension ModelsSuites {
    @Suite(.serialized) struct ModelsKeyTests {
        @Test func aKeyIsGoodFromItsMakingToItsRevocationAndOverARestart() throws {
            let models = try ModelsSite()
            let secret = try models.makeKey("notebook", "--team", "research", "--model", "chat")
            #expect(secret.hasPrefix("mt-") && secret.utf8.count == 46)
            #expect(try models.ask("chat", showing: secret).status == 200, "it serves when the command returns")
            #expect(try models.ask("talk", showing: secret).errorCode == "model_not_found")
            let list = try models.ask("/v1/models", showing: secret)
            #expect(list.texts(of: "id") == ["chat", "chat.first", "chat.second"], "\(list.body ?? list.outcome)")
            try Self.expectItIsKeptClosed(models, secret)

            try models.killAndStartAgain()
            #expect(try models.ask("chat", showing: secret).status == 200, "it outlives kill -9")
            #expect(try models.martlet("keys", "revoke", "notebook").status == 0)
            let refused = try models.ask("chat", showing: secret)
            #expect(refused.status == 401 && refused.errorCode == "invalid_api_key", "the next request is refused")
            #expect(try models.chat("chat", isStreamed: false).status == 200, "declared keys are not touched")
            models.tearDown()
        }

        /// The file holds no secret and is its owner's alone; the table shows where the key comes from and that it was used.
        private static func expectItIsKeptClosed(_ models: ModelsSite, _ secret: String) throws {
            let path = models.state + "/keys.json"
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(!TextFile.read(path).contains(secret.dropFirst(3)))
            let rows = try eventually("the key's use is seen", within: .seconds(5)) {
                let rows = try models.show("keys").elements ?? []
                return rows.contains { $0["lastUsed"]?.integer != nil } ? rows : nil
            }
            #expect(rows.compactMap { $0["name"]?.string } == ["ci", "notebook"])
            #expect(rows.compactMap { $0["origin"]?.string } == ["declared", "stored"])
            #expect(rows.last?["createdBy"]?.string == "root" && rows.last?["team"]?.string == "research")
            let history = try models.martlet("history").output
            #expect(history.contains("keys create notebook") && !history.contains(secret.dropFirst(3)))
            #expect(!models.log.contains(secret.dropFirst(3)))
        }

        @Test func aRotatedKeysOldSecretIsGoodForItsGraceAlone() throws {
            let models = try ModelsSite()
            let first = try models.makeKey("a")
            let second = try models.newSecret("keys", "rotate", "a", "--grace", "1h")
            #expect(try models.ask("chat", showing: first).status == 200)
            #expect(try models.ask("chat", showing: second).status == 200)
            let third = try models.newSecret("keys", "rotate", "a", "--grace", "1s")
            try eventually("the second's grace is over", within: .seconds(10)) {
                try models.ask("chat", showing: second).status == 401
            }
            let fourth = try models.newSecret("keys", "rotate", "a")
            #expect(try models.ask("chat", showing: third).status == 401, "without a grace at once")
            #expect(try models.ask("chat", showing: fourth).status == 200)
            #expect(try models.ask("chat", showing: first).status == 200, "its hour is not over")
            models.tearDown()
        }

        @Test func whatCannotBeAKeyIsRefusedWithItsReason() throws {
            let models = try ModelsSite()
            for (arguments, words) in [
                (["create", "ci"], "declares a key 'ci' already"),
                (["create", "a.b"], "is no name"),
                (["create", "a", "--model", "chta"], "did you mean 'chat'?"),
                (["create", "a", "--expires", "2020-01-01"], "is past"),
                (["create", "a", "--expires", "soon"], "is neither a time"),
                (["revoke", "ci"], "is declared in"),
                (["rotate", "nobody"], "there is no key 'nobody'"),
            ] {
                let result = try models.martlet(["keys"] + arguments)
                #expect(result.status == 1, "\(arguments)")
                let said = result.output + result.errorOutput
                #expect(said.contains(words), "\(arguments): \(said)")
            }
            #expect(try models.show("keys").elements?.count == 1)
            models.tearDown()
        }
    }
}

extension ModelsSite {
    /// Where the daemon keeps its state.
    var state: String { String(socket.prefix(upTo: socket.lastIndex(of: "/") ?? socket.endIndex)) }

    func martlet(_ arguments: [String]) throws -> Command.Result {
        try site.router.attempt([try Programs.built("martlet"), "--socket", socket] + arguments)
    }

    /// The key that a `keys` command shows.
    func newSecret(_ arguments: String...) throws -> String { try newSecret(arguments) }

    func makeKey(_ name: String, _ more: String...) throws -> String { try newSecret(["keys", "create", name] + more) }

    private func newSecret(_ arguments: [String]) throws -> String {
        let result = try martlet(arguments)
        try #require(result.status == 0, "\(arguments): \(result.output)\(result.errorOutput)")
        return try #require(result.output.split(separator: "\n").first.map(String.init))
    }

    /// Asks a model, or a page by its path, with this key.
    func ask(_ what: String, showing secret: String, isStreamed: Bool = false) throws -> WebAnswer {
        let isPage = what.hasPrefix("/")
        return try WebRequest(
            to: "\(Site.lan.v4):\(Self.port)",
            path: isPage ? what : Self.chatPath,
            headers: ["authorization: Bearer \(secret)"],
            // Not `nil`, which would be JSON's null.
            body: isPage ? Optional.none : Self.question(what, isStreamed: isStreamed),
            within: .seconds(30),
            from: site.client,
            in: site.workspace
        ).finish()
    }

    /// As a crash would: daemon and gateway at once.
    func killAndStartAgain() throws {
        let all = [process.pid] + gateways
        for pid in all { kill(pid, SIGKILL) }
        try eventually("they are gone", within: .seconds(5)) { !process.isRunning }
        try startAgain()
        try waitUntilServing()
        try waitUntilUp(["wan.fiber", "wan.cable"])
    }
}

extension WebAnswer {
    /// A field of each row of a list.
    func texts(of field: String) -> [String] {
        let rows = body.flatMap { try? JSON.parse($0) }?["data"]?.elements ?? []
        return rows.compactMap { $0[field]?.string }
    }
}
