/// By which prices does the gateway count, and under which name do records know them?
import ConfigSyntax
import Inference
import NetTypes
import PolicyEngine

extension ModelPlane {
    /// The prices of the running configuration; nil where nothing is said of them.
    var pricing: Pricing? {
        let prices = deployments.map(\.price)
        let unknown = configuration.prices?.policy ?? .uncounted
        guard configuration.prices != nil || prices.contains(where: { $0 != nil }) else { return nil }
        return Pricing(generation: Self.name(of: prices, unknown), unknown: unknown)
    }

    /// Eight hexadecimal digits of everything that can change a cost.
    private static func name(of prices: [Price?], _ unknown: Pricing.Unknown) -> String {
        var words: [UInt64] = []
        for price in prices {
            words.append(UInt64(price?.rows.count ?? 0))
            for row in price?.rows ?? [] { words += self.words(of: row) }
        }
        switch unknown {
        case .uncounted: words.append(0)
        case .refuse: words.append(1)
        case .ceiling(let rates): words += [2] + self.words(of: rates)
        }
        let hash = KeyedHash(key0: hashKey.0, key1: hashKey.1)
        let sum = words.reduce(UInt64(0)) { hash.hash($0, $1) }
        let digits = String(sum >> 32, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private static func words(of row: Price.Row) -> [UInt64] {
        let service = ServiceClass.allCases.firstIndex(of: row.service) ?? 0
        return [UInt64(service), row.above, row.from ?? 0, row.until ?? .max] + words(of: row.rates)
    }

    /// What is left out differs from any rate.
    private static func words(of rates: PriceRates) -> [UInt64] {
        [
            rates.input, rates.output, rates.cachedInput ?? .max, rates.cacheWrite ?? .max, rates.reasoning ?? .max,
            rates.request, rates.image,
        ]
    }
}

extension ModelsConfiguration {
    /// The groups, each member with what a million tokens cost there, which `cost` judges by, and with a place for each size of prompt
    /// where anybody is judged by how quick he is.
    var pricedGroups: [GroupDefinition] {
        let sizes = ModelPlane.judges(self) ? PromptSize.allCases.count : 0
        let listed = Dictionary(self.listed.map { ($0.member, $0.price) }) { first, _ in first }
        return groups.map { group in
            let name = group.definition.name.value
            let prices = group.members.map { ($0.price ?? listed["\(name).\($0.name.value)"])?.ofMillionTokens }
            return group.definition.priced(prices, loadClasses: sizes)
        }
    }
}
