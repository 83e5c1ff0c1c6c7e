/// Who can do what a request needs: the others are no candidates, and a request that nobody can serve is told so.
import Chance
import ConfigSyntax
import NetTypes
import PolicyEngine
import Testing

@testable import Inference

@Suite struct FitnessTests {
    /// chat: big and small with these facts; nobody minds paths.
    private func snapshot(_ big: ModelFacts?, _ small: ModelFacts?) -> GatewaySnapshot {
        var snapshot = Stage.snapshot()
        snapshot.providers[0].path = nil
        (snapshot.deployments[0].facts, snapshot.deployments[1].facts) = (big, small)
        return snapshot
    }

    /// Who is asked, why each other member is not, and the error's status and code when nobody is.
    private func outcome(
        _ snapshot: GatewaySnapshot,
        _ body: String,
        _ dialect: ClientDialect = .openai
    ) throws -> (asked: String?, rows: [String], status: Int?, code: String?, text: String) {
        let world = try ExchangeWorld(snapshot)
        try world.feed(Stage.request(Array(body.utf8), dialect: dialect))
        let asked = world.order.map { $0.provider == 0 ? "big" : "small" }
        if asked != nil { try world.feed(.clientGone) }
        let record = try #require(world.record)
        let rows = record.candidates.map { $0.cause ?? $0.reason }
        return (asked, rows, world.head?.status, record.errorCode, world.text)
    }

    private static let image = #"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#
    private static let tools = #""tools":[{"type":"function","function":{"name":"f"}}]"#

    private static func chat(_ more: String = "", content: String = #""hello""#) -> String {
        #"{"model":"chat","messages":[{"role":"user","content":\#(content)}]\#(more.isEmpty ? "" : ",\(more)")}"#
    }

