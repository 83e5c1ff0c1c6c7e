import Testing
import Wire

@testable import Inference

/// Is a request fitted to what its provider takes, and is what was left out told?
struct ProviderQuirksTests {
    private static let body =
        #"{"model":"m","seed":1,"store":true,"messages":[{"role":"user","content":"a","name":"n"},{"role":"assistant","reasoning_content":"t","tool_calls":[{"id":"c","index":0}]}]}"#

    @Test(
        "refuses",
        arguments: [
            ([], [], body),
            (["logprobs", "messages.audio", "messages.content.text", "seed.deep"], [], body),
            (
                ["seed"], ["wish seed"],
                body.replacing(#""seed":1,"#, with: "")
            ),
            (
                ["store", "seed"], ["hint store", "wish seed"],
                body.replacing(#""seed":1,"store":true,"#, with: "")
            ),
            (
                ["messages.reasoning_content"], ["hint messages.reasoning_content"],
                body.replacing(#""reasoning_content":"t","#, with: "")
            ),
            (
                ["messages.name", "messages.tool_calls.index", "messages.reasoning_content"],
                ["wish messages.name", "wish messages.tool_calls.index", "hint messages.reasoning_content"],
                body.replacing(#","name":"n""#, with: "").replacing(#""reasoning_content":"t","#, with: "")
                    .replacing(#","index":0"#, with: "")
            ),
            (
                ["messages.name", "messages"], ["wish messages.name", "wish messages"],
                #"{"model":"m","seed":1,"store":true}"#
            ),
        ] as [([String], [String], String)]
    )
    func whatItRefusesIsLeftOutAndNamed(refuses: [String], named: [String], expected: String) {
        let (fitted, omissions) = ProviderQuirks(refuses: refuses).fitted(Array(Self.body.utf8))
        #expect(String(decoding: fitted, as: UTF8.self) == expected)
        #expect(omissions.map { ($0.isWish ? "wish " : "hint ") + $0.field } == named)
    }

    @Test func whatItCallsOtherwiseIsRenamedUnlessBothWereSaid() {
        let quirks = ProviderQuirks(refuses: ["a"], renames: [.init("b", to: "c"), .init("d", to: "e")])
        let (fitted, omissions) = quirks.fitted(Array(#"{"a":1,"b":2,"d":3,"e":4}"#.utf8))
        #expect(String(decoding: fitted, as: UTF8.self) == #"{"e":4,"c":2}"#)
        #expect(omissions == [.wish("a")])
    }

    /// The same name whenever the conversation is sent, and no name that is fit already becomes another.
    @Test func callsAreNamedAsTheProviderTakesIt() throws {
        let call = { (id: String) in #"{"id":"\#(id)","type":"function","function":{"name":"f","arguments":"{}"}}"# }
        let body =
            #"{"messages":[{"role":"assistant","tool_calls":[\#(call("call_1_0")),\#(call("aB3dE5gH9"))]},{"role":"tool","tool_call_id":"call_1_0","content":"1"},{"role":"tool","tool_call_id":"aB3dE5gH9","content":"2"}]}"#
        let quirks = ProviderQuirks(callIDs: 9)
        let (fitted, omissions) = quirks.fitted(Array(body.utf8))
        let messages = try #require(try JSONDocument(fitted)["messages"]?.elements.map(\.self))
        let ids = messages[0]["tool_calls"]?.elements.compactMap { $0["id"]?.string } ?? []
        #expect(ids.count == 2 && ids[1] == "aB3dE5gH9" && ids[0].wholeMatch(of: /[A-Za-z0-9]{9}/) != nil, "\(ids)")
        #expect(messages.dropFirst().map { $0["tool_call_id"]?.string } == ids)
        #expect(omissions.isEmpty && quirks.fitted(fitted).body == fitted)
        #expect(String(decoding: fitted, as: UTF8.self).replacing(ids[0], with: "call_1_0") == body)
    }

    /// The stranger's wish has its own name with the client.
    @Test func whatAProviderRefusesIsToldInTheClientsWords() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"a"}],"options":{"seed":7,"stop":["x"]}}"#
        var ask = ClientAsk(
            try RequestView(body: Array(body.utf8), dialect: .ollama),
            passedOn: [],
            amongOthers: false
        )
        var provider = Stage.snapshot().providers[0]
        provider.quirks = ProviderQuirks(refuses: ["seed", "stop"])
        let (request, omissions) = try ask.request(
            for: provider,
            number: 0,
            at: ProviderAddress(provider),
            Deployment(provider: 0, model: "m", notCarried: .report)
        )
        #expect(omissions == ["options.seed", "options.stop"])
        #expect(!String(decoding: request.body, as: UTF8.self).contains("seed"))
    }
}
