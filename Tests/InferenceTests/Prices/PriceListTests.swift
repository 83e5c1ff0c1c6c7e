/// What lists of prices say, in each of their formats. The extracts are cut down to what is read.
import Testing

@testable import Inference

@Suite struct PriceListTests {
    private static let litellm = """
        {"sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "one of many"},
         "gpt-4o": {"cache_read_input_token_cost": 1.25e-06, "cache_read_input_token_cost_priority": 2.125e-06,
            "input_cost_per_token": 2.5e-06, "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token": 1e-05,
            "output_cost_per_token_batches": 5e-06, "litellm_provider": "openai", "max_tokens": 16384, "mode": "chat",
            "search_context_cost_per_query": {"search_context_size_low": 0.03}},
         "gpt-5.4": {"input_cost_per_token": 2.5e-06, "input_cost_per_token_above_272k_tokens": 5e-06,
            "input_cost_per_token_above_272k_tokens_flex": 2.5e-06, "output_cost_per_token": 1.5e-05,
            "cache_creation_input_token_cost_above_1hr": 6e-06, "litellm_provider": "openai", "mode": "chat"},
         "text-embedding-3-small": {"input_cost_per_token": 2e-08, "litellm_provider": "openai", "mode": "embedding"},
         "groq/llama": {"input_cost_per_token": 5.9e-07, "output_cost_per_token": 7.9e-07, "litellm_provider": "groq"},
         "ollama/llama": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "litellm_provider": "ollama"},
         "half": {"input_cost_per_token": 1e-06, "litellm_provider": "openai", "mode": "chat"},
         "wrong": {"input_cost_per_token": -1e-06, "output_cost_per_token": 1, "litellm_provider": "openai"}}
        """

    private static let modelsDev = """
        {"openai": {"models": {
            "gpt-5.4": {"name": "GPT", "cost": {"input": 2.5, "output": 15.0, "cache_read": 0.25,
                "tiers": [{"tier": {"size": 272000}, "input": 5.0, "output": 22.5, "cache_read": 0.5}]}},
            "o1": {"cost": {"input": 15, "output": 60, "reasoning": 60}},
            "free": {"cost": {"input": 0, "output": 0}}, "untold": {"name": "x"},
            "odd": {"cost": {"input": 1, "output": 1, "tiers": [{"input": 2, "output": 2}]}}}},
         "anthropic": {"models": {"claude": {"cost": {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75}}}}}
        """

    private static let own = """
        # ours
        openai  gpt-5  1.25 10.00 0.125   # the plain row

        openai  gpt-5  2.50 15.00 0.25 - 20 above=200000
        openai\tgpt-5  0.625 5 class=flex from=2026-01-01 until=2026-12-31
        local   llama  0 0
        """

    private func list(_ text: String, _ format: PriceList.Format) throws -> PriceList {
        try PriceList(Array(text.utf8), as: format)
    }

