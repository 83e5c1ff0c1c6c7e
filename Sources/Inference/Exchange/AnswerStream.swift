/// What does a provider's stream become for the client? Bytes as they came when both speak the same dialect, else chunks made
/// anew; the meter sees both.

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

/// Reads one provider's stream. One of its two halves is there: both are stored apart, and not in an enum, so that they are
/// changed in place instead of being copied with their buffers at every chunk.
struct AnswerStream: Sendable {
    private struct Translation {
        var decoder = Anthropic.StreamDecoder()
        var encoder: OpenAI.StreamEncoder
    }

    private var observer: OpenAI.StreamObserver?
    private var translation: Translation?

    /// - Parameters:
    ///   - id: the answer's name for a client whose dialect is not the provider's.
    ///   - model: the model's name as the client knows it.
    ///   - created: seconds since 1970.
    init(_ dialect: Dialect, id: String, model: String, created: UInt64, includeUsage: Bool) {
        switch dialect {
        case .openai: observer = OpenAI.StreamObserver(includeUsage: includeUsage)
        case .anthropic:
            let encoder = OpenAI.StreamEncoder(id: id, model: model, created: created, includeUsage: includeUsage)
            translation = Translation(encoder: encoder)
        }
    }

    /// Takes bytes in and gives what they complete.
    /// - Throws: when they are no stream of the dialect.
    mutating func feed(_ bytes: [UInt8], into meter: inout Meter) throws(UpstreamError) -> [AnswerPiece] {
        if let observed = try observer?.feed(bytes) { return observed.map { Self.piece($0, &meter) } }
        let events = try translation?.decoder.feed(bytes) ?? []
        return events.map { translated($0, &meter) }
    }

    /// What is left when the provider has closed the stream.
    mutating func finish(into meter: inout Meter) throws(UpstreamError) -> [AnswerPiece] {
        if let observed = observer?.finish() { return [Self.piece(observed, &meter)] }
        let events = try translation?.decoder.finish() ?? []
        return events.map { translated($0, &meter) }
    }

    private static func piece(_ observed: OpenAI.Observed, _ meter: inout Meter) -> AnswerPiece {
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
        let bytes = translation?.encoder.encode(event) ?? []
        return AnswerPiece(bytes: bytes[...], isMeaningful: event.isMeaningful, isDone: event == .done)
    }
}
