/// How does our own table tell a price? A line a row, in USD a million tokens:
///
///     # provider  model      input  output  cached-input  cache-write  reasoning
///     openai      gpt-5      1.25   10.00   0.125
///     openai      gpt-5      2.50   15.00   0.25          above=200000
///
/// Rates at the end may be left out or be `-`; behind them may stand `above=TOKENS`, `class=CLASS`, `from=DAY` and `until=DAY`.
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
        guard let input = rates[0], let output = rates[1] else {
            throw Wrong(words: "lacks the rate of input or output")
        }
        var row = Price.Row(
            PriceRates(input: input, output: output, cachedInput: rates[2], cacheWrite: rates[3], reasoning: rates[4])
        )
        for condition in words.dropFirst(figures.count) { try take(condition, into: &row) }
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
        default:
            throw Wrong(words: "has '\(condition.prefix(40))', which is no condition: above=, class=, from= or until=")
        }
    }

    private static func day(_ text: String) throws(Wrong) -> CalendarDay {
        guard let day = CalendarDay(text) else {
            throw Wrong(words: "has '\(text)', which is no day such as 2026-01-31")
        }
        return day
    }
}
