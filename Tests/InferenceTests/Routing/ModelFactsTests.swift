/// What a list of capabilities says, and whose word goes first.
import Testing

@testable import Inference

@Suite struct ModelFactsTests {
    @Test(
        arguments: [
            ([], ["chat"], "text and nothing else"),
            ([.tools, .images], ["chat", "tools", "images"], "who calls tools converses"),
            ([.embeddings], ["embeddings"], "a model of vectors does not"),
            ([.completions, .embeddings], ["completions", "embeddings"], "nor one of the old kind"),
            ([.chat, .embeddings], ["chat", "embeddings"], "but one may do both"),
        ] as [([Capability], [String], Comment)]
    )
    func aListHoldsChatUnlessItSaysOtherwise(_ listed: [Capability], _ words: [String], _ why: Comment) {
        #expect(Capabilities(listed: listed).words == words, why)
    }

    @Test func everyCapabilityHasAPlaceOfItsOwn() {
        #expect(Capabilities(listed: Capability.allCases).words == Capability.allCases.map(\.rawValue))
    }

    @Test func whatNobodySaidIsNotLacking() {
        #expect(ModelFacts().lacking([.tools, .images]).isEmpty)
        #expect(ModelFacts(capabilities: .chat).lacking([.chat, .tools]) == .tools)
    }

    @Test func theMembersOwnWordGoesFirst() {
        let own = ModelFacts(context: 8, capabilities: [])
        let filled = own.filled(from: ModelFacts(context: 9, maxOutput: 4, capabilities: .tools))
        #expect(filled == ModelFacts(context: 8, maxOutput: 4, capabilities: []))
    }
}
