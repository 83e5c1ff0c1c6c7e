/// How much of the conversation does its member's provider have in a cache by now? Leaving it costs that much more (`RoutingView.pick`).

extension Exchange {
    /// The answer is whole and says what was read from a cache, or written to it.
    mutating func noteCache() {
        guard let talk, record.outcome == .answered, let tokens = meter.usage.cachedByNow else { return }
        view.memory.note(cachedTokens: tokens, of: talk.key)
    }
}

extension Usage {
    /// Tokens of the prompt that are in the provider's cache after this answer; nil: it does not tell. Who says what was written
    /// (Anthropic) caches what he is asked to; who says only what was read (OpenAI) caches all.
    var cachedByNow: UInt64? {
        if let cacheWrite { return cacheWrite.addingReportingOverflow(cachedRead ?? 0).partialValue }
        return cachedRead == nil ? nil : input
    }
}
