/// `martlet usage`: what was used in a time, by whom, and what this month will come to.
import ConfigSyntax
import Control
import Foundation
import Inference
import Ledger
import Runtime

extension Answers {
    /// Microseconds of today's clock stand behind what a month is.
    func usage(_ question: UsageQuestion, _ desk: LedgerDesk) throws -> UsageReply {
        guard router.models != nil else { throw ErrorReply(errors: ["this router has no model plane"]) }
        do {
            return try UsageReply.of(question, from: desk.open(), now: WallClock.now())
        } catch let error as LedgerError {
            throw ErrorReply(errors: ["\(error)"])
        }
    }

    /// What is kept of a decision that is not in memory any more.
    static func explain(_ row: LedgerRow, _ id: String) -> ExplainReply {
        let cost = row.picoDollars.map { Money(picoDollars: Int128($0)).description } ?? "not known"
        let grounds = (row.estimated > 0 ? ", tokens estimated" : "") + (row.atCeiling > 0 ? ", at the ceiling" : "")
        let prices = row.prices.isEmpty ? "" : " (prices \(row.prices))"
        return ExplainReply(
            answer: "\(row.requestedModel) went to \(row.member): \(row.outcome.rawValue), status \(row.status)",
            works: row.outcome == .answered,
            steps: [
                .init("request", "key \(row.key.isEmpty ? "-" : row.key) asked for '\(row.requestedModel)'"),
                .init("attempt", "\(row.member) (\(row.provider), \(row.model)) in \(row.duration / 1000) ms"),
                .init(
                    "cost",
                    "\(cost)\(grounds) to \(row.provider) for \(row.used)\(prices)"
                ),
                .init("ledger", "the candidates and the reasons are not in memory any more"),
            ],
            wouldChange: []
        )
    }
}

extension LedgerRow {
    fileprivate var used: String {
        "\(input) and \(output) tokens" + (units.isEmpty ? "" : ", \(units.words)")
    }
}

extension UsageReply {
    /// The answer of the ledger at a time.
    /// - Parameter now: microseconds since 1970.
    static func of(_ question: UsageQuestion, from ledger: LedgerKeeper, now: UInt64) throws -> UsageReply {
        let parts = try question.by.isEmpty ? [.key] : question.by.map(part)
        let today = CalendarDay(second: now / 1_000_000)
        let month = CalendarDay(second: UsageForecast.monthStart(now / 1_000_000))
        let since = try question.since.map(day) ?? month
        let until = try question.until.map(day) ?? today
        guard since.number <= until.number else {
            throw ErrorReply(
                errors: ["\(since) is after \(until)"],
                hint: "the first day is --since, the last one --until"
            )
        }
        let hours = since.firstSecond / 3600..<until.secondAfter / 3600
        let rows = try ledger.usage(by: parts, hours: hours)
        guard rows.count < LedgerStore.mostRows else {
            throw ErrorReply(
                errors: ["these are more than \(LedgerStore.mostRows) rows"],
                hint: "ask for fewer days or parts"
            )
        }
        return UsageReply(
            by: parts.map(\.rawValue),
            since: since.description,
            until: until.description,
            rows: rows.map { Row($0, parts) },
            total: Row(try ledger.usage(by: [], hours: hours)[0], []),
            forecast: try forecast(ledger, now, month)
        )
    }

    private static func part(_ word: String) throws -> UsagePart {
        if let part = UsagePart(rawValue: word) { return part }
        let known = UsagePart.allCases.map(\.rawValue)
        throw ErrorReply(
            errors: ["usage is not told apart by '\(word)'"],
            hint: NearestName.hint(for: word, among: known) ?? "one of \(known.joined(separator: ", "))"
        )
    }

    private static func day(_ word: String) throws -> CalendarDay {
        if let day = CalendarDay(word) { return day }
        throw ErrorReply(errors: ["'\(word)' is no day"], hint: "write it as 2026-11-01")
    }

    private static func forecast(_ ledger: LedgerKeeper, _ now: UInt64, _ month: CalendarDay) throws -> Forecast {
        let hour = now / 3_600_000_000
        let spent = try ledger.usage(by: [], hours: month.firstSecond / 3600..<hour + 1)
        let week = hour - min(hour, 167)..<hour + 1
        let lately = try ledger.usage(by: [.hour], hours: week)
        let forecast = UsageForecast(
            now: now,
            first: lately.first.flatMap { UInt64($0.parts[0]) },
            spent: spent[0].picoDollars,
            lately: lately.reduce(0) { $0 + $1.picoDollars }
        )
        return Forecast(
            month: String(month.description.prefix(7)),
            spent: Money(picoDollars: forecast.spent).description,
            atEnd: Money(picoDollars: forecast.atEnd).description
        )
    }
}

extension UsageReply.Row {
    fileprivate init(_ sum: UsageSum, _ parts: [UsagePart]) {
        self.init(
            of: zip(parts, sum.parts).map(Self.name),
            requests: sum.requests,
            input: sum.input,
            output: sum.output,
            cachedInput: sum.cachedInput,
            cacheWrite: sum.cacheWrite,
            reasoning: sum.reasoning,
            images: sum.units.images,
            soundMilliseconds: sum.units.milliseconds,
            spokenCharacters: sum.units.characters,
            picoDollars: "\(sum.picoDollars)",
            cost: Money(picoDollars: sum.picoDollars).description,
            estimated: sum.estimated,
            atCeiling: sum.atCeiling,
            unpriced: sum.unpriced
        )
    }

    /// Days and hours come as numbers since 1970.
    private static func name(_ part: UsagePart, _ value: String) -> String {
        switch part {
        case .key, .team, .model, .provider: return value
        case .day: return UInt64(value).map { CalendarDay(second: $0 * 86_400).description } ?? value
        case .hour:
            guard let hour = UInt64(value) else { return value }
            let ofDay = hour % 24
            return "\(CalendarDay(second: hour * 3600)) \(ofDay < 10 ? "0" : "")\(ofDay):00"
        }
    }
}