    @Test func liteLLMsNamesBecomeRows() throws {
        let list = try list(Self.litellm, .litellm)
        let price = try #require(try list.price(provider: "openai", model: "gpt-4o"))
        #expect(
            price.rates(input: 1, at: 0)
                == PriceRates(input: 2_500_000, output: 10_000_000, cachedInput: 1_250_000)
        )
        #expect(price.rates(input: 1, service: .batch, at: 0) == PriceRates(input: 1_250_000, output: 5_000_000))
        // Only the cached rate is told for this class: the others are the plain ones.
        #expect(
            price.rates(input: 1, service: .priority, at: 0)
                == PriceRates(input: 2_500_000, output: 10_000_000, cachedInput: 2_125_000)
        )
    }

    @Test func liteLLMsLongPromptsInheritWhatTheyDoNotSay() throws {
        let price = try #require(try list(Self.litellm, .litellm).price(provider: "openai", model: "gpt-5.4"))
        #expect(price.rates(input: 272_001, at: 0) == PriceRates(input: 5_000_000, output: 15_000_000))
        #expect(price.rates(input: 272_001, service: .flex, at: 0)?.input == 2_500_000)
        #expect(price.rates(input: 9, at: 0)?.cacheWrite == nil)
    }

    @Test func aModelIsItsProvidersOnly() throws {
        let list = try list(Self.litellm, .litellm)
        #expect(try list.price(provider: "groq", model: "llama") != nil)
        #expect(try list.price(provider: "azure", model: "gpt-4o") == nil)
        #expect(try list.price(provider: "openai", model: "gpt-9") == nil)
        #expect(try list.price(provider: "openai", model: "text-embedding-3-small")?.rows.first?.rates.output == 0)
    }

    @Test func whatAListGivesAwayHasNoPrice() throws {
        #expect(try list(Self.litellm, .litellm).price(provider: "ollama", model: "llama") == nil)
        #expect(try list(Self.litellm, .litellm).price(provider: "openai", model: "half") == nil)
        #expect(try list(Self.modelsDev, .modelsDev).price(provider: "openai", model: "free") == nil)
        #expect(try list(Self.modelsDev, .modelsDev).price(provider: "openai", model: "untold") == nil)
    }

    @Test func modelsDevCountsByTheMillion() throws {
        let list = try list(Self.modelsDev, .modelsDev)
        let price = try #require(try list.price(provider: "openai", model: "gpt-5.4"))
        #expect(price.rates(input: 1, at: 0) == PriceRates(input: 2_500_000, output: 15_000_000, cachedInput: 250_000))
        #expect(
            price.rates(input: 272_001, at: 0)
                == PriceRates(input: 5_000_000, output: 22_500_000, cachedInput: 500_000)
        )
        #expect(try list.price(provider: "openai", model: "o1")?.rows.first?.rates.reasoning == 60_000_000)
        let claude = PriceRates(input: 3_000_000, output: 15_000_000, cachedInput: 300_000, cacheWrite: 3_750_000)
        #expect(try list.price(provider: "anthropic", model: "claude")?.rows.first?.rates == claude)
        #expect(try list.price(provider: "claude", model: "claude") == nil)
    }

    @Test func ourOwnTableHasALineARow() throws {
        let list = try list(Self.own, .martlet)
        let price = try #require(try list.price(provider: "openai", model: "gpt-5"))
        #expect(price.rates(input: 1, at: 0) == PriceRates(input: 1_250_000, output: 10_000_000, cachedInput: 125_000))
        #expect(price.rates(input: 200_001, at: 0)?.reasoning == 20_000_000)
        let day = try #require(CalendarDay("2026-12-31"))
        #expect(price.rates(input: 1, service: .flex, at: day.secondAfter - 1)?.input == 625_000)
        #expect(price.rates(input: 1, service: .flex, at: day.secondAfter)?.input == 1_250_000)
        // A table of one's own may say that something costs nothing.
        #expect(try list.price(provider: "local", model: "llama") == Price(PriceRates(input: 0, output: 0)))
    }

    @Test(arguments: [
        ("openai", "names no model"), ("openai gpt", "has 0 rates"), ("openai gpt 1", "has 1 rates"),
        ("a b 1 2 3 4 5 6", "has 6 rates"), ("a b 1 - 3", "lacks the rate"), ("a b 1 -2", "'-2'"),
        ("a b 1 2,5", "'2,5'"), ("a b 1 2 above=many", "'many'"), ("a b 1 2 class=best", "'best'"),
        ("a b 1 2 from=tomorrow", "'tomorrow'"), ("a b 1 2 since=2026-01-01", "'since=2026-01-01'"),
        ("a b 1 2 above=5 3", "'3'"), ("a b 1 1e99", "'1e99'"),
    ])
    func aWrongLineIsNamed(_ line: String, _ words: String) throws {
        let fault = try #require(throws: PriceList.Fault.self) { try list("# head\n\(line)\n", .martlet) }
        #expect(fault.line == 2 && fault.text == line)
        #expect(fault.words.contains(words), "\(fault.words)")
    }

    @Test func wrongEntriesAreNamed() throws {
        let odd = try #require(throws: PriceList.Fault.self) {
            try list(Self.modelsDev, .modelsDev).price(provider: "openai", model: "odd")
        }
        #expect(odd.words == "a tier of 'openai/odd' has no size")
        let wrong = try #require(throws: PriceList.Fault.self) {
            try list(Self.litellm, .litellm).price(provider: "openai", model: "wrong")
        }
        #expect(wrong.words == "'input_cost_per_token' of 'wrong' is no price")
        #expect(throws: PriceList.Fault.self) { try list("{", .litellm) }
    }

    @Test(
        arguments: [
            ("1.25e-06", 12, 1_250_000), ("1E-06", 12, 1_000_000), ("3e-07", 12, 300_000), ("0.05", 6, 50_000),
            ("75", 6, 75_000_000), ("0", 12, 0), ("0.0", 12, 0), ("1e-13", 12, 1), ("1.5e-12", 12, 2),
            ("1000", 12, 1_000_000_000_000_000),
        ] as [(String, Int, UInt64)]
    )
    func numbersAreReadExactly(_ text: String, _ shift: Int, _ value: UInt64) {
        #expect(PriceNumber.picoDollars(text, shift: shift) == value)
    }

    @Test(arguments: [
        "-1", "1001", "1e3000", "", ".", "e5", "1e", "0x10", "1.2.3", "NaN", "1e40", "99999999999999999999999999999999",
    ])
    func whatIsNoPriceIsNil(_ text: String) { #expect(PriceNumber.picoDollars(text, shift: 12) == nil) }
}
