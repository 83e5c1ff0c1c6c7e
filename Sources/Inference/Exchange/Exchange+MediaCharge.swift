/// What does a request about pictures, sound or order use, where its provider does not say? What was asked for is known: so many pictures, a
/// text of so many characters, a file of so many bytes.
import PolicyEngine
import Wire

extension RequestView {
    /// The most pictures that are believed to be asked for at once; OpenAI makes ten.
    private static let mostImages: UInt64 = 1000
    /// Bytes of a file to a millisecond of sound: 128 kbit/s, as music and podcasts have it; speech that was packed harder is longer.
    private static let bytesPerMillisecond: UInt64 = 16
    /// Tokens of a square picture in the best quality, by OpenAI's guide to gpt-image-1.
    private static let tokensPerImage: UInt64 = 4160
    /// Milliseconds of sound to a token of a prompt, by OpenAI's guide to speech.
    private static let millisecondsPerToken: UInt64 = 100

    /// What was asked for, in its own units.
    /// - Parameter uploaded: bytes of the body that came behind what was at hand.
    func askedUnits(beside uploaded: UInt64 = 0) -> MediaUnits {
        if operation.makesImages {
            return MediaUnits(images: min(max(document["n"]?.unsigned ?? 1, 1), Self.mostImages))
        }
        if operation.hears { return MediaUnits(milliseconds: (fileBytes &+ uploaded) / Self.bytesPerMillisecond) }
        guard operation == .speech else { return MediaUnits() }
        return MediaUnits(characters: UInt64(messages.string?.unicodeScalars.count ?? 0))
    }

    /// Tokens of the prompt, estimated: of its text and of what is heard.
    func estimatedMediaInput(beside uploaded: UInt64 = 0) -> UInt64 {
        estimatedInputTokens
            + (operation.hears ? askedUnits(beside: uploaded).milliseconds / Self.millisecondsPerToken : 0)
    }

    /// Tokens of the answer at most, estimated; nil where it is a text as any other.
    var estimatedMediaOutput: UInt64? {
        if operation.makesImages { return askedUnits().images * Self.tokensPerImage }
        // A character takes about as long as a token of sound.
        if operation == .speech { return askedUnits().characters }
        return operation.hasAnswer ? nil : 0
    }
}

extension Exchange {
    /// What is charged, and whether anything in it is an estimate.
    func completedMedia(_ reported: Usage, _ asked: RequestView, at member: MemberID) -> (Usage, isEstimated: Bool) {
        var usage = reported
        let (units, isGuess) = units(reported.units, asked)
        usage.units = units.isEmpty ? nil : units
        if view.isPaidByPiece(usage, at: member, second: record.startedUnix / 1_000_000) {
            (usage.input, usage.output) = (usage.input ?? 0, usage.output ?? 0)
            return (usage, isGuess)
        }
        // Of tokens that were reported the time is no part.
        if usage.input != nil, asked.operation.hears { usage.units = nil }
        if !asked.operation.hasAnswer { usage.output = usage.output ?? 0 }
        let text = max(meter.estimatedOutput, TokenEstimate.tokens(bytes: record.bytesToClient))
        return usage.completed(
            input: usage.input == nil ? asked.estimatedMediaInput(beside: uploadedBytes) : 0,
            output: usage.output == nil ? asked.estimatedMediaOutput ?? text : 0,
            isWhole: meter.isComplete
        )
    }

    /// Characters are those of the request; pictures and time are reported, or taken to be what was asked for.
    private func units(_ reported: MediaUnits?, _ asked: RequestView) -> (MediaUnits, isGuess: Bool) {
        let wanted = asked.askedUnits(beside: uploadedBytes)
        if asked.operation == .speech { return (wanted, false) }
        guard let reported, !reported.isEmpty else { return (wanted, !wanted.isEmpty) }
        // Who broke off has told of what was there by then.
        guard meter.isComplete else {
            let images = max(reported.images, wanted.images)
            return (MediaUnits(images: images, milliseconds: reported.milliseconds), images != reported.images)
        }
        return (reported, false)
    }
}

extension RoutingView {
    /// Whether what was made or heard is paid for by the piece there.
    fileprivate func isPaidByPiece(_ usage: Usage, at member: MemberID, second: UInt64) -> Bool {
        guard let units = usage.units else { return false }
        let price = deployment(of: member).price
        if let rates = price?.rates(input: usage.input ?? 0, service: usage.service ?? .standard, at: second) {
            return rates.pieces?.cost(of: units) != nil
        }
        guard case .ceiling(let rates)? = snapshot.pricing?.unknown else { return false }
        return rates.pieces?.cost(of: units) != nil
    }
}
