import Testing
import Wire

@testable import Inference

/// What does a client of another dialect get of words that come in parts, as those of Mistral's models do that think?
struct OpenAIPartsTests {
    private static let parts: [(content: String, text: String?, thought: String?, names: [String])] = [
        (#""hi""#, "hi", nil, []), ("null", nil, nil, []), ("[]", nil, nil, []),
        (#"[{"type":"text","text":"hi"},{"type":"text","text":" you"}]"#, "hi you", nil, []),
        (
            #"[{"type":"thinking","closed":true,"thinking":[{"type":"text","text":"so "},{"type":"text","text":"be it"}]},{"type":"text","text":"hi"}]"#,
            "hi", "so be it", []
        ),
        (#"[{"type":"thinking","thinking":"hm"}]"#, nil, "hm", []),
        (
            #"[{"type":"text","text":"hi"},{"type":"reference","reference_ids":[1]},{"text":"?"}]"#, "hi", nil,
            ["content.reference", "content.type"]
        ),
        (
            #"[{"type":"thinking","thinking":[{"type":"tool_reference","tool":"t"}]}]"#, nil, nil,
            ["content.thinking.tool_reference"]
        ),
    ]

    @Test(arguments: parts)
    func textAndThoughtsAreToldAndOtherPartsNamed(
        content: String,
        text: String?,
        thought: String?,
        names: [String]
    ) throws {
        let choice = #"{"index":0,"message":{"role":"assistant","content":\#(content)},"finish_reason":"stop"}"#
        let answer = try OpenAI.chatAnswer(from: Array(#"{"id":"x","model":"m","choices":[\#(choice)]}"#.utf8))
        #expect((answer.text ?? "") == text ?? "" && (answer.reasoning ?? "") == thought ?? "")
        #expect(answer.untold.names == names.map { "choices.message." + $0 })

        var decoder = OpenAI.StreamDecoder()
        let chunk = #"{"id":"x","model":"m","choices":[{"index":0,"delta":{"content":\#(content)}}]}"#
        var (said, thoughts) = ("", "")
        for event in try decoder.feed(Array("data: \(chunk)\n\n".utf8)) {
            if case .text(let more) = event { said += more }
            if case .reasoning(let more) = event { thoughts += more }
        }
        #expect(said == text ?? "" && thoughts == thought ?? "")
        #expect(decoder.untold.names == names.map { "choices.delta." + $0 })
    }

    @Test(arguments: [
        (
            Dialect.openai, #"{"choices":[{"message":{"content":"x"},"finish_reason":"eos"}]}"#,
            "choices.finish_reason.eos"
        ),
        (
            .anthropic,
            #"{"type":"message","content":[{"type":"text","text":"x"}],"stop_reason":"pause_turn"}"#,
            "stop_reason.pause_turn"
        ),
        (
            .gemini, #"{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"OTHER"}]}"#,
            "candidates.finishReason.OTHER"
        ),
        (.ollama, #"{"message":{"content":"x"},"done":true,"done_reason":"unload"}"#, "done_reason.unload"),
        (
            .responses,
            #"{"status":"incomplete","incomplete_details":{"reason":"tired"},"output":[]}"#,
            "incomplete_details.reason.tired"
        ),
        (
            .responses,
            #"{"status":"completed","output":[{"type":"message","role":"assistant","phase":"commentary","content":[]}]}"#,
            "output.phase.commentary"
        ),
    ])
    func aWordForTheEndThatClientsDoNotHaveIsNamed(provider: Dialect, body: String, name: String) throws {
        #expect(try provider.answer(from: Array(body.utf8)).untold.names == [name])
    }
}
