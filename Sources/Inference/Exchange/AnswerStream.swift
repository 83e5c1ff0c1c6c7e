/// What does a provider's stream become for the client? Bytes as they came when both speak the same dialect, else events made
/// anew in the client's; the meter sees both.

/// One step of a stream, ready for the client.
struct AnswerPiece: Sendable {
    /// For the client; may be empty.
    var bytes: ArraySlice<UInt8>
    /// Whether the client has something of the answer after it: the content commit.
    var isMeaningful = false
    var error: UpstreamError?
    /// The provider said that the answer is whole.
    var isDone = false
}

/// Reads one provider's stream. One of its four ways is there: they are stored apart, and not in an enum, so that they are changed
/// in place instead of being copied with their buffers at every chunk.
struct AnswerStream: Sendable {
    private struct ToOpenAI {
        var decoder = Anthropic.StreamDecoder()
        var encoder: OpenAI.StreamEncoder
    }

    private struct ToAnthropic {
        var decoder = OpenAI.StreamDecoder()
        var encoder: Anthropic.StreamEncoder
    }

    private var openAI: OpenAI.StreamObserver?
    private var anthropic: Anthropic.StreamObserver?
    private var toOpenAI: ToOpenAI?
    private var toAnthropic: ToAnthropic?

    /// - Parameters:
    ///   - provider: the provider's dialect.
    ///   - id: the answer's name for a client whose dialect is not the provider's.
    ///   - model: the model's name as the client knows it.
    ///   - created: seconds since 1970.
    ///   - includeUsage: whether the client asked for the usage.
    init(
        from provider: Dialect,
        to client: ClientDialect,
        id: String,
        model: String,
        created: UInt64,
        includeUsage: Bool
    ) {
        switch (provider, client) {
        case (.openai, .openai): openAI = OpenAI.StreamObserver(includeUsage: includeUsage)
        case (.anthropic, .anthropic): anthropic = Anthropic.StreamObserver()
        case (.anthropic, .openai):
            let encoder = OpenAI.StreamEncoder(id: id, model: model, created: created, includeUsage: includeUsage)
            toOpenAI = ToOpenAI(encoder: encoder)
        case (.openai, .anthropic): toAnthropic = ToAnthropic(encoder: Anthropic.StreamEncoder(id: id, model: model))
        }
    }

    /// Takes bytes in and gives what they complete.
    /// - Throws: when they are no stream of the dialect.
    mutating func feed(_ bytes: [UInt8], into meter: inout Meter) throws(UpstreamError) -> [AnswerPiece] {
        if let observed = try openAI?.feed(bytes) { return observed.map { Self.piece($0, &meter) } }
        if let observed = try anthropic?.feed(bytes) { return observed.map { Self.piece($0, &meter) } }
        if let events = try toOpenAI?.decoder.feed(bytes) { return events.map { translated($0, &meter) } }
        let events = try toAnthropic?.decoder.feed(bytes) ?? []
        return events.map { translated($0, &meter) }
    }

    /// What is left when the provider has closed the stream.
    mutating func finish(into meter: inout Meter) throws(UpstreamError) -> [AnswerPiece] {
        if openAI != nil { return openAI?.finish().map { [Self.piece($0, &meter)] } ?? [] }
        if anthropic != nil { return anthropic?.finish().map { [Self.piece($0, &meter)] } ?? [] }
        if let events = try toOpenAI?.decoder.finish() { return events.map { translated($0, &meter) } }
        let events = try toAnthropic?.decoder.finish() ?? []
        return events.map { translated($0, &meter) }
    }

    /// What the client gets in place of the mark that the provider left out, as some servers of OpenAI's dialect do; nil where
    /// the mark is never left out.
    mutating func missingEnd(into meter: inout Meter) -> ArraySlice<UInt8>? {
        if openAI != nil { return Self.doneEvent[...] }
        return toAnthropic == nil ? nil : translated(.done, &meter).bytes
    }

    private static let doneEvent = Array("data: [DONE]\n\n".utf8)

    private static func piece(_ observed: Observed, _ meter: inout Meter) -> AnswerPiece {
        meter.observe(observed)
        return AnswerPiece(
            bytes: observed.isForwarded ? observed.raw : [],
            isMeaningful: observed.isMeaningful,
            error: observed.error,
            isDone: observed.isDone
        )
    }

    private mutating func translated(_ event: ChatEvent, _ meter: inout Meter) -> AnswerPiece {
        meter.observe(event)
        // What an error becomes for the client is the exchange's to say: before the content commit, nothing.
        if case .error(let error) = event { return AnswerPiece(bytes: [], error: error) }
        let bytes = toOpenAI == nil ? toAnthropic?.encoder.encode(event) : toOpenAI?.encoder.encode(event)
        return AnswerPiece(bytes: bytes?[...] ?? [], isMeaningful: event.isMeaningful, isDone: event == .done)
    }
}
