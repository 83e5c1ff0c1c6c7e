/// How `models.prices` and the `price` of a member are read.
import ConfigSyntax
import PolicyEngine

extension PricesConfiguration {
    static func read(in models: BlockReader) -> PricesConfiguration? {
        guard let block = models.block("prices") else { return nil }
        defer { block.finish() }
        let path = block.optional("file", as: String.self)
        let format = block.optional("format", as: PriceList.Format.self)
        if format != nil, path == nil { block.report("belongs to 'file'", key: "format") }
        let unknown = block.optional("unknown", as: Unknown.self)?.value ?? .refuse
        let ceiling = block.block("ceiling").flatMap { inner -> PriceRates? in
            defer { inner.finish() }
            return PriceRates.read(inner)
        }
        switch (unknown, block.has("ceiling")) {
        case (.ceiling, false):
            block.reportLack("'\(block.path)' lacks 'ceiling'", hint: "say what an unknown price counts as")
        case (.refuse, true): block.report("needs 'unknown: ceiling'", key: "ceiling")
        case (.ceiling, true), (.refuse, false): break
        }
        return PricesConfiguration(
            file: path.map { File(path: $0, format: format?.value ?? .martlet) },
            unknown: unknown,
            ceiling: ceiling,
            place: block.place
        )
    }
}

extension Price {
    /// More rows than a provider has classes, sizes and days for.
    private static let mostRows = 64

    /// Reads `price` of a member: one row, or a list of them.
    static func read(in member: BlockReader) -> Price? {
        guard member.has("price") else { return nil }
        let path = "\(member.path).price"
        let items = member.list("price", orSingle: true)
        if items.isEmpty { member.report("has no rows", key: "price") }
        if items.count > mostRows { member.report("has more than \(mostRows) rows", key: "price") }
        let rows = items.map { row(BlockReader($0, path: path, into: member.diagnostics)) }
        let price = Price(rows: rows.compactMap(\.self))
        return price.rows.isEmpty || rows.count > mostRows ? nil : price
    }

    private static func row(_ block: BlockReader) -> Row? {
        defer { block.finish() }
        let rates = PriceRates.read(block)
        let service = block.optional("class", as: ServiceClass.self)?.value ?? .standard
        let above = block.integer("above", default: 0, within: 0...1_000_000_000)
        let from = block.optional("from", as: CalendarDay.self)
        let until = block.optional("until", as: CalendarDay.self)
        if let from, let until, until.value.number < from.value.number {
            block.report("is before 'from'", key: "until")
        }
        return rates.map {
            Row(
                $0,
                service: service,
                above: UInt64(above),
                from: from?.value.firstSecond,
                until: until?.value.secondAfter
            )
        }
    }
}

extension PriceRates {
    /// Reads the rates of a block; nil when one is wrong, or input or output is missing.
    static func read(_ block: BlockReader) -> PriceRates? {
        let pieces = pieces(block)
        // What has a price of its own need have none by tokens.
        let isRequired = !["made-image", "sound", "speech", "request"].contains { block.has($0) }
        let input = tokens("input", block, isRequired: isRequired)
        let output = tokens("output", block, isRequired: isRequired)
        let cachedInput = tokens("cached-input", block)
        let cacheWrite = tokens("cache-write", block)
        let reasoning = tokens("reasoning", block)
        let request = block.optional("request", as: RequestCost.self)
        let image = block.optional("image", as: Per<Money, ImageUnit>.self)
        let imageInput = tokens("image-input", block)
        let audioInput = tokens("audio-input", block)
        if isRequired, input == nil || output == nil { return nil }
        var rates = PriceRates(
            input: input ?? 0,
            output: output ?? 0,
            cachedInput: cachedInput,
            cacheWrite: cacheWrite,
            reasoning: reasoning,
            request: request.flatMap { whole($0.value.amount, of: 1, "request", block) } ?? 0,
            image: image.flatMap { whole($0.value.amount, of: 1, "image", block) } ?? 0
        )
        (rates.imageInput, rates.audioInput) = (imageInput, audioInput)
        rates.pieces = pieces.isEmpty ? nil : pieces
        return rates
    }

    private static func pieces(_ block: BlockReader) -> PieceRates {
        let image = block.optional("made-image", as: Per<Money, ImageUnit>.self)
        let sound = block.optional("sound", as: Per<Money, SoundUnit>.self)
        let speech = block.optional("speech", as: Per<Money, CharacterUnit>.self)
        return PieceRates(
            madeImage: image.flatMap { whole($0.value.amount, of: 1, "made-image", block) },
            second: sound.flatMap {
                whole($0.value.amount, of: $0.value.unit.seconds, "sound", block, each: "a second")
            },
            character: speech.flatMap {
                whole($0.value.amount, of: $0.value.unit.characters, "speech", block, each: "a character")
            }
        )
    }

    private static func tokens(_ key: String, _ block: BlockReader, isRequired: Bool = false) -> UInt64? {
        let rate: Located<Per<Money, TokenUnit>>? = isRequired ? block.required(key) : block.optional(key)
        return rate.flatMap { whole($0.value.amount, of: $0.value.unit.tokens, key, block) }
    }

    /// Pico-dollars for one of so many.
    /// - Parameter each: what one of them is called.
    private static func whole(
        _ amount: Money,
        of count: Int128,
        _ key: String,
        _ block: BlockReader,
        each: String = "a token"
    ) -> UInt64? {
        let (rate, rest) = amount.picoDollars.quotientAndRemainder(dividingBy: count)
        guard rest == 0 else {
            block.report("is no whole number of pico-dollars \(each)", key: key)
            return nil
        }
        guard rate <= Int128(largest) else {
            block.report("is more than \(Money(picoDollars: Int128(largest))) for one", key: key)
            return nil
        }
        return UInt64(rate)
    }
}
