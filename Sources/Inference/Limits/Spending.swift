/// How much money may still be spent? Reserved before a provider is asked, corrected by what the request cost, in the period in which
/// the request began.
package import ConfigSyntax

/// A budget of a key or a team.
package struct SpendingLimit: Hashable, Sendable, Codable {
    /// A calendar day or month where the router stands.
    package enum Span: String, Hashable, Sendable, CaseIterable, Codable {
        case day, month

        /// The number of the period that a local date (20261126) lies in; later ones have larger numbers, and a month (20261100) none
        /// that a day of the next would not pass: a budget that is changed from one to the other goes on.
        package func period(of day: Int) -> Int { self == .day ? day : day / 100 * 100 }
    }

    package let picoDollars: UInt64
    package let span: Span

    package init(picoDollars: UInt64, per span: Span) { (self.picoDollars, self.span) = (picoDollars, span) }

    /// Nil for spans that budgets are not counted over.
    package init?(_ budget: Budget) {
        guard let span = Span(rawValue: budget.unit.rawValue) else { return nil }
        self.init(picoDollars: UInt64(clamping: budget.amount.picoDollars), per: span)
    }

    /// As the configuration writes it: `20.00 USD/day`.
    package var words: String { "\(Money(picoDollars: Int128(picoDollars)))/\(span.rawValue)" }
}

/// What a key or a team has spent in one period, as far as the gateway that is told it did not settle it itself.
package struct SpendingUse: Hashable, Sendable, Codable {
    package var kind: LoadSubject.Kind
    package var name: String
    /// 20261126, or 20261100.
    package var period: Int
    package var picoDollars: UInt64

    package init(kind: LoadSubject.Kind, name: String, period: Int, picoDollars: UInt64) {
        (self.kind, self.name, self.period, self.picoDollars) = (kind, name, period, picoDollars)
    }

    package var payer: SpendingBook.Payer { SpendingBook.Payer(kind, name) }
}

/// What a request holds of one budget until it is over.
struct SpendingHold: Sendable {
    let subject: LoadSubject
    let picoDollars: UInt64
    let period: UInt64
}

extension LoadSubject {
    /// Reserves the amount on a local date; nil when it does not fit any more. Nothing always fits.
    func reserve(_ amount: UInt64, on day: Int) -> SpendingHold? {
        guard let budget = limits.budget else { return nil }
        let period = enter(budget.span.period(of: day))
        let elsewhere = words.value(of: .spentElsewhere)
        let left = budget.picoDollars - min(budget.picoDollars, elsewhere)
        let fits = words.update(.spent) { spent in
            let (sum, overflow) = spent.addingReportingOverflow(amount)
            return overflow || sum > left ? nil : sum
        }
        return fits || amount == 0 ? SpendingHold(subject: self, picoDollars: amount, period: period) : nil
    }

    /// The request is over and cost so much. A period that is over is not counted any more.
    func settle(_ hold: SpendingHold, cost: UInt64) {
        guard cost != hold.picoDollars, words.value(of: .period) == hold.period else { return }
        words.update(.spent) { spent in
            let rest = spent - min(spent, hold.picoDollars)
            return rest.addingReportingOverflow(cost).overflow ? .max : rest + cost
        }
    }

    /// What was settled by other processes, as the ledger has it by now.
    func recall(_ use: SpendingUse) {
        guard limits.budget != nil, enter(use.period) == UInt64(clamping: use.period) else { return }
        words.store(use.picoDollars, in: .spentElsewhere)
    }

    /// Goes on to a period, and begins it with nothing; a later one stays, since clocks are set back too. What others reserve at
    /// this very moment is kept.
    private func enter(_ period: Int) -> UInt64 {
        let period = UInt64(clamping: period)
        let (old, spent, elsewhere) = (
            words.value(of: .period), words.value(of: .spent), words.value(of: .spentElsewhere)
        )
        guard old < period else { return old }
        if words.replace(old, with: period, in: .period) {
            words.update(.spent) { $0 - min($0, spent) }
            // What was told of the new period meanwhile stands there already.
            _ = words.replace(elsewhere, with: 0, in: .spentElsewhere)
        }
        return words.value(of: .period)
    }
}
