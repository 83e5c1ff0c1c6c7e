/// What do tests of kept responses have in common? Two providers of the Responses API, and what is asked of them.
import NetTypes
import PolicyEngine
import Testing
import Wire

@testable import Inference

enum KeptStage {
    /// Both providers speak the Responses API.
    static func snapshot(keeps: Bool = true) -> GatewaySnapshot {
        var snapshot = Stage.snapshot()
        for place in snapshot.providers.indices {
            snapshot.providers[place].dialect = .responses
            snapshot.providers[place].keepsResponses = keeps ? true : nil
        }
        return snapshot
    }

    static func world(
        _ more: String = "",
        model: String = "chat",
        key: String = "ci",
        _ snapshot: GatewaySnapshot = snapshot()
    ) throws -> ExchangeWorld {
        let world = try ExchangeWorld(snapshot)
        let input = more.contains(#""input":"#) ? "" : #","input":"hello""#
        let body = #"{"model":"\#(model)"\#(input)\#(more)}"#
        let request = ClientRequest(
            dialect: .responses,
            body: Array(body.utf8),
            key: key,
            team: nil,
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        try world.feed(.request(request))
        return world
    }

    static let thought = #"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"sealed"}"#

    static func response(_ more: String = "", _ output: String = "") -> String {
        #"{"id":"resp_own","object":"response","status":"completed","error":null,"output":[\#(output)]\#(more)}"#
    }

    /// What the member gives that is asked for by the second choice's name.
    static func answered(_ world: ExchangeWorld, _ answer: String = response()) throws -> JSONDocument {
        try world.connect()
        try world.answer(Answer.plainHead)
        try world.send(Array(answer.utf8))
        try world.endUpstream()
        return try JSONDocument(world.body)
    }

    static func key(_ view: RoutingView, models: [String]? = nil) -> ServedKey {
        let key = GatewayKey(name: "ci", sha256: String(repeating: "1", count: 64), models: models)
        return ServedKey(key, position: 0, models: view.snapshot.models, subjects: [])
    }

    /// A kept response of the second member, asked for until its provider has the question.
    static func asked(
        _ part: String,
        _ method: PassageRequest.Method,
        _ snapshot: GatewaySnapshot = snapshot()
    ) throws -> (Passage, [ExchangeAction]) {
        let id = try #require(try answered(world(model: "chat.small"))["id"]?.string)
        let view = try RoutingView(snapshot)
        let kept = try #require(view.kept(id, part, query: "a=1", for: key(view)))
        #expect(kept.provider == 1 && view.kept(id + "x", part, query: "", for: key(view)) == nil)
        var request = PassageRequest(
            provider: kept.provider,
            method: method,
            path: kept.path,
            headers: [],
            body: [],
            dialect: .responses,
            key: "ci",
            team: nil,
            source: nil,
            unixMicroseconds: 1_790_000_000_000_000,
            draw: 0
        )
        request.retelling = kept.retelling
        (request.askedHeaders, request.secondOfDay) = ([FactValue.Field(name: "x-app", value: "batch")], 3600)
        var passage = Passage(request, on: view, at: Stage.start)
        var actions = passage.begin(at: Stage.start)
        actions += passage.handle(.connected(AttemptID(0), isReused: false), at: Stage.start)
        return (passage, actions)
    }
}
