/// What have keys and teams paid, and how much of it does the gateway that serves now not know of? Filled from the rows of the ledger
/// and from nothing else, so that budgets and the ledger cannot disagree.
///
///     every row ─▶ total ─────────────┐
///     rows of the newest gateway ─▶ own   elsewhere = total - own: what that gateway is told
///
/// A gateway counts what it settles itself, at once and with what is reserved. What others have settled, those before it and those
/// that still finish their streams, it can only learn from here.
package struct SpendingBook: Hashable, Sendable {
    /// Who pays.
    package struct Payer: Hashable, Sendable, Comparable {
        package let kind: LoadSubject.Kind
        package let name: String

        /// A key or a team.
        package init(_ kind: LoadSubject.Kind, _ name: String) { (self.kind, self.name) = (kind, name) }

        package static func < (a: Self, b: Self) -> Bool { (a.kind.rawValue, a.name) < (b.kind.rawValue, b.name) }
    }

    /// What one payer paid on one day.
    package struct Part: Hashable, Sendable {
        package let payer: Payer
        /// A local date, 20261126.
        package let day: Int
        package let picoDollars: UInt64

        /// A sum of one day.
        package init(_ payer: Payer, day: Int, picoDollars: UInt64) {
            (self.payer, self.day, self.picoDollars) = (payer, day, picoDollars)
        }
    }

    /// Sums of the last day that anything was paid on, and of its month.
    private struct Sums: Hashable {
        var day = 0
        var ofDay: UInt64 = 0
        var ofMonth: UInt64 = 0

        mutating func add(_ cost: UInt64, on date: Int) {
            let (month, last) = (SpendingLimit.Span.month.period(of: date), SpendingLimit.Span.month.period(of: day))
            // What is told of a month that is over, long after its end, no budget counts any more.
            guard month >= last else { return }
            if month > last { ofMonth = 0 }
            ofMonth = Self.sum(ofMonth, cost)
            guard date >= day else { return }
            if date > day { (day, ofDay) = (date, 0) }
            ofDay = Self.sum(ofDay, cost)
        }

        func paid(in period: Int, by span: SpendingLimit.Span) -> UInt64 {
            guard span.period(of: day) == period else { return 0 }
            return span == .day ? ofDay : ofMonth
        }

        private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
            a.addingReportingOverflow(b).overflow ? .max : a + b
        }
    }

    private var totals: [Payer: Sums] = [:]
    /// Of the newest gateway, from when it was first told of the payer: before that it did not count for it.
    private var own: [Payer: Sums] = [:]

    /// Nobody has paid anything.
    package init() {}

    /// Adds what was paid.
    /// - Parameter isOwn: whether the newest gateway settled it.
    package mutating func add(_ part: Part, isOwn: Bool) {
        totals[part.payer, default: Sums()].add(part.picoDollars, on: part.day)
        if isOwn { own[part.payer]?.add(part.picoDollars, on: part.day) }
    }

    /// From now on another gateway is the newest.
    package mutating func beginGateway() { own = [:] }

    /// The newest gateway counts for these and no others: whom it does not know any more it begins anew with, should they come back.
    package mutating func follow(_ payers: [Payer]) {
        let named = Set(payers)
        if own.keys.contains(where: { !named.contains($0) }) { own = own.filter { named.contains($0.key) } }
    }

    /// Begins the totals anew, to be filled from a better source; who knows of what stays as it is.
    package mutating func forget() {
        totals = [:]
        for payer in own.keys { own[payer] = Sums() }
    }

    /// What a book does not know that is filled from less: of each payer's last day, and of that day's month on its first day.
    package func parts(missingIn other: SpendingBook) -> [Part] {
        totals.sorted { $0.key < $1.key }.flatMap { payer, sums in
            let missing = { (span: SpendingLimit.Span) in
                let (all, known) = (
                    span == .day ? sums.ofDay : sums.ofMonth, other.paid(by: payer, per: span, on: sums.day)
                )
                return all - min(all, known)
            }
            let ofDay = missing(.day)
            let before = missing(.month) - min(missing(.month), ofDay)
            let first = SpendingLimit.Span.month.period(of: sums.day) + 1
            return [
                Part(payer, day: sums.day, picoDollars: ofDay), Part(payer, day: first, picoDollars: before),
            ]
        }
        .filter { $0.picoDollars > 0 }
    }

    /// What was paid in the period that a local date lies in.
    package func paid(by payer: Payer, per span: SpendingLimit.Span, on day: Int) -> UInt64 {
        totals[payer]?.paid(in: span.period(of: day), by: span) ?? 0
    }

    /// What the newest gateway has to be told: what was paid elsewhere on the last day on which anything was, and in its month. From the
    /// first question on, the gateway counts for this payer itself.
    package mutating func elsewhere(_ payer: Payer) -> SpendingUse? {
        if own[payer] == nil { own[payer] = Sums() }
        guard let total = totals[payer] else { return nil }
        let known = own[payer] ?? Sums()
        let others = { (span: SpendingLimit.Span) in
            let period = span.period(of: total.day)
            let all = total.paid(in: period, by: span)
            return all - min(all, known.paid(in: period, by: span))
        }
        return SpendingUse(
            kind: payer.kind,
            name: payer.name,
            day: total.day,
            ofDay: others(.day),
            ofMonth: others(.month)
        )
    }
}

extension SpendingBook {
    /// What rows say was paid, in order of payer and day.
    /// - Parameter day: the local date of a second since 1970.
    package static func parts(of rows: [LedgerRow], day: (UInt64) -> Int) -> [Part] {
        var sums = DailySums()
        // Rows of one key mostly come together.
        var run: (row: LedgerRow, date: Int, cost: UInt64)?
        for row in rows {
            guard let cost = row.picoDollars, cost > 0 else { continue }
            let date = day(row.at / 1_000_000)
            if let last = run, last.date == date, last.row.key == row.key, last.row.team == row.team {
                run?.cost = DailySums.sum(last.cost, cost)
            } else {
                if let run { sums.add(run.cost, of: run.row, on: run.date) }
                run = (row, date, cost)
            }
        }
        if let run { sums.add(run.cost, of: run.row, on: run.date) }
        return sums.parts
    }

    private struct DailySums {
        private var sums: [Payer: [Int: UInt64]] = [:]

        /// To the key and to the team, as far as there are any.
        mutating func add(_ cost: UInt64, of row: LedgerRow, on date: Int) {
            if !row.key.isEmpty { add(cost, to: Payer(.key, row.key), on: date) }
            if !row.team.isEmpty { add(cost, to: Payer(.team, row.team), on: date) }
        }

        private mutating func add(_ cost: UInt64, to payer: Payer, on date: Int) {
            let sum = sums[payer]?[date] ?? 0
            sums[payer, default: [:]][date] = Self.sum(sum, cost)
        }

        static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
            a.addingReportingOverflow(b).overflow ? .max : a + b
        }

        var parts: [Part] {
            sums.sorted { $0.key < $1.key }.flatMap { payer, days in
                days.sorted { $0.key < $1.key }.map { Part(payer, day: $0.key, picoDollars: $0.value) }
            }
        }
    }
}

extension GatewaySnapshot {
    /// Who has a budget in it.
    package var budgets: [SpendingBook.Payer] {
        let ofKeys = keys.filter { $0.limits?.budget != nil }.map { SpendingBook.Payer(.key, $0.name) }
        let ofTeams = (teams ?? []).filter { $0.limits.budget != nil }.map { SpendingBook.Payer(.team, $0.name) }
        return ofKeys + ofTeams
    }
}
