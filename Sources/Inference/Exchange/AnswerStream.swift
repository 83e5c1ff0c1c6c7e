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
    /// Whether a call had a proof that the client's dialect has no place for.
    private var hasLostProof = false
    /// Whether the client's dialect has a place for it.
    private let takesProofs: Bool
    /// How long the answer took up to now, for clients that are told.
    var times = AnswerTimes()
    /// The number of the client's next event, in the dialect that counts them.
    var sequence: UInt64 { encoder.sequence }

    /// Names of fields that the client never sees.
    var untold: [String] {
        var untold = decoder.untold
        if hasLostProof { untold.note(path: Gemini.proofField) }
        return untold.names
    }

    /// - Parameters:
    ///   - provider: the provider's dialect.
    ///   - terms: what of the request stands in the answer.
    init(from provider: Dialect, to client: ClientDialect, _ terms: AnswerTerms) {
        takesProofs = client.takesProofs
        isPassed = provider == client.provider && !terms.tellsCallsWhole
        guard !isPassed else {
            observer = ProviderObserver(provider, terms)
            return
        }
        decoder = ProviderDecoder(provider, decision: terms.decision)
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
        if isPassed {
            if observer.isOfMedia { meter.observe(ChatEvent.done) }
            return observer.missingEnd
        }
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
        if case .toolCallSignature = event, !takesProofs { hasLostProof = true }
        let bytes = encoder.encode(event, times: times)
        guard !encoder.hasOverflowed else {
            return AnswerPiece(
                bytes: [],
                error: .malformed("A call or answer of the provider's is too large to be told.")
            )
        }
        return AnswerPiece(bytes: bytes[...], isMeaningful: event.isMeaningful, isDone: event == .done)
    }
}
