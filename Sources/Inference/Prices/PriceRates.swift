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
    /// Pico-dollars a token of the prompt that stands for a picture, or for sound; nil: as `input`.
    package var imageInput: UInt64?
    package var audioInput: UInt64?
    /// What is charged by the piece; nil: nothing. Whatever has such a rate is not charged by its tokens.
    package var pieces: PieceRates?

    /// Rates of what is no token.
    package struct PieceRates: Hashable, Sendable, Codable {
        /// Pico-dollars a picture that was made.
        package var madeImage: UInt64?
        /// Pico-dollars a second of sound that was heard.
        package var second: UInt64?
        /// Pico-dollars a character that was spoken.
        package var character: UInt64?

        /// Rates; nil: it is not charged by this.
        package init(madeImage: UInt64? = nil, second: UInt64? = nil, character: UInt64? = nil) {
            (self.madeImage, self.second, self.character) = (madeImage, second, character)
        }

        /// Whether there is none.
        package var isEmpty: Bool { self == PieceRates() }

        /// Whether nothing is to be paid by it.
        var isFree: Bool { (madeImage ?? 0) == 0 && (second ?? 0) == 0 && (character ?? 0) == 0 }

        /// Pico-dollars; nil: nothing of it has a rate. Less than a pico-dollar is one.
        func cost(of units: MediaUnits) -> Int128? {
            let parts = [
                madeImage.flatMap { units.images > 0 ? product(units.images, $0) : nil },
                second.flatMap { units.milliseconds > 0 ? (product(units.milliseconds, $0) + 999) / 1000 : nil },
                character.flatMap { units.characters > 0 ? product(units.characters, $0) : nil },
            ].compactMap(\.self)
            return parts.isEmpty ? nil : parts.reduce(0, +)
        }
    }

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
        if let pieces, let units = usage.units, let cost = pieces.cost(of: units) { return cost + Int128(request) }
        let prompt = usage.input ?? 0
        let cached = min(usage.cachedRead ?? 0, prompt)
        let written = min(usage.cacheWrite ?? 0, prompt - cached)
        let answer = usage.output ?? 0
        let thought = min(usage.reasoning ?? 0, answer)
        let shown = min(imageInput == nil ? 0 : usage.imageInput ?? 0, prompt - cached - written)
        let heard = min(audioInput == nil ? 0 : usage.audioInput ?? 0, prompt - cached - written - shown)
        return product(prompt - cached - written - shown - heard, input)
            + product(shown, imageInput ?? input)
            + product(heard, audioInput ?? input)
            + product(cached, cachedInput ?? input)
            + product(written, cacheWrite ?? input)
            + product(answer - thought, output)
            + product(thought, reasoning ?? output)
            + product(images, image)
            + Int128(request)
    }
}

private func product(_ count: UInt64, _ rate: UInt64) -> Int128 { Int128(count) * Int128(rate) }
