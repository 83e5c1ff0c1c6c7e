/// Whose key is it, what may it use, and for how long?
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct KeyRingTests {
    private static func digest(_ secret: String) -> String {
        KeyDigest(bytes: SHA256.digest(Array(secret.utf8)))?.hexadecimal ?? ""
    }

    private static func view(_ keys: [GatewayKey]) throws -> RoutingView {
        var snapshot = Stage.snapshot()
        snapshot.keys = keys
        return try RoutingView(snapshot)
    }

    @Test func aKeyIsFoundByItsBytesAlone() throws {
        let view = try Self.view([
            GatewayKey(name: "a", sha256: Self.digest("secret-a"), team: "x"),
            GatewayKey(name: "b", sha256: Self.digest("secret-b")),
        ])
        #expect(view.keys.key(presented: Array("secret-a".utf8))?.name == "a")
        #expect(view.keys.key(presented: Array("secret-b".utf8))?.name == "b")
        for wrong in ["", "secret-", "secret-aa", "SECRET-A", Self.digest("secret-a")] {
            #expect(view.keys.key(presented: Array(wrong.utf8)) == nil, "\(wrong)")
        }
    }

    @Test func aRotatedKeyHasTwoSecretsUntilItsGraceIsOver() throws {
        var old = GatewayKey(name: "a", sha256: Self.digest("old"))
        old.expires = 100
        let view = try Self.view([GatewayKey(name: "a", sha256: Self.digest("new")), old])
        let found = try #require(view.keys.key(presented: Array("old".utf8)))
        #expect(found.name == "a" && found.isGood(at: 99_999_999) && !found.isGood(at: 100_000_000))
        let new = try #require(view.keys.key(presented: Array("new".utf8)))
        #expect(new.isGood(at: .max - 1))
    }

    @Test func aKeyOfTheSnapshotBeforeIsTheOneOfNowOrNone() throws {
        let key = { (name: String) in GatewayKey(name: name, sha256: Self.digest(name)) }
        let before = try Self.view([key("a"), key("b")])
        let after = try Self.view([key("b"), key("c")])
        let (a, b) = (before.keys.key(presented: Array("a".utf8))!, before.keys.key(presented: Array("b".utf8))!)
        #expect(before.keys.current(a) === a)
        #expect(after.keys.current(a) == nil)
        let now = try #require(after.keys.current(b))
        #expect(now !== b && now.name == "b")
    }

    @Test(
        arguments: [
            (nil, "chat", true, "no scope opens everything"),
            (["chat"], "chat", true, "the group itself"),
            (["chat"], "chat.small", true, "a member of the group"),
            (["chat.small"], "chat.small", true, "the member itself"),
            (["chat.small"], "chat", false, "a member does not open its group"),
            (["chat.small"], "chat.big", false, "nor its neighbours"),
            (["gone"], "chat", false, "a name that is no more opens nothing"),
            (["gone", "chat"], "chat", true, "and closes nothing"),
        ] as [([String]?, String, Bool, String)]
    )
    func aScopeOpensGroupsAndMembers(_ scope: [String]?, _ name: String, _ isOpen: Bool, _ why: String) throws {
        let view = try Self.view([GatewayKey(name: "k", sha256: Self.digest("k"), models: scope)])
        let key = try #require(view.keys.key(presented: Array("k".utf8)))
        let target = try #require(view.target(named: name))
        #expect(view.allows(target, to: key) == isOpen, "\(why)")
        #expect(view.listedModels(for: key).contains { $0.name == name } == isOpen, "\(why)")
    }

    @Test func whatAKeyIsNotForIsNotThereForIt() throws {
        for (scope, model, status) in [
            (["chat.small"], "chat", 404), (["chat.small"], "chat.small", 200), (nil, "chat", 200),
            (["chat"], "chat", 200),
        ] as [([String]?, String, Int)] {
            let view = try Self.view([GatewayKey(name: "k", sha256: Self.digest("k"), models: scope)])
            var exchange = Exchange(on: view)
            let request = ClientRequest(
                body: Stage.body(model: model, isStreamed: false),
                key: "k",
                team: nil,
                access: view.keys.key(presented: Array("k".utf8)),
                source: nil,
                unixMicroseconds: 1,
                draw: 0
            )
            let actions = exchange.handle(.request(request), at: Instant(nanoseconds: 1))
            let heads = actions.compactMap { if case .writeHead(let head) = $0 { head.status } else { nil } }
            #expect(heads == (status == 200 ? [] : [status]), "\(scope ?? []) \(model)")
        }
    }

    @Test func rotationKeepsAFewOldSecretsAndForgetsThoseThatAreOver() {
        var key = StoredKey(name: "a", sha256: "0", createdAt: 0, createdBy: "root")
        key.rotate(to: "1", keepingUntil: 50, at: 10)
        #expect(key.sha256 == "1" && key.former == [.init(sha256: "0", until: 50)])
        key.rotate(to: "2", keepingUntil: 60, at: 60)
        #expect(key.sha256 == "2" && key.former.isEmpty, "a grace of nothing keeps nothing")
        for number in 3...9 { key.rotate(to: "\(number)", keepingUntil: 1000, at: 61) }
        #expect(key.former.map(\.sha256) == ["5", "6", "7", "8"])
    }
}
