/// What does a passage take of limits, and what does it owe? What nobody here has a word for can still be counted: as a request, as one of
/// those that run, and in money by the price of the model that it names, or by the one that the provider's configuration says.
///
/// Only a POST asks a provider for work. Whoever looks at what was made before, and is told what it used then, pays nothing.
import ConfigSyntax
import NetTypes
import PolicyEngine
import Wire

extension Passage {
    /// By what it is charged.
    enum Tariff: Sendable {
        /// Nobody has to be paid.
        case nothing
        /// By tokens, at the price of a member with the same provider and model.
        case member(MemberID)
        /// Each request alike, in pico-dollars.
        case request(UInt64)
        /// By tokens at the ceiling: the model's price is not known.
        case ceiling(PriceRates)
        case unknown
    }

    var tariff: Tariff {
        let second = record.startedUnix / 1_000_000
        let member = view.snapshot.deployments.indices.first { index in
            let deployment = view.snapshot.deployments[index]
            return deployment.provider == request.provider && deployment.model == work.model
                && deployment.price?.rates(input: 0, at: second) != nil
        }
        if let member { return .member(view.snapshot.models.members[member].id) }
        if let price = provider.passThroughPrice { return .request(price) }
        if case .ceiling(let rates)? = view.snapshot.pricing?.unknown { return .ceiling(rates) }
        return .unknown
    }

    /// What tokens cost; nil: that is not known.
    private func price(of usage: Usage) -> UInt64? {
        switch work.tariff {
        case .nothing: return 0
        case .member(let member):
            let cost = view.snapshot.cost(of: usage, at: member, second: record.startedUnix / 1_000_000)
            return cost.map { UInt64(clamping: $0.money.picoDollars) }
        case .request(let price): return price
        case .ceiling(let rates): return UInt64(clamping: rates.cost(of: usage, images: 0))
        case .unknown: return nil
        }
    }
}

// MARK: - Limits and budgets

extension Passage {
    /// Takes the request's part of its key's and its team's limits and budgets; false when they have no room, which the client was told.
    mutating func take(at now: Instant) -> Bool {
        if case .unknown = work.tariff, mustBePriced {
            let error = ClientError(FailureClass.priceUnknown.rule)
            refuse(error, .rejected, more: [Header("x-should-retry", "false")], at: now)
            return false
        }
        guard let key = request.access, key.isLimited else { return true }
        if let unseen = work.unseen {
            refuse(ClientError(.uncounted(unseen)), .rejected, at: now)
            return false
        }
        for subject in key.subjects {
            // An answer that is passed on piece by piece is one of those that run.
            switch subject.take(tokens: reservedTokens, isStreamed: true, at: now) {
            case .success(let hold): load.holds.append(hold)
            case .failure(let refusal):
                refuse(.overLimit(refusal.words), .rejected, more: refusal.retryFields, at: now)
                return false
            }
        }
        return reserveMoney(key.payers, at: now)
    }

    /// Of a prompt as of any; of what is not known to be one a single token, so that nobody comes who has none left.
    private var reservedTokens: UInt64 {
        guard request.isWork else { return 0 }
        guard work.model != nil else { return 1 }
        let (sum, overflow) = work.prompt.addingReportingOverflow(work.answer)
        return overflow ? .max : max(1, sum)
    }

    private mutating func reserveMoney(_ payers: [LoadSubject], at now: Instant) -> Bool {
        guard let amount = price(of: Usage(input: work.prompt, output: work.answer)), amount > 0 else { return true }
        for payer in payers {
            guard let hold = payer.reserve(amount, on: request.localDay ?? 0) else {
                refuse(.overBudget(payer), .rejected, more: [Header("x-should-retry", "false")], at: now)
                return false
            }
            load.money.append(hold)
        }
        return true
    }

    /// What costs nobody knows how much is no budget's to pay, and not served where the operator wants it refused.
    private var mustBePriced: Bool {
        if case .refuse? = view.snapshot.pricing?.unknown { return true }
        return request.access?.hasBudget ?? false
    }

    /// It is over, and the record says what it is charged for.
    mutating func settleLoad(at now: Instant) {
        for hold in load.money { hold.subject.settle(hold, cost: record.cost?.picoDollars ?? 0) }
        for hold in load.holds { hold.subject.settle(hold, tokens: usedTokens, at: now) }
        (load.holds, load.money) = ([], [])
    }

    /// What may be a file or a prompt takes of limits in tokens what its provider reports, and no guess: a large file would keep its key out for hours.
    private var usedTokens: UInt64 {
        guard var cost = record.cost else { return 0 }
        if work.isGuess { (cost.input, cost.output) = (usage?.usage.input ?? 0, usage?.usage.output ?? 0) }
        return Exchange.limitedTokens(of: cost)
    }
}

// MARK: - What is owed

extension Passage {
    /// Nil when nobody has to be paid.
    func charge(isWhole: Bool) -> CostRow? {
        guard owes else { return nil }
        var reported = usage?.usage ?? Usage()
        // Embeddings have no answer to pay for, and do not speak of one.
        if isWhole, reported.input != nil, usage?.isStream == false { reported.output = reported.output ?? 0 }
        let (usage, isEstimated) = reported.completed(
            input: work.prompt,
            output: estimatedOutput(isWhole),
            isWhole: isWhole
        )
        let (isByTokens, isCeiling) =
            switch work.tariff {
            case .ceiling: (true, true)
            case .member: (true, false)
            case .request, .nothing, .unknown: (false, false)
            }
        return CostRow(
            provider: provider.name,
            picoDollars: price(of: usage),
            isUsageEstimated: isEstimated && (isByTokens || work.model != nil),
            isPriceCeiling: isCeiling,
            prices: view.snapshot.pricing?.generation,
            input: usage.input ?? 0,
            output: usage.output ?? 0
        )
    }

    /// A token for each event of a stream. Of what comes in one piece as many as its bytes are, but no more than were reserved, since it may
    /// be a picture; and of one whose client left before, all that was reserved, since nobody knows how much the provider had made. Nor does
    /// anybody know it of what names no model.
    private func estimatedOutput(_ isWhole: Bool) -> UInt64 {
        let events = usage.flatMap { $0.isStream ? $0.events : nil }
        if work.isGuess { return max(work.answer, events ?? 0) }
        guard work.model != nil else { return 0 }
        if let events { return events }
        return isWhole ? min(work.answer, TokenEstimate.tokens(bytes: record.bytesToClient)) : work.answer
    }
}
