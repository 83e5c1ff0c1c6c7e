/// What do lists say of pictures, sound and order? Entries as LiteLLM's list has them.
import ConfigSyntax
import Testing

@testable import Inference

@Suite struct MediaPriceTests {
    private static let litellm = """
        {"gpt-image-1": {"cache_read_input_image_token_cost": 2.5e-06, "cache_read_input_token_cost": 1.25e-06,
            "input_cost_per_image_token": 1e-05, "input_cost_per_token": 5e-06, "litellm_provider": "openai",
            "mode": "image_generation", "output_cost_per_image_token": 4e-05},
         "flux": {"output_cost_per_image": 0.003, "litellm_provider": "openai", "mode": "image_generation"},
         "old": {"input_cost_per_image": 0.04, "litellm_provider": "openai", "mode": "image_generation"},
         "both": {"input_cost_per_token": 3e-07, "output_cost_per_token": 3e-05, "output_cost_per_image": 0.039,
            "litellm_provider": "openai", "mode": "image_generation"},
         "tts-1": {"input_cost_per_character": 1.5e-05, "litellm_provider": "openai", "mode": "audio_speech"},
         "gpt-4o-mini-tts": {"input_cost_per_token": 6e-07, "output_cost_per_audio_token": 1.2e-05,
            "output_cost_per_second": 0.00025, "output_cost_per_token": 1e-05, "litellm_provider": "openai",
            "mode": "audio_speech"},
         "whisper-1": {"input_cost_per_second": 0.0001, "litellm_provider": "openai", "mode": "audio_transcription",
            "output_cost_per_second": 0.0001},
         "gpt-4o-transcribe": {"input_cost_per_audio_token": 6e-06, "input_cost_per_token": 2.5e-06,
            "litellm_provider": "openai", "mode": "audio_transcription", "output_cost_per_token": 1e-05},
         "rerank-v3.5": {"input_cost_per_query": 0.002, "input_cost_per_token": 0.0, "litellm_provider": "openai",
            "mode": "rerank", "output_cost_per_token": 0.0},
         "talk": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "input_cost_per_image": 0.01,
            "output_cost_per_image": 0.02, "input_cost_per_second": 0.1, "litellm_provider": "openai", "mode": "chat"}}
        """

    private func rates(_ model: String) throws -> PriceRates {
        let list = try PriceList(Array(Self.litellm.utf8), as: .litellm)
        return try #require(try list.price(provider: "openai", model: model)?.rates(input: 0, at: 0))
    }

    @Test func picturesArePaidByTokensWhereThereAreAny() throws {
        let tokens = try rates("gpt-image-1")
        #expect(tokens.input == 5_000_000 && tokens.output == 40_000_000 && tokens.imageInput == 10_000_000)
        #expect(tokens.pieces == nil)
        #expect(try rates("flux").pieces == PriceRates.PieceRates(madeImage: 3_000_000_000))
        #expect(try rates("old").pieces == PriceRates.PieceRates(madeImage: 40_000_000_000))
        #expect(try rates("old").image == 0, "nothing is shown to it")
        #expect(try rates("both").pieces == nil && rates("both").output == 30_000_000)
    }

    @Test func soundIsPaidByTheCharacterTheSecondOrTokens() throws {
        #expect(try rates("tts-1").pieces == PriceRates.PieceRates(character: 15_000_000))
        #expect(try rates("gpt-4o-mini-tts").output == 12_000_000 && rates("gpt-4o-mini-tts").pieces == nil)
        #expect(try rates("whisper-1").pieces == PriceRates.PieceRates(second: 100_000_000))
        let spoken = try rates("gpt-4o-transcribe")
        #expect(spoken.audioInput == 6_000_000 && spoken.output == 10_000_000 && spoken.pieces == nil)
    }

    @Test func anOrderIsPaidByTheRequestAndAConversationByWhatItWas() throws {
        #expect(try rates("rerank-v3.5").request == 2_000_000_000)
        #expect(try rates("talk").image == 10_000_000_000 && rates("talk").pieces == nil)
    }

    @Test func ourOwnTableHasRatesByThePiece() throws {
        let table = """
            openai whisper - - sound=0.006
            openai tts 0 0 speech=15
            openai flux - - made-image=0.04
            """
        let list = try PriceList(Array(table.utf8), as: .martlet)
        let pieces = { (model: String) in
            (try? list.price(provider: "openai", model: model))?.rates(input: 0, at: 0)?.pieces
        }
        #expect(pieces("whisper") == PriceRates.PieceRates(second: 100_000_000))
        #expect(pieces("tts") == PriceRates.PieceRates(character: 15_000_000))
        #expect(pieces("flux") == PriceRates.PieceRates(madeImage: 40_000_000_000))
        for wrong in ["openai x - -", "openai x - - sound=0.0000000000005", "openai x - - speech=x"] {
            #expect(throws: PriceList.Fault.self) { try PriceList(Array(wrong.utf8), as: .martlet) }
        }
    }

    @Test func partsOfASecondAreRoundedUpAndWhatIsPaidByThePieceNotByTokens() {
        var usage = Usage(input: 100, output: 100)
        usage.units = MediaUnits(milliseconds: 1)
        let rates = PriceRates.PieceRates(second: 1)
        var all = PriceRates(input: 7, output: 7, request: 3)
        all.pieces = rates
        #expect(all.cost(of: usage) == 4, "a pico-dollar and the request")
        usage.units = nil
        #expect(all.cost(of: usage) == 1403)
    }
}
