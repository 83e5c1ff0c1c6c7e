/// How does models.dev tell a price? Providers hold models, a model holds `cost` in USD a million tokens, with `tiers` for long
/// prompts.
import Wire

package struct ModelsDevPrices: Sendable {
    private let document: JSONDocument

    init(_ document: JSONDocument) { self.document = document }

    func price(provider: String, model: String) throws(PriceList.Fault) -> Price? {
        guard let cost = document[provider]?["models"]?[model]?["cost"], cost.kind == .object else { return nil }
        let name = "\(provider)/\(model)"
        guard let base = try Self.rates(cost, name) else { return nil }
        var rows = [Price.Row(base)]
        for tier in cost["tiers"]?.elements.map(\.self) ?? [] {
            let kind = tier["tier"]
            guard let size = kind?["size"]?.unsigned, size > 0, kind?["type"]?.string ?? "context" == "context" else {
                throw PriceList.Fault("a tier of '\(name)' has no size")
            }
            if let rates = try Self.rates(tier, name) { rows.append(Price.Row(rates, above: size)) }
        }
        return PriceList.unlessFree(Price(rows: rows))
    }

    /// Nil unless prompt and answer have theirs.
    private static func rates(_ cost: JSONView, _ name: String) throws(PriceList.Fault) -> PriceRates? {
        let rate = { (key: String) throws(PriceList.Fault) -> UInt64? in
            try PriceList.rate(cost[key], key, of: name, shift: 6)
        }
        guard let input = try rate("input"), let output = try rate("output") else { return nil }
        var rates = PriceRates(
            input: input,
            output: output,
            cachedInput: try rate("cache_read"),
            cacheWrite: try rate("cache_write"),
            reasoning: try rate("reasoning")
        )
        rates.audioInput = try rate("input_audio")
        return rates
    }
}
