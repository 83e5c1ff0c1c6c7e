/// How much money may still be spent? Reserved before a provider is asked, corrected by what the request cost, in the period in which
/// the request began.
package import ConfigSyntax

/// A budget of a key or a team.
package struct SpendingLimit: Hashable, Sendable, Codable {
    /// A calendar day or month where the router stands.
    package enum Span: String, Hashable, Sendable, CaseIterable, Codable {
        case day, month

        /// The number of the period that a local date (20261126) lies in; later ones have larger numbers: 20261126, or 20261100.
        package func period(of day: Int) -> Int { self == .day ? day : day / 100 * 100 }

        /// Where this process and others are counted.
        var words: (spent: LoadWord, elsewhere: LoadWord) {
            switch self {
            case .day: (.spentOfDay, .elsewhereOfDay)
            case .month: (.spentOfMonth, .elsewhereOfMonth)
            }
        }
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

/// What a key or a team has spent, as far as the gateway that is told it did not settle it itself. By day and by month, whichever its
/// budget counts: when the operator changes that, nothing is forgotten.
package struct SpendingUse: Hashable, Sendable, Codable {
    package var kind: LoadSubject.Kind
    package var name: String
    /// The last local date that anybody settled anything on, 20261126.
    package var day: Int
    /// Pico-dollars of that day, and of its month.
    package var ofDay: UInt64
    package var ofMonth: UInt64

    package init(kind: LoadSubject.Kind, name: String, day: Int, ofDay: UInt64, ofMonth: UInt64) {
        (self.kind, self.name, self.day, self.ofDay, self.ofMonth) = (kind, name, day, ofDay, ofMonth)
    }

    package var payer: SpendingBook.Payer { SpendingBook.Payer(kind, name) }
}

/// What a request holds of one budget until it is over.
struct SpendingHold: Sendable {
    let subject: LoadSubject
    let picoDollars: UInt64
    let day: Int
}

extension LoadSubject {
    /// Reserves the amount on a local date; nil when it does not fit any more. Nothing always fits.
    func reserve(_ amount: UInt64, on date: Int) -> SpendingHold? {
        guard let budget = limits.budget else { return nil }
        let day = enter(date)
        let (counted, elsewhere) = budget.span.words
        let left = budget.picoDollars - min(budget.picoDollars, words.value(of: elsewhere))
        let fits = words.update(counted) { spent in
            let (sum, overflow) = spent.addingReportingOverflow(amount)
            return overflow || sum > left ? nil : sum
        }
        guard fits || amount == 0 else { return nil }
        for span in SpendingLimit.Span.allCases where span != budget.span {
            words.update(span.words.spent) { Self.sum($0, amount) }
        }
        return SpendingHold(subject: self, picoDollars: amount, day: day)
    }

    /// The request is over and cost so much. A period that is over is not counted any more.
    func settle(_ hold: SpendingHold, cost: UInt64) {
        guard cost != hold.picoDollars else { return }
        let day = Int(clamping: words.value(of: .day))
        for span in SpendingLimit.Span.allCases where span.period(of: day) == span.period(of: hold.day) {
            words.update(span.words.spent) { Self.sum($0 - min($0, hold.picoDollars), cost) }
        }
    }

    /// What was settled by other processes, as the ledger has it by now.
    func recall(_ use: SpendingUse) {
        guard limits.budget != nil else { return }
        let day = enter(use.day)
        for (span, paid) in [(SpendingLimit.Span.day, use.ofDay), (.month, use.ofMonth)]
        where span.period(of: day) == span.period(of: use.day) {
            words.store(paid, in: span.words.elsewhere)
        }
    }

    /// Goes on to a day, and begins it, and a new month, with nothing; a later one stays, since clocks are set back too. What others
    /// reserve at this very moment is kept.
    private func enter(_ date: Int) -> Int {
        let (old, day) = (words.value(of: .day), UInt64(clamping: date))
        guard old < day else { return Int(clamping: old) }
        let counts = SpendingLimit.Span.allCases.map { span in
            (span: span, spent: words.value(of: span.words.spent), elsewhere: words.value(of: span.words.elsewhere))
        }
        if words.replace(old, with: day, in: .day) {
            for count in counts where count.span.period(of: Int(clamping: old)) != count.span.period(of: date) {
                words.update(count.span.words.spent) { $0 - min($0, count.spent) }
                // What was told of the new period meanwhile stands there already.
                _ = words.replace(count.elsewhere, with: 0, in: count.span.words.elsewhere)
            }
        }
        return Int(clamping: words.value(of: .day))
    }

    private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        a.addingReportingOverflow(b).overflow ? .max : a + b
    }
}

extension LoadWords {
    /// Nothing is counted for a budget here until there is one again. What still runs was begun on no day that is known, and is not
    /// counted at its end.
    package func forgetSpending() {
        store(0, in: .day)
        for span in SpendingLimit.Span.allCases {
            store(0, in: span.words.spent)
            store(0, in: span.words.elsewhere)
        }
    }
}
