/// What work does a passage ask for? Its body is looked at whatever it says that it is, as some providers do, and so is an address of Gemini's.
import Wire

extension Passage {
    /// What is known of it before it is sent.
    struct Work: Sendable {
        /// The model that its address or its body names.
        var model: String?
        var tariff = Tariff.nothing
        /// Tokens, estimated as for prompts; nothing where no model is named and the ceiling is not owed.
        var prompt: UInt64 = 0
        var answer: UInt64 = 0
        /// The field by which it asks for more than anybody sees here: the provider is to answer at once and to work on by itself, or nobody can
        /// read what it is to do.
        var unseen: String?

        /// Whether it names no model and is paid for by tokens all the same: it may be a prompt.
        var isGuess: Bool { model == nil && answer > 0 }
    }

    /// Of a model's name, in bytes.
    private static let longestName = 512

    /// Looks at what is asked for.
    mutating func weigh() {
        guard request.isWork else { return }
        // As providers read it, who take what we would not.
        let document = try? JSONDocument(request.body, limits: .answer)
        let named = (provider.dialect == .gemini ? request.namedInAddress?.model : nil) ?? document?["model"]?.string
        if let named, !named.isEmpty, named.utf8.count <= Self.longestName { work.model = named }
        if Self.isFlagged(document?["background"]) { work.unseen = "background" }
        if request.isEncoded { work.unseen = "content-encoding" }
        if document == nil, request.seemsJSON { work.unseen = "body" }
        work.tariff = tariff
        let isCeiling = if case .ceiling = work.tariff { true } else { false }
        guard work.model != nil || isCeiling else { return }
        work.prompt = TokenEstimate.tokens(bytes: UInt64(request.body.count))
        work.answer = Exchange.reservedAnswer(work.model == nil ? nil : document.flatMap(Self.bound))
    }

    /// Many a server takes a number or a word for a flag; other words are of another field, as the `background` of a picture.
    private static func isFlagged(_ value: JSONView?) -> Bool {
        guard let value else { return false }
        if let word = value.string { return ["true", "t", "yes", "y", "on", "1"].contains(word.lowercased()) }
        return value.bool ?? !value.isNull
    }

    /// The most tokens that the answer may have, in the words of several dialects.
    private static func bound(_ document: JSONDocument) -> UInt64? {
        ["max_completion_tokens", "max_output_tokens", "max_tokens"].lazy.compactMap { document[$0]?.unsigned }.first
            ?? document.either("generationConfig")?.either("maxOutputTokens")?.unsigned
    }
}

extension PassageRequest {
    /// Whether the body is said to be JSON, or looks like it: a provider may read what cannot be read here.
    fileprivate var seemsJSON: Bool {
        guard !body.isEmpty, !isEncoded else { return false }
        return headers.contains { $0.name == "content-type" && $0.value.lowercased().contains("json") }
            || body.first { $0 > 0x20 && $0 < 0x80 } == UInt8(ascii: "{")
    }

    /// Whether the body is in a code that the provider undoes, and nobody before it.
    fileprivate var isEncoded: Bool {
        headers.contains { $0.name == "content-encoding" && $0.value.lowercased() != "identity" }
    }

    /// The model that an address like Gemini's names, and what is wanted of it: `/v1beta/models/NAME:generateContent`.
    var namedInAddress: (model: String, verb: Substring)? {
        let segments = path.prefix { $0 != "?" }.split(separator: "/").suffix(2).compactMap(RequestAddress.decoded)
        guard segments.count == 2, segments[0] == "models" else { return nil }
        // Behind a semicolon stand parameters, which some servers take away first (RFC 3986 §3.3).
        guard let colon = segments[1].lastIndex(of: ":"), !segments[1].contains(";") else { return nil }
        return (String(segments[1][..<colon]), segments[1][colon...].dropFirst())
    }
}
