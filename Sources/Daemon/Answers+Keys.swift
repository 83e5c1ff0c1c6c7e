/// The rows of `show keys`: who may ask, by which word of whom, and whether somebody did.
import ConfigSyntax
import Control
import Inference
import Ledger
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// Those of the file in their order, then the stored ones by name; the time is in microseconds since 1970.
    func keys(at now: UInt64, _ desk: LedgerDesk) -> [KeyRow] {
        guard let models = router.models else { return [] }
        let ledger = desk.open()
        ledger.look()
        return models.configuration.keys.map { row($0, models, ledger, now) }
            + models.storedKeys.map { row($0, models, ledger, now) }
    }

    private func row(_ key: ClientKey, _ models: ModelPlane, _ ledger: LedgerKeeper, _ now: UInt64) -> KeyRow {
        var row = KeyRow(
            name: key.name.value,
            origin: "declared",
            state: state(expires: key.expires?.unixSeconds, now),
            tags: key.tags
        )
        row.team = key.team?.value
        row.models = key.models?.map(\.value)
        row.expires = key.expires.map { $0.unixSeconds * 1_000_000 }
        row.lastUsed = models.lastUsed[key.name.value]
        row.place = sources.cause(key.name.place)
        row.limits = LoadLimits(key.limits).words
        show(key.budget.flatMap { SpendingLimit($0.value) }, ledger, in: &row)
        return row
    }

    private func row(_ key: StoredKey, _ models: ModelPlane, _ ledger: LedgerKeeper, _ now: UInt64) -> KeyRow {
        let isHidden = models.declaresKey(key.name)
        var row = KeyRow(
            name: key.name,
            origin: "stored",
            state: isHidden ? "hidden" : state(expires: key.expires, now),
            tags: key.tags
        )
        (row.team, row.models) = (key.team, key.models)
        row.expires = key.expires.map { $0 * 1_000_000 }
        row.formerUntil = key.former.map { $0.until * 1_000_000 }.filter { $0 > now }.max()
        row.lastUsed = isHidden ? nil : models.lastUsed[key.name]
        row.limits = key.limits?.words
        if !isHidden { show(key.limits?.budget, ledger, in: &row) }
        (row.createdAt, row.createdBy) = (key.createdAt, key.createdBy)
        return row
    }

    private func show(_ budget: SpendingLimit?, _ ledger: LedgerKeeper, in row: inout KeyRow) {
        guard let budget else { return }
        row.budget = budget.words
        let payer = SpendingBook.Payer(.key, row.name)
        let paid = ledger.paid(by: payer, per: budget.span, on: WallClock.localDay())
        row.spent = "\(Money(picoDollars: Int128(paid)))"
    }

    private func state(expires seconds: UInt64?, _ now: UInt64) -> String {
        seconds.map { $0 <= now / 1_000_000 } ?? false ? "expired" : "valid"
    }
}

extension LoadLimits {
    /// Nil when there are none.
    fileprivate var words: String? {
        let all = [
            requests.map { "\($0.amount) req/\($0.period)" }, tokens.map { "\($0.amount) tokens/\($0.period)" },
            streams.map { "\($0) streams" },
        ]
        let words = all.compactMap(\.self).joined(separator: ", ")
        return words.isEmpty ? nil : words
    }
}

extension Pace {
    /// As the configuration writes it.
    fileprivate var period: String {
        Period.allCases.first { Pace(1, per: $0.span).span == span }?.rawValue
            ?? "\(Span(nanoseconds: Int64(clamping: span)))"
    }
}
