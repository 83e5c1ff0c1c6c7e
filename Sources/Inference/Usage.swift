/// How many tokens did a request use, of which class? What the provider did not report is nil, never 0: a cost worked out from
/// a guess must be seen to be one.
package struct Usage: Equatable, Sendable {
    /// Tokens of the prompt, those read from and written to a cache included.
    package var input: UInt64?
    /// Tokens of the answer, reasoning included.
    package var output: UInt64?
    /// Tokens of the prompt that were read from the provider's cache, a part of `input`.
    package var cachedRead: UInt64?
    /// Tokens of the prompt that were written to the provider's cache, a part of `input`.
    package var cacheWrite: UInt64?
    /// Tokens of the answer that the model only thought, a part of `output`.
    package var reasoning: UInt64?
    /// How fast the provider says it was paid to be; nil: it says nothing.
    package var service: ServiceClass?
    /// Tokens of the prompt that stand for pictures, a part of `input`.
    package var imageInput: UInt64?
    /// Tokens of the prompt that stand for sound, a part of `input`.
    package var audioInput: UInt64?
    /// What was used besides tokens; nil: nothing that is counted.
    package var units: MediaUnits?

    /// What is known; nil is unreported.
    package init(
        input: UInt64? = nil,
        output: UInt64? = nil,
        cachedRead: UInt64? = nil,
        cacheWrite: UInt64? = nil,
        reasoning: UInt64? = nil,
        service: ServiceClass? = nil
    ) {
        self.input = input
        self.output = output
        self.cachedRead = cachedRead
        self.cacheWrite = cacheWrite
        self.reasoning = reasoning
        self.service = service
    }

    /// Whether the provider reported nothing at all.
    package var isUnreported: Bool {
        input == nil && output == nil && cachedRead == nil && cacheWrite == nil && reasoning == nil && units == nil
    }

    /// Takes a later report over; what it leaves out stays as it was.
    package mutating func update(with later: Usage) {
        input = later.input ?? input
        output = later.output ?? output
        cachedRead = later.cachedRead ?? cachedRead
        cacheWrite = later.cacheWrite ?? cacheWrite
        reasoning = later.reasoning ?? reasoning
        service = later.service ?? service
        imageInput = later.imageInput ?? imageInput
        audioInput = later.audioInput ?? audioInput
        if let more = later.units {
            // A stream tells of each picture when it is there.
            let images = (units?.images ?? 0).addingReportingOverflow(more.images)
            units = more
            units?.images = images.overflow ? .max : images.partialValue
        }
    }

    /// Prompt and answer together, if both were reported. A provider that reports absurd numbers gets the largest number, not
    /// a crash.
    package var total: UInt64? {
        guard let input, let output else { return nil }
        return input.addingReportingOverflow(output).overflow ? .max : input &+ output
    }
}
