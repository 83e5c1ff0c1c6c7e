/// What is kept of a settled request for good: who is charged what, for how many tokens, and to whom it is owed. Flat, without a word of
/// the prompt. A row may also be the sum of many requests of one hour, where there was no room for each of them.
import NetTypes

package struct LedgerRow: Hashable, Sendable {
    /// The decision's id as a number of 96 bits: the upper half, milliseconds since 1970, and the lower one, chance. Zero for sums.
    package var idHigh: UInt64 = 0
    package var idLow: UInt64 = 0
    /// Microseconds since 1970 at which the request began; of a sum the beginning of its hour.
    package var at: UInt64
    /// Microseconds from the request to the end of its answer.
    package var duration: UInt64 = 0
    package var outcome: Outcome = .answered
    /// What the client got; 0: nothing.
    package var status: UInt16 = 0
    /// Of a single request 1.
    package var requests: UInt64 = 1
    /// Tokens that are charged.
    package var input: UInt64
    package var output: UInt64
    /// Parts of them, as far as the provider reported.
    package var cachedInput: UInt64?
    package var cacheWrite: UInt64?
    package var reasoning: UInt64?
    /// What is charged besides.
    package var units = MediaUnits()
    /// Nil: the price is not known.
    package var picoDollars: UInt64?
    /// How many of the requests have estimated tokens, or were counted at the ceiling, or have no known cost.
    package var estimated: UInt64 = 0
    package var atCeiling: UInt64 = 0
    package var unpriced: UInt64 = 0
    /// Names, cut to 255 bytes; empty where there is none.
    package var key: String
    package var team: String
    /// The provider's name for the model.
    package var model: String
    package var provider: String
    /// `group.member`; empty for sums, like the two that follow.
    package var member: String
    /// The model that the client asked for.
    package var requestedModel: String
    /// The name of the set of prices.
    package var prices: String

    /// A row with all that must be there.
    package init(
        at: UInt64,
        input: UInt64,
        output: UInt64,
        picoDollars: UInt64?,
        key: String,
        team: String,
        model: String,
        provider: String,
        member: String = "",
        requestedModel: String = "",
        prices: String = ""
    ) {
        (self.at, self.input, self.output, self.picoDollars) = (at, input, output, picoDollars)
        (self.key, self.team, self.model, self.provider) = (key, team, model, provider)
        (self.member, self.requestedModel, self.prices) = (member, requestedModel, prices)
    }

    /// The row of a decision; nil when nobody has to be paid for it.
    package init?(_ record: DecisionRecord) {
        guard let cost = record.cost else { return nil }
        self.init(
            at: record.startedUnix,
            input: cost.input,
            output: cost.output,
            picoDollars: cost.picoDollars,
            key: record.key ?? "",
            team: record.team ?? "",
            model: record.attempts.last?.upstreamModel ?? "",
            provider: cost.provider,
            member: record.attempts.last?.member ?? "",
            requestedModel: record.requestedModel ?? "",
            prices: cost.prices ?? ""
        )
        (idHigh, idLow) = (record.startedUnix / 1000, record.draw >> 16)
        duration = UInt64(clamping: record.duration.nanoseconds / 1000)
        outcome = record.outcome
        status = UInt16(clamping: record.status ?? 0)
        (cachedInput, cacheWrite) = (record.usage.cachedInput, record.usage.cacheWrite)
        reasoning = record.usage.reasoning
        units = cost.units ?? MediaUnits()
        estimated = cost.isUsageEstimated ? 1 : 0
        atCeiling = cost.isPriceCeiling ? 1 : 0
        unpriced = cost.picoDollars == nil ? 1 : 0
    }

    /// Whole hours since 1970.
    package var hour: UInt64 { at / 3_600_000_000 }

    /// Whether it is the sum of several requests.
    package var isSum: Bool { idHigh == 0 && idLow == 0 }
}

extension LedgerRow {
    /// What rows are added up by.
    package struct Account: Hashable, Sendable, Comparable {
        package var hour: UInt64
        package var key: String
        package var team: String
        package var model: String
        package var provider: String

        /// An account of one hour.
        package init(hour: UInt64, key: String, team: String, model: String, provider: String) {
            (self.hour, self.key, self.team, self.model, self.provider) = (hour, key, team, model, provider)
        }

        package static func < (a: Account, b: Account) -> Bool {
            (a.hour, a.key, a.team, a.model, a.provider) < (b.hour, b.key, b.team, b.model, b.provider)
        }
    }

    package var account: Account { Account(hour: hour, key: key, team: team, model: model, provider: provider) }

    /// An empty sum for an account.
    package init(sumOf account: Account) {
        self.init(
            at: account.hour &* 3_600_000_000,
            input: 0,
            output: 0,
            picoDollars: nil,
            key: account.key,
            team: account.team,
            model: account.model,
            provider: account.provider
        )
        requests = 0
    }

    /// Adds another row's counts. Beyond 64 bits a count stays at the largest number.
    package mutating func add(_ other: LedgerRow) {
        requests = Self.sum(requests, other.requests)
        input = Self.sum(input, other.input)
        output = Self.sum(output, other.output)
        cachedInput = Self.sum(cachedInput, other.cachedInput)
        cacheWrite = Self.sum(cacheWrite, other.cacheWrite)
        reasoning = Self.sum(reasoning, other.reasoning)
        units.images = Self.sum(units.images, other.units.images)
        units.milliseconds = Self.sum(units.milliseconds, other.units.milliseconds)
        units.characters = Self.sum(units.characters, other.units.characters)
        picoDollars = Self.sum(picoDollars, other.picoDollars)
        estimated = Self.sum(estimated, other.estimated)
        atCeiling = Self.sum(atCeiling, other.atCeiling)
        unpriced = Self.sum(unpriced, other.unpriced)
    }

    private static func sum(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
        guard let a else { return b }
        return b.map { sum(a, $0) } ?? a
    }

    private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}

/// Rows that found no room, added up by account: bounded, whatever comes.
package struct LedgerSums: Sendable {
    /// Accounts kept apart. Further ones of the same hour share one under the name `rest`, so that the total stays right.
    package static let mostAccounts = 4096
    package static let rest = "(others)"

    private var sums: [LedgerRow.Account: LedgerRow] = [:]

    /// No sums.
    package init() {}

    package var isEmpty: Bool { sums.isEmpty }

    /// Adds a row to its account.
    package mutating func add(_ row: LedgerRow) {
        var account = row.account
        if sums[account] == nil, sums.count >= Self.mostAccounts {
            account = LedgerRow.Account(hour: row.hour, key: Self.rest, team: "", model: Self.rest, provider: Self.rest)
            // Hours are few, but a clock may jump: the bound holds all the same.
            if sums[account] == nil, sums.count >= Self.mostAccounts + 64, let other = sums.keys.max() {
                account = other
            }
        }
        sums[account, default: LedgerRow(sumOf: account)].add(row)
    }

    /// Takes all sums out, the oldest first.
    package mutating func takeAll() -> [LedgerRow] {
        defer { sums = [:] }
        return sums.values.sorted { $0.account < $1.account }
    }
}
