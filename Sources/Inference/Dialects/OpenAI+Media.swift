import Wire

/// What do answers about pictures, sound and order tell of what they used? `usage` is in tokens for the newer models, in seconds for others, and
/// not there at all for the rest; what was made is counted where it can be.
extension OpenAI {
    /// What a whole answer in JSON tells.
    static func observed(media body: [UInt8], of operation: ModelOperation) -> Observed {
        var observed = Observed(raw: body[...])
        guard let document = try? JSONDocument(body, limits: .answer) else {
            observed.error = .malformed("The provider's answer is no JSON.")
            return observed
        }
        observed.error = embeddedError(document)
        observed.usage = mediaUsage(document, of: operation)
        observed.isDone = observed.error == nil
        return observed
    }

    /// Tokens, seconds and pictures of an answer or of the event that ends one.
    static func mediaUsage(_ document: JSONDocument, of operation: ModelOperation) -> Usage {
        var usage = tokens(document["usage"]) ?? tokens(document["meta"]?["tokens"]) ?? Usage()
        var units = MediaUnits()
        if operation.makesImages, let data = document["data"], data.kind == .array {
            units.images = data.elements.reduce(0) { count, _ in count + 1 }
        }
        if operation.hears, usage.input == nil {
            units.milliseconds = milliseconds(document["usage"]?["seconds"] ?? document["duration"]) ?? 0
        }
        if !units.isEmpty { usage.units = units }
        return usage
    }

    private static func tokens(_ value: JSONView?) -> Usage? {
        guard let value, value.kind == .object else { return nil }
        let details = value["input_tokens_details"] ?? value["input_token_details"] ?? value["prompt_tokens_details"]
        var usage = Usage(
            input: value["input_tokens"]?.unsigned ?? value["prompt_tokens"]?.unsigned,
            output: value["output_tokens"]?.unsigned ?? value["completion_tokens"]?.unsigned,
            cachedRead: details?["cached_tokens"]?.unsigned
        )
        // Rankings have nothing but a prompt.
        if usage.input == nil, usage.output == nil { usage.input = value["total_tokens"]?.unsigned }
        usage.imageInput = details?["image_tokens"]?.unsigned
        usage.audioInput = details?["audio_tokens"]?.unsigned
        return usage.isUnreported ? nil : usage
    }

    /// A year; whoever tells of more tells nothing.
    private static let mostSeconds = 31_536_000.0

    /// Of a number of seconds, rounded up.
    private static func milliseconds(_ seconds: JSONView?) -> UInt64? {
        guard let seconds = seconds?.double ?? seconds?.string.flatMap(Double.init), seconds >= 0,
            seconds <= mostSeconds
        else { return nil }
        return UInt64((seconds * 1000).rounded(.up))
    }

    /// Watches a stream of pictures, speech or words that passes through. It has no mark of its end but the connection's; the event before it
    /// says that all is there, and what it used.
    struct MediaObserver: Sendable {
        private var reader = EventStreamReader()
        private let operation: ModelOperation

        init(_ operation: ModelOperation) { self.operation = operation }

        mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [Observed] {
            reader.append(bytes.span.bytes)
            var observed: [Observed] = []
            while let event = try reader.nextOfProvider() { observed.append(look(at: event)) }
            return observed
        }

        mutating func finish() -> Observed? { reader.lastOfProvider().map { look(at: $0) } }

        private func look(at event: ServerSentEvent) -> Observed {
            var observed = Observed(raw: event.raw)
            guard let data = event.data else { return observed }
            observed.isMeaningful = true
            guard data != OpenAI.doneMark, let document = try? JSONDocument(data, limits: .answer) else {
                return observed
            }
            if let error = OpenAI.embeddedError(document) {
                observed.error = error
                observed.isForwarded = false
                return observed
            }
            guard let type = document["type"]?.string ?? (event.name.isEmpty ? nil : event.name) else {
                return observed
            }
            guard type.hasSuffix(".completed") || type.hasSuffix(".done") else { return observed }
            observed.finish = .stop
            var usage = OpenAI.mediaUsage(document, of: operation)
            if operation.makesImages { usage.units = MediaUnits(images: 1) }
            observed.usage = usage
            return observed
        }
    }
}

extension ModelOperation {
    /// Whether it makes pictures.
    var makesImages: Bool { self == .imageGeneration || self == .imageEdit || self == .imageVariation }

    /// Whether sound is what it works on.
    var hears: Bool { self == .transcription || self == .translation }
}