    /// `big` lacks what is asked for and would be the first; `small` is not known to.
    @Test(
        arguments: [
            (chat(tools), "lacks-tools"),
            (chat(content: "[\(image)]"), "lacks-images"),
            (chat(content: #"[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]"#), "lacks-audio"),
            (chat(#""modalities":["text","audio"],"audio":{"voice":"ash","format":"wav"}"#), "lacks-audio"),
            (chat(content: #"[{"type":"file","file":{"file_data":"x"}}]"#), "lacks-files"),
            (chat(#""response_format":{"type":"json_schema","json_schema":{"name":"a"}}"#), "lacks-json-schema"),
            (chat(#""reasoning_effort":"low""#), "lacks-thinking"),
        ] as [(String, String)]
    )
    func whoIsKnownToLackItIsPassedOver(_ body: String, _ cause: String) throws {
        let snapshot = snapshot(ModelFacts(capabilities: .chat), nil)
        let asked = try RoutingView(snapshot)
        var facts = try Stage.facts(Array(body.utf8))
        guard case .use(let offer, _, _) = asked.route(&facts, draw: 0) else {
            Issue.record("not routed")
            return
        }
        let set = asked.candidates(for: offer, asked.need(of: &facts, for: offer), without: Exclusions())
        #expect(set.rows.map(\.cause) == [cause, nil])
        #expect(set.eligible.map { asked.memberNames[$0.member.index] } == ["chat.small"])
    }

    @Test(
        arguments: [
            (chat(), "nothing but text"), (chat(#""tools":[]"#), "no tool is offered"),
            (chat(#""reasoning_effort":"none""#), "no thinking"),
            (chat(#""response_format":{"type":"text"}"#), "no schema"),
            (chat(content: #"[{"type":"text","text":"image_url"}]"#), "a word is no picture"),
        ] as [(String, Comment)]
    )
    func whatNeedsNothingGoesToTheFirst(_ body: String, _ why: Comment) throws {
        #expect(try outcome(snapshot(ModelFacts(capabilities: .chat), nil), body).asked == "big", why)
    }

    /// In the words of the other dialect.
    @Test(
        arguments: [
            (#","thinking":{"type":"enabled","budget_tokens":1024}"#, "lacks-thinking"),
            (#","thinking":{"type":"disabled"}"#, "eligible"),
            (#","tools":[{"name":"f","input_schema":{"type":"object"}}]"#, "lacks-tools"),
            (#","output_config":{"format":{"type":"json_schema","schema":{}}}"#, "lacks-json-schema"),
        ] as [(String, String)]
    )
    func aClientOfTheMessagesAPINeedsTheSame(_ more: String, _ cause: String) throws {
        let world = try ExchangeWorld(snapshot(ModelFacts(capabilities: .chat), nil))
        try world.feed(Stage.request(Stage.message(isStreamed: false, more: more), dialect: .anthropic))
        try world.feed(.clientGone)
        let row = try #require(world.record?.candidates.first)
        #expect((row.cause ?? row.reason) == cause)
    }

    @Test func nobodyLeftIsTheRequestsMistakeInTheClientsWords() throws {
        let both = snapshot(ModelFacts(capabilities: .chat), ModelFacts(capabilities: [.chat, .tools]))
        let body = Self.chat(Self.tools, content: "[\(Self.image)]")
        let refused = try outcome(both, body)
        #expect(refused.asked == nil && refused.status == 400 && refused.code == "unsupported_parameter")
        #expect(refused.rows == ["lacks-tools", "lacks-images"])
        #expect(
            refused.text.contains(
                "No model of 'chat' that may serve this request can do all that it needs: tools, images."
            )
        )
        #expect(refused.text.contains(#""param":"tools""#) && refused.text.contains("invalid_request_error"))
        let message = #","tools":[{"name":"f","input_schema":{"type":"object"}}]"#
        let world = try ExchangeWorld(snapshot(ModelFacts(capabilities: .chat), ModelFacts(capabilities: .chat)))
        try world.feed(Stage.request(Stage.message(isStreamed: true, more: message), dialect: .anthropic))
        #expect(world.head?.status == 400 && world.record?.outcome == .rejected)
        #expect(world.text.contains(#""type":"error""#) && world.text.contains("what it needs: tools."))
    }

    /// Somebody could and is only away: coming again helps.
    @Test func whoCouldAndIsAwayMakesItNoMistake() throws {
        var snapshot = snapshot(ModelFacts(capabilities: .chat), nil)
        _ = snapshot.models.set(.drain, of: MemberID(1))
        let refused = try outcome(snapshot, Self.chat(Self.tools))
        #expect(refused.status == 503 && refused.code == "no_candidate")
    }

    @Test func anOtherwisePassesOnWhatItsGroupCannotDo() throws {
        var snapshot = snapshot(ModelFacts(capabilities: .chat), nil)
        let (first, second) = (GatewayPolicy.Target.member(MemberID(0)), GatewayPolicy.Target.member(MemberID(1)))
        snapshot.policies = [
            Stage.policy("first", try Stage.match("any"), first, fallsThrough: true),
            Stage.policy("second", try Stage.match("any"), second),
        ]
        #expect(try outcome(snapshot, Self.chat(Self.tools)).asked == "small")
        #expect(try outcome(snapshot, Self.chat()).asked == "big")
    }

    /// Four bytes to a token: 4,000 bytes of text are about a thousand.
    @Test(
        arguments: [
            (2000, 100_000, 4000, nil, "big", "it fits"),
            (500, 100_000, 4000, nil, "small", "it would not fit into the first"),
            (1500, 100_000, 4000, 900, "small", "with its answer it would not"),
            (900, 800, 4000, nil, "big", "by estimate it fits nowhere, which is no proof"),
            (400, 300, 4000, nil, nil, "no text has so few tokens"),
            (900, 800, 400, 1000, nil, "the answer alone is too long"),
        ] as [(UInt64, UInt64, Int, Int?, String?, Comment)]
    )
    func whatIsTooLargeGoesToWhoTakesIt(
        _ big: UInt64,
        _ small: UInt64,
        _ bytes: Int,
        _ bound: Int?,
        _ asked: String?,
        _ why: Comment
    ) throws {
        let snapshot = snapshot(ModelFacts(context: big), ModelFacts(context: small))
        let text = String(repeating: "word", count: bytes / 4)
        let more = bound.map { #""max_tokens":\#($0)"# } ?? ""
        let found = try outcome(snapshot, Self.chat(more, content: "\"\(text)\""))
        #expect(found.asked == asked, why)
        if asked == nil {
            #expect(
                found.status == 400 && found.code == "context_length_exceeded" && found.rows == ["context", "context"]
            )
            #expect(found.text.contains("the models of 'chat' take \(max(big, small)) for both"))
        }
    }

    /// Two thousand characters are as many however they were written: clients differ in that, and their prompts do not.
    @Test(arguments: ["你", "\\u4f60"]) func anEscapedPromptIsNoLargerThanThatWhichItStandsFor(_ character: String)
        throws
    {
        let text = String(repeating: character, count: 2000)
        let facts = snapshot(ModelFacts(context: 1000), ModelFacts(context: 900))
        #expect(
            try outcome(facts, Self.chat(content: "\"\(text)\"")).asked == "big",
            "6,000 bytes are 750 tokens at least"
        )
        let wide = snapshot(ModelFacts(context: 1600), ModelFacts(context: 1400))
        #expect(try outcome(wide, Self.chat(content: "\"\(text)\"")).rows == ["eligible", "context"])
        let none = snapshot(ModelFacts(context: 700), ModelFacts(context: 600))
        #expect(try outcome(none, Self.chat(content: "\"\(text)\"")).status == 400)
    }

    /// A picture of a megabyte is a few hundred tokens, nobody knows how many.
    @Test func whatIsShownIsNoText() throws {
        let data = String(repeating: "A", count: 40_000)
        let image = #"[{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(data)"}}]"#
        let snapshot = snapshot(ModelFacts(context: 1000), ModelFacts(context: 2000))
        #expect(try outcome(snapshot, Self.chat(content: image)).asked == "big")
    }

    @Test func aLongerAnswerThanAModelGivesIsAskedOfAnother() throws {
        let facts = snapshot(ModelFacts(maxOutput: 100), ModelFacts(maxOutput: 200))
        #expect(try outcome(facts, Self.chat(#""max_tokens":100"#)).asked == "big")
        #expect(try outcome(facts, Self.chat(#""max_completion_tokens":101"#)).asked == "small")
        let refused = try outcome(facts, Self.chat(#""max_tokens":201"#))
        #expect(
            refused.status == 400 && refused.code == "invalid_value" && refused.rows == ["max-output", "max-output"]
        )
        #expect(refused.text.contains("201 tokens are more than the models of 'chat' answer with: 200 at most."))
    }

    @Test func whoGivesNoStreamsIsAskedForPlainAnswers() throws {
        let facts = snapshot(ModelFacts(streams: false), ModelFacts(streams: true))
        #expect(try outcome(facts, Self.chat()).asked == "big")
        #expect(try outcome(facts, Self.chat(#""stream":true"#)).asked == "small")
        let none = try outcome(
            snapshot(ModelFacts(streams: false), ModelFacts(streams: false)),
            Self.chat(#""stream":true"#)
        )
        #expect(none.status == 400 && none.rows == ["no-streams", "no-streams"])
    }

    @Test func aPolicyMayAskForWhatModelsAreSaidToDo() throws {
        let facts = [
            ModelFacts(capabilities: [.chat, .tools]), ModelFacts(capabilities: [.chat, .tools, .images]), nil,
        ]
        for (terms, causes) in [
            (PolicyTerms(only: .init(capabilities: .tools)), [nil, nil]),
            (PolicyTerms(only: .init(capabilities: [.tools, .images])), ["capability", nil]),
            (PolicyTerms(except: .init(capabilities: [.images, .audio])), [nil, "capability"]),
        ] as [(PolicyTerms, [String?])] {
            var snapshot = snapshot(facts[0], facts[1])
            #expect((0..<2).map { snapshot.breach(of: terms, by: MemberID($0))?.name } == causes)
            (snapshot.deployments[0].facts, snapshot.deployments[1].facts) = (nil, nil)
            let unknown = snapshot.breach(of: terms, by: MemberID(0))?.name
            #expect(unknown == (terms.only.capabilities == nil ? nil : "capability"), "what nobody said is no promise")
        }
    }

    /// What is kept for later requests is what would be worked out anew.
    @Test func theSameNeedHasTheSameCandidatesWhateverCameBefore() throws {
        var dice = SeededGenerator(7)
        let can: [Capabilities] = [.chat, [.chat, .tools], [.chat, .images, .tools], [.chat, .thinking]]
        for _ in 0..<40 {
            let facts = { (dice: inout SeededGenerator) in
                Bool.random(using: &dice)
                    ? ModelFacts(
                        context: .random(in: 1...40, using: &dice) * 10,
                        capabilities: can.randomElement(using: &dice)
                    )
                    : nil
            }
            let snapshot = snapshot(facts(&dice), facts(&dice))
            let view = try RoutingView(snapshot)
            let offer = view.offers.offer(of: GroupID(0))
            for _ in 0..<30 {
                var need = RequestNeed(prompt: 10)
                need.wanted = can.randomElement(using: &dice) ?? .chat
                need.text = .random(in: 0...40, using: &dice) * 10
                let kept = view.candidates(for: offer, need, without: Exclusions())
                let anew = snapshot.candidates(for: view.offers.all[offer.index], need, without: Exclusions())
                #expect(kept.rows == anew.rows && kept.eligible == anew.eligible)
            }
        }
    }
}
