import Testing
import Wire

@testable import Inference

/// Is what was not reported kept apart from what was reported as nothing?
struct UsageTests {
    @Test func nothingIsReportedAtFirst() {
        #expect(Usage().isUnreported)
        #expect(Usage().total == nil)
        #expect(!Usage(output: 0).isUnreported)
        #expect(Meter().usage.isUnreported)
    }

    @Test func aLaterReportReplacesOnlyWhatItSays() {
        var usage = Usage(input: 10, output: 1, cachedRead: 4)
        usage.update(with: Usage(output: 9, reasoning: 0))
        #expect(usage == Usage(input: 10, output: 9, cachedRead: 4, reasoning: 0))
    }

    @Test func absurdReportsStopNothing() throws {
        #expect(Usage(input: .max, output: 1).total == .max)
        let body =
            #"{"input_tokens":18446744073709551615,"cache_read_input_tokens":18446744073709551615,"output_tokens":-1}"#
        let usage = Anthropic.usage(try JSONDocument(Array(body.utf8)).root)
        #expect(usage == Usage(input: .max, output: nil, cachedRead: .max))
    }

    @Test func cachedTokensCountWithinTheInputInBothDialects() throws {
        let anthropic =
            #"{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":1}"#
        let openai =
            #"{"prompt_tokens":17,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":2}}"#
        let expected = Usage(input: 17, output: 1, cachedRead: 5, cacheWrite: 2)
        #expect(Anthropic.usage(try JSONDocument(Array(anthropic.utf8)).root) == expected)
        #expect(OpenAI.usage(try JSONDocument(Array(openai.utf8)).root) == expected)
    }

    @Test func soundAndPicturesOfAPromptAreToldInBothDialects() throws {
        let openai =
            #"{"prompt_tokens":17,"completion_tokens":1,"prompt_tokens_details":{"audio_tokens":9,"image_tokens":3,"cached_tokens":2}}"#
        let gemini =
            #"{"promptTokenCount":17,"candidatesTokenCount":1,"cachedContentTokenCount":2,"promptTokensDetails":[{"modality":"TEXT","tokenCount":3},{"modality":"AUDIO","tokenCount":11},{"modality":"IMAGE","tokenCount":3}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":2}]}"#
        var expected = Usage(input: 17, output: 1, cachedRead: 2)
        (expected.audioInput, expected.imageInput) = (9, 3)
        #expect(OpenAI.usage(try JSONDocument(Array(openai.utf8)).root) == expected)
        #expect(Gemini.usage(try JSONDocument(Array(gemini.utf8)).root) == expected)
        let odd = #"{"promptTokenCount":7,"promptTokensDetails":{"modality":"AUDIO"},"cacheTokensDetails":7}"#
        #expect(Gemini.usage(try JSONDocument(Array(odd.utf8)).root)?.audioInput == nil)
    }

    @Test func aWholeAnswerIsMetered() throws {
        let answer = try Anthropic.answer(from: Fixture.bytes("anthropic.tools.answer.json"))
        var meter = Meter()
        meter.observe(answer)
        #expect(meter.usage == Usage(input: 300, output: 42))
        #expect(meter.finish == .toolCalls)
        #expect(meter.bytes == UInt64(#"{"city": "Bern"}{}"#.utf8.count))
        #expect(meter.isComplete)
    }

    @Test func aKeyThatCannotStandInAHeadGivesNoFields() {
        #expect(Dialect.openai.fields(key: "k")?.map(\.value) == ["Bearer k"])
        #expect(Dialect.anthropic.fields(key: "k")?.map(\.name) == ["x-api-key", "anthropic-version"])
        for dialect in Dialect.allCases { #expect(dialect.fields(key: "k\r\nx: y") == nil) }
    }
}
