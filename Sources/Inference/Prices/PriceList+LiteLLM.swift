/// How does LiteLLM's list tell a price? One flat object a model; the class of service and the size of the prompt stand in the names
/// of its members: `input_cost_per_token_above_200k_tokens_batches`, in USD.
import Wire

package struct LiteLLMPrices: Sendable {
    private let document: JSONDocument
    /// Places in `document.members` by name.
    private let places: [String: Int]

    init(_ document: JSONDocument) {
        self.document = document
        let names = document.members.indices.map { (document.name(of: document.members[$0]), $0) }
        places = Dictionary(names) { _, last in last }
    }

    /// A model stands there under its provider's name or alone; alone it must say that it is that provider's.
    func price(provider: String, model: String) throws(PriceList.Fault) -> Price? {
        for name in ["\(provider)/\(model)", model] {
            guard let place = places[name] else { continue }
            let entry = document.value(of: document.members[place])
            if name == model, entry["litellm_provider"]?.string != provider { continue }
            return try Self.price(entry, name).flatMap(PriceList.unlessFree)
        }
        return nil
    }

    /// Which rate a member is, and of which row.
    private struct Name {
        enum Rate {
            case input, output, cachedInput, cacheWrite, reasoning, request, image
            case imageInput, audioInput, imageOutput, audioOutput, madeImage, second, character
        }

        let rate: Rate
        var service = ServiceClass.standard
        var above: UInt64 = 0

        private static let rates: [(text: String, rate: Rate)] = [
            ("input_cost_per_token", .input), ("output_cost_per_token", .output),
            ("cache_read_input_token_cost", .cachedInput), ("cache_creation_input_token_cost", .cacheWrite),
            ("output_cost_per_reasoning_token", .reasoning), ("input_cost_per_request", .request),
            // A name that begins another stands behind it.
            ("input_cost_per_image_token", .imageInput), ("input_cost_per_image", .image),
            ("input_cost_per_audio_token", .audioInput), ("output_cost_per_image_token", .imageOutput),
            ("output_cost_per_audio_token", .audioOutput), ("output_cost_per_image", .madeImage),
            ("input_cost_per_second", .second), ("input_cost_per_character", .character),
            ("input_cost_per_query", .request),
        ]
        private static let classes: [(text: String, service: ServiceClass)] = [
            ("_batches", .batch), ("_flex", .flex), ("_priority", .priority),
        ]

        /// Nil for everything that is no rate of ours: of pixels, searches, sizes and qualities, and words about the model.
        init?(_ name: String) {
            guard let base = Self.rates.first(where: { name.hasPrefix($0.text) }) else { return nil }
            rate = base.rate
            var rest = name.dropFirst(base.text.count)
            if let found = Self.classes.first(where: { rest.hasSuffix($0.text) }) {
                service = found.service
                rest = rest.dropLast(found.text.count)
            }
            guard !rest.isEmpty else { return }
            guard rest.hasPrefix("_above_"), rest.hasSuffix("k_tokens"),
                let thousands = UInt64(rest.dropFirst("_above_".count).dropLast("k_tokens".count)),
                thousands < 1_000_000
            else { return nil }
            above = thousands * 1000
        }
    }

    /// A row as far as it is known.
    private struct Draft {
        let service: ServiceClass
        let above: UInt64
        var input: UInt64?
        var output: UInt64?
        /// A token of a picture or of sound in the answer, where the model answers with nothing else.
        var shown: UInt64?
        var pieces = PriceRates.PieceRates()
        var rates = PriceRates(input: 0, output: 0)

        mutating func set(_ rate: Name.Rate, _ value: UInt64) {
            switch rate {
            case .input: input = value
            case .output: output = value
            case .cachedInput: rates.cachedInput = value
            case .cacheWrite: rates.cacheWrite = value
            case .reasoning: rates.reasoning = value
            case .request: rates.request = value
            case .image: rates.image = value
            case .imageInput: rates.imageInput = value
            case .audioInput: rates.audioInput = value
            case .imageOutput, .audioOutput: shown = value
            case .madeImage: pieces.madeImage = value
            case .second: pieces.second = value
            case .character: pieces.character = value
            }
        }

        /// What the rates mean for a model of this kind. A model of words has no pieces, one of pictures is paid by tokens or by the picture.
        func fitted(to mode: Mode) -> Draft {
            var draft = self
            switch mode {
            case .text, .answerless: draft.pieces = PriceRates.PieceRates()
            case .images:
                // The same under two names: of a model that makes pictures a picture is one that it makes.
                let each = pieces.madeImage ?? (rates.image > 0 ? rates.image : nil)
                draft.rates.image = 0
                draft.output = output ?? shown
                let isByTokens = (draft.output ?? 0) > 0
                draft.pieces = PriceRates.PieceRates(madeImage: isByTokens ? nil : each)
            case .speech:
                draft.output = shown ?? output
                draft.pieces = PriceRates.PieceRates(character: pieces.character)
            case .transcription: draft.pieces = PriceRates.PieceRates(second: pieces.second)
            }
            if !draft.pieces.isEmpty {
                draft.rates.pieces = draft.pieces
                (draft.input, draft.output) = (draft.input ?? 0, draft.output ?? 0)
            }
            if mode == .answerless, draft.rates.request > 0 { draft.input = draft.input ?? 0 }
            return draft
        }
    }

    private static func price(_ entry: JSONView, _ name: String) throws(PriceList.Fault) -> Price? {
        var drafts: [Draft] = []
        for member in entry.members {
            let key = member.name
            guard let what = Name(key) else { continue }
            guard let rate = try PriceList.rate(member.value, key, of: name, shift: 12) else { continue }
            let known = drafts.firstIndex { $0.service == what.service && $0.above == what.above }
            if known == nil { drafts.append(Draft(service: what.service, above: what.above)) }
            drafts[known ?? drafts.count - 1].set(what.rate, rate)
        }
        let mode = Mode(entry["mode"]?.string)
        return price(drafts.map { $0.fitted(to: mode) }, defaultOutput: mode == .answerless ? 0 : nil)
    }

    /// What a model is for, as far as it says what a rate means.
    private enum Mode {
        case text
        /// Embeddings and rankings have no answer to pay for.
        case answerless
        case images
        case speech
        case transcription

        init(_ word: String?) {
            self =
                switch word {
                case "embedding", "rerank", "moderation": .answerless
                case "image_generation", "image_edit": .images
                case "audio_speech": .speech
                case "audio_transcription": .transcription
                default: .text
                }
        }
    }

    /// A row that leaves input or output out has that of its class, or of the plain row; a list without either has no price.
    private static func price(_ drafts: [Draft], defaultOutput: UInt64?) -> Price? {
        var rows: [Price.Row] = []
        for draft in drafts {
            let wider = drafts.filter { $0.above == 0 && ($0.service == draft.service || $0.service == .standard) }
            guard let input = draft.input ?? wider.last(where: { $0.input != nil })?.input,
                let output = draft.output ?? wider.last(where: { $0.output != nil })?.output ?? defaultOutput
            else { continue }
            var rates = draft.rates
            (rates.input, rates.output) = (input, output)
            rows.append(Price.Row(rates, service: draft.service, above: draft.above))
        }
        return rows.contains { $0.service == .standard && $0.above == 0 } ? Price(rows: rows) : nil
    }
}
