/// What does this exchange owe, and to whom?
///
/// The attempt that gave the answer is charged, one that the client left while a provider worked on it, and one whose answer was too large to
/// be held; attempts that failed otherwise before anything meaningful came are not. Tokens that the provider did not report are estimated: those of
/// the prompt by its bytes, those of the answer by what came of it. A plain answer comes all at once: of one whose client left before, or that
/// nobody could hold, nobody knows how much the provider had made, and what was reserved for it is owed.
import ConfigSyntax
import PolicyEngine
import Wire

extension Exchange {
    /// Nil when nobody has to be paid.
    func charge() -> CostRow? {
        // Providers count tokens for nothing.
        guard record.operation != .countTokens, let member = debtor else { return nil }
        let isTold = meter.usage.input != nil
        var reported = meter.usage
        // They have no answer to pay for, and do not speak of one.
        if record.operation == .embeddings { reported.output = reported.output ?? 0 }
        let (usage, isEstimated) =
            if let asked = ask?.view, asked.operation.isMedia {
                completedMedia(reported, asked, at: member)
            } else {
                reported.completed(
                    input: isTold ? 0 : ask?.estimatedInput ?? asked?.estimatedInput ?? 0,
                    output: estimatedOutput,
                    isWhole: meter.isComplete
                )
            }
        let second = record.startedUnix / 1_000_000
        let images = view.chargesImages(at: member) ? ask?.imageCount ?? asked?.images ?? 0 : 0
        let cost = view.snapshot.cost(of: usage, at: member, second: second, images: images)
        var row = CostRow(
            provider: view.provider(of: member).name,
            picoDollars: cost.map { UInt64(clamping: $0.money.picoDollars) },
            isUsageEstimated: isEstimated,
            isPriceCeiling: cost?.grounds.contains(.ceilingPrice) ?? false,
            prices: view.snapshot.pricing?.generation,
            input: usage.input ?? 0,
            output: usage.output ?? 0
        )
        row.units = usage.units
        return row
    }
}

extension Exchange {
    private var estimatedOutput: UInt64 {
        if record.operation == .embeddings { return 0 }
        // Nobody here sees the end of an answer that is made in the background.
        let isInBackground = ask?.view.isInBackground ?? asked?.isInBackground ?? false
        let isUnseen = isInBackground && meter.usage.output == nil
        let isUnread = record.outcome == .clientGone || lastFailure?.kind.isOfWorkDone ?? false
        let isCutShort = isUnseen || (!record.isStreamed && !meter.isComplete && isUnread)
        return isCutShort ? max(meter.estimatedOutput, load.answer) : meter.estimatedOutput
    }
}

extension ClientAsk {
    var estimatedInput: UInt64 { view.estimatedInputTokens }
    var imageCount: UInt64 { view.imageCount }
}

extension RequestView {
    /// Images among the parts of all messages. Walks over them: ask only where images are paid for.
    var imageCount: UInt64 {
        let type =
            switch dialect {
            case .openai, .mistral: "image_url"
            case .responses: "input_image"
            case .anthropic, .gemini, .ollama: "image"
            }
        return messages.elements.reduce(0) { count, message in
            (message["content"]?.elements).map { parts in
                parts.reduce(count) { $0 + ($1["type"]?.string == type ? 1 : 0) }
            } ?? count
        }
    }
}

extension RoutingView {
    /// Whether images are paid for beside their tokens.
    fileprivate func chargesImages(at member: MemberID) -> Bool {
        if let price = deployment(of: member).price { return price.rows.contains { $0.rates.image > 0 } }
        guard case .ceiling(let rates)? = snapshot.pricing?.unknown else { return false }
        return rates.image > 0
    }
}
