/// What is in a list of prices that stands in a file of its own? Three formats, one question: what does this model cost at this
/// provider? Only the entries that are asked for are read: public lists have thousands.
import Wire

/// A list, ready to be asked.
package enum PriceList: Sendable {
    case own(OwnPrices)
    case litellm(LiteLLMPrices)
    case modelsDev(ModelsDevPrices)

    /// How a list is written.
    package enum Format: String, Hashable, Sendable, CaseIterable {
        /// Our own: a line a row (`etc/martlet/prices.txt`).
        case martlet
        /// LiteLLM's `model_prices_and_context_window.json`.
        case litellm
        /// models.dev's `api.json`.
        case modelsDev = "models.dev"
    }

    /// What is wrong with a list.
    package struct Fault: Error, Hashable, Sendable {
        package let words: String
        /// From 1, and the text of the line; nil when it is about the list as a whole.
        package let line: Int?
        package let text: String?

        init(_ words: String, line: Int? = nil, text: String? = nil) {
            (self.words, self.line, self.text) = (words, line, text)
        }
    }

    /// The list that the bytes are.
    /// - Throws: what makes it none. What is wrong inside an entry is said when the entry is asked for.
    package init(_ bytes: [UInt8], as format: Format) throws(Fault) {
        switch format {
        case .martlet: self = .own(try OwnPrices(bytes))
        case .litellm: self = .litellm(LiteLLMPrices(try Self.document(bytes)))
        case .modelsDev: self = .modelsDev(ModelsDevPrices(try Self.document(bytes)))
        }
    }

    /// The price of a model; nil when the list has none.
    /// - Parameters:
    ///   - provider: as the list names it.
    ///   - model: as the provider names it.
    /// - Throws: what is wrong with the entry.
    package func price(provider: String, model: String) throws(Fault) -> Price? {
        switch self {
        case .own(let list): list.price(provider: provider, model: model)
        case .litellm(let list): try list.price(provider: provider, model: model)
        case .modelsDev(let list): try list.price(provider: provider, model: model)
        }
    }

    /// Several times the largest public list; nested four deep at most.
    private static let limits = JSONLimits(bytes: 32 << 20, depth: 16, duplicates: .lastWins)

    private static func document(_ bytes: [UInt8]) throws(Fault) -> JSONDocument {
        do {
            return try JSONDocument(bytes, limits: limits)
        } catch {
            throw Fault("is no JSON: \(error)")
        }
    }
}

extension PriceList {
    /// A rate of an entry, in pico-dollars; nil when it is not there or null.
    static func rate(_ value: JSONView?, _ name: String, of entry: String, shift: Int) throws(Fault) -> UInt64? {
        guard let value, !value.isNull else { return nil }
        guard let rate = value.number.flatMap({ PriceNumber.picoDollars($0, shift: shift) }) else {
            throw Fault("'\(name)' of '\(entry)' is no price")
        }
        return rate
    }

    /// A public list knows what providers charge. What it gives away for nothing is served by somebody's own machines, or its price
    /// is not known: in either case it cannot know what it costs here.
    static func unlessFree(_ price: Price) -> Price? {
        let isPaid = price.rows.contains { row in
            row.rates.input > 0 || row.rates.output > 0 || row.rates.request > 0 || row.rates.pieces?.isFree == false
        }
        return isPaid ? price : nil
    }
}
