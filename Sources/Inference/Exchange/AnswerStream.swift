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

/// Reads one provider's stream: it is watched where it passes, else read in the one dialect and told in the other.
struct AnswerStream: Sendable {
    private let isPassed: Bool
    private var observer = ProviderObserver()
    private var decoder = ProviderDecoder()
    private var encoder = ClientEncoder()

    /// - Parameters:
    ///   - provider: the provider's dialect.
    ///   - decision: the request's name, of which those of the answer and of calls without one are made.
    ///   - model: the model's name as the client knows it.
    ///   - created: seconds since 1970.
    ///   - includeUsage: whether the client asked for the usage.
    ///   - isArray: whether the client wants one JSON array in pieces.
    init(
        from provider: Dialect,
        to client: ClientDialect,
        decision: String,
        model: String,
        created: UInt64,
        includeUsage: Bool,
        isArray: Bool = false
    ) {
        isPassed = provider == client.provider
        guard !isPassed else {
            observer = ProviderObserver(provider, includeUsage: includeUsage, isArray: isArray)
            return
        }
        decoder = ProviderDecoder(provider, decision: decision)
        let terms = AnswerTerms(
            decision: decision,
            model: model,
            created: created,
            includeUsage: includeUsage,
            isArray: isArray
        )
        encoder = ClientEncoder(client, terms)
    }

    /// Takes bytes in and gives what they complete.
    /// - Throws: when they are no stream of the dialect.
    mutating func feed(_ bytes: [UInt8], into meter: inout Meter) throws(UpstreamError) -> [AnswerPiece] {
        if isPassed { return try observer.feed(bytes).map { Self.piece($0, &meter) } }
        return try decoder.feed(bytes).map { translated($0, &meter) }
    }

    /// What is left when the provider has closed the stream.
    mutating func finish(into meter: inout Meter) throws(UpstreamError) -> [AnswerPiece] {
        if isPassed { return observer.finish().map { [Self.piece($0, &meter)] } ?? [] }
        return try decoder.finish().map { translated($0, &meter) }
    }

    /// What the client gets in place of the mark that the provider left out, as some servers of OpenAI's dialect do; nil where
    /// the mark is never left out.
    mutating func missingEnd(into meter: inout Meter) -> ArraySlice<UInt8>? {
        if isPassed { return observer.missingEnd }
        return decoder.mayLackEnd ? translated(.done, &meter).bytes : nil
    }

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
        return AnswerPiece(
            bytes: encoder.encode(event)[...],
            isMeaningful: event.isMeaningful,
            isDone: event == .done
        )
    }
}
