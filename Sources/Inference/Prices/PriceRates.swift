/// What does each class of token cost? A vector of whole pico-dollars, so that sums are exact.
package struct PriceRates: Hashable, Sendable, Codable {
    /// Pico-dollars a token of the prompt, as far as no other rate is for it.
    package var input: UInt64
    /// Pico-dollars a token of the answer.
    package var output: UInt64
    /// Pico-dollars a token of the prompt that came from the provider's cache; nil: as `input`, never nothing.
    package var cachedInput: UInt64?
    /// Pico-dollars a token of the prompt that was written to the provider's cache; nil: as `input`.
    package var cacheWrite: UInt64?
    /// Pico-dollars a token that the model only thought; nil: as `output`.
    package var reasoning: UInt64?
    /// Pico-dollars a request, whatever it holds.
    package var request: UInt64
    /// Pico-dollars an image of the prompt, beside its tokens.
    package var image: UInt64

    /// 1,000 USD a token, request or image. Whatever is dearer is a mistake; below it no product with a count of 64 bits, and no
    /// sum of such products, leaves 128 bits.
    package static let largest: UInt64 = 1_000_000_000_000_000

    /// Rates; those that are left out follow `input` and `output`.
    package init(
        input: UInt64,
        output: UInt64,
        cachedInput: UInt64? = nil,
        cacheWrite: UInt64? = nil,
        reasoning: UInt64? = nil,
        request: UInt64 = 0,
        image: UInt64 = 0
    ) {
        (self.input, self.output) = (input, output)
        (self.cachedInput, self.cacheWrite, self.reasoning) = (cachedInput, cacheWrite, reasoning)
        (self.request, self.image) = (request, image)
    }

    /// Pico-dollars for these tokens. What is not reported counts as none: whoever calls has put an estimate there.
    ///
    /// Parts that claim to be more than their whole are cut to it: a provider's slip must not charge a token twice.
    package func cost(of usage: Usage, images: UInt64 = 0) -> Int128 {
        let prompt = usage.input ?? 0
        let cached = min(usage.cachedRead ?? 0, prompt)
        let written = min(usage.cacheWrite ?? 0, prompt - cached)
        let answer = usage.output ?? 0
        let thought = min(usage.reasoning ?? 0, answer)
        return Self.product(prompt - cached - written, input)
            + Self.product(cached, cachedInput ?? input)
            + Self.product(written, cacheWrite ?? input)
            + Self.product(answer - thought, output)
            + Self.product(thought, reasoning ?? output)
            + Self.product(images, image)
            + Int128(request)
    }

    private static func product(_ count: UInt64, _ rate: UInt64) -> Int128 { Int128(count) * Int128(rate) }
}
