/// How does our own table tell a price? A line a row, in USD a million tokens:
///
///     # provider  model      input  output  cached-input  cache-write  reasoning
///     openai      gpt-5      1.25   10.00   0.125
///     openai      gpt-5      2.50   15.00   0.25          above=200000
///
/// Rates at the end may be left out or be `-`; behind them may stand `above=TOKENS`, `class=CLASS`, `from=DAY` and `until=DAY`, and what is paid
/// by the piece: `made-image=USD`, `sound=USD` a minute and `speech=USD` a million characters.
package struct OwnPrices: Sendable {
    private struct Entry: Sendable {
        let provider: String
        let model: String
        let row: Price.Row
    }

    private let entries: [Entry]

    /// A table of more lines is no table of one's own.
    private static let mostLines = 100_000

    init(_ bytes: [UInt8]) throws(PriceList.Fault) {
        var entries: [Entry] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count <= Self.mostLines else { throw PriceList.Fault("has more than \(Self.mostLines) lines") }
        for (index, line) in lines.enumerated() {
            let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
            do throws(Wrong) {
                if let entry = try Self.entry(text) { entries.append(entry) }
            } catch {
                let shown = String(decoding: line.prefix(200), as: UTF8.self)
                throw PriceList.Fault(error.words, line: index + 1, text: shown)
            }
        }
        self.entries = entries
    }

    func price(provider: String, model: String) -> Price? {
        let rows = entries.filter { $0.provider == provider && $0.model == model }.map(\.row)
        return rows.isEmpty ? nil : Price(rows: rows)
    }

    private struct Wrong: Error { let words: String }

    private static func entry(_ line: String) throws(Wrong) -> Entry? {
        var words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }[...]
        guard let provider = words.popFirst() else { return nil }
        guard let model = words.popFirst() else { throw Wrong(words: "names no model") }
        let figures = words.prefix { !$0.contains("=") }
        guard (2...5).contains(figures.count) else {
            throw Wrong(
                words: "has \(figures.count) rates, not 2 to 5: input, output, cached-input, cache-write, reasoning"
            )
        }
        var rates: [UInt64?] = []
        for figure in figures { rates.append(try rate(figure)) }
        rates += Array(repeating: nil, count: 5 - rates.count)
        var row = Price.Row(
            PriceRates(
                input: rates[0] ?? 0,
                output: rates[1] ?? 0,
                cachedInput: rates[2],
                cacheWrite: rates[3],
                reasoning: rates[4]
            )
        )
        for condition in words.dropFirst(figures.count) { try take(condition, into: &row) }
        guard row.rates.pieces != nil || (rates[0] != nil && rates[1] != nil) else {
            throw Wrong(words: "lacks the rate of input or output")
        }
        return Entry(provider: String(provider), model: String(model), row: row)
    }

    private static func rate(_ text: Substring) throws(Wrong) -> UInt64? {
        if text == "-" { return nil }
        guard let rate = PriceNumber.picoDollars(String(text), shift: 6) else {
            throw Wrong(words: "has '\(text.prefix(40))', which is no price")
        }
        return rate
    }

    private static func take(_ condition: Substring, into row: inout Price.Row) throws(Wrong) {
        let parts = condition.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? String(parts[1]) : ""
        switch parts.first {
        case "above":
            guard let tokens = UInt64(value) else { throw Wrong(words: "has '\(value)', which is no number of tokens") }
            row.above = tokens
        case "class":
            guard let service = ServiceClass(rawValue: value) else {
                throw Wrong(words: "has '\(value)', which is no class of service")
            }
            row.service = service
        case "from": row.from = try day(value).firstSecond
        case "until": row.until = try day(value).secondAfter
        case "made-image": try set(\.madeImage, value, shift: 12, in: &row)
        case "speech": try set(\.character, value, shift: 6, in: &row)
        case "sound":
            try set(\.second, value, shift: 12, in: &row)
            let minute = row.rates.pieces?.second ?? 0
            row.rates.pieces?.second = try perSecond(minute)
        default:
            throw Wrong(
                words:
                    "has '\(condition.prefix(40))', which is none of above=, class=, from=, until=, made-image=, sound= and speech="
            )
        }
    }

    private static func set(
        _ rate: WritableKeyPath<PriceRates.PieceRates, UInt64?>,
        _ text: String,
        shift: Int,
        in row: inout Price.Row
    ) throws(Wrong) {
        guard let value = PriceNumber.picoDollars(text, shift: shift) else {
            throw Wrong(words: "has '\(text.prefix(40))', which is no price")
        }
        var pieces = row.rates.pieces ?? PriceRates.PieceRates()
        pieces[keyPath: rate] = value
        row.rates.pieces = pieces
    }

    private static func perSecond(_ minute: UInt64) throws(Wrong) -> UInt64 {
        guard minute % 60 == 0 else {
            throw Wrong(words: "has a price of sound that is no whole pico-dollars a second")
        }
        return minute / 60
    }

    private static func day(_ text: String) throws(Wrong) -> CalendarDay {
        guard let day = CalendarDay(text) else {
            throw Wrong(words: "has '\(text)', which is no day such as 2026-01-31")
        }
        return day
    }
}
