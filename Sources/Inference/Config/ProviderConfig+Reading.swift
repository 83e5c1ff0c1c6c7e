/// How `models.providers` and references to secrets are read.
import ConfigSyntax
import NetTypes
import PolicyEngine

extension ProviderDefinition {
    static func read(_ entry: Node.Entry, path: String, into diagnostics: Diagnostics) -> ProviderDefinition? {
        let block = BlockReader(entry.value, path: "\(path).\(entry.key.value)", into: diagnostics)
        defer { block.finish() }
        let dialect = block.required("dialect", as: DialectName.self)
        let url = block.required("url", as: ProviderURL.self)
        let key = SecretReference.optional("key", in: block)
        let ca = SecretReference.optional("ca", in: block)
        if ca != nil, url?.value.scheme == .http { block.report("is of no use without https", key: "ca") }
        let way = block.optional("path", as: String.self)
        let region = block.optional("region", as: String.self)
        let probe = block.block("probe").map { ProviderProbe.read($0, of: url?.value) }
        let listedAs = block.optional("listed-as", as: String.self)
        let passThrough = block.optional("pass-through", as: Bool.self)?.value ?? false
        let passThroughPrice = block.optional("pass-through-price", as: RequestCost.self)
        if passThroughPrice != nil, !passThrough {
            block.report("is of no use without 'pass-through: true'", key: "pass-through-price")
        }
        let keepsResponses = block.optional("keeps-responses", as: Bool.self)?.value ?? false
        if keepsResponses, let dialect, dialect.value != .responses {
            block.report("is of no use without 'dialect: responses'", key: "keeps-responses")
        }
        let quirks = ProviderQuirks.read(in: block, hasKey: key != nil)
        let models = ModelFacts.readAll("models", in: block)
        let tried = block.optional("tried", as: ProviderTrial.self)?.value
        if passThrough, url?.value.pathPrefix.contains(ProviderURL.modelPlace) == true {
            block.report("cannot be served below an address with a model in it", key: "pass-through")
        }
        if keepsResponses, url?.value.pathPrefix.contains(ProviderURL.modelPlace) == true {
            block.report("cannot be served below an address with a model in it", key: "keeps-responses")
        }
        if let dialect, !dialect.value.isServed {
            diagnostics.noteUnserved("\(block.path).dialect: \(dialect.value.rawValue)", at: dialect.place)
        }
        guard let dialect, let url else { return nil }
        return ProviderDefinition(
            name: entry.key,
            dialect: dialect.value,
            url: url.value,
            key: key,
            ca: ca,
            path: way,
            region: region,
            listedAs: listedAs,
            passThrough: passThrough,
            probe: probe,
            passThroughPrice: passThroughPrice?.value.amount,
            keepsResponses: keepsResponses,
            quirks: quirks,
            models: models,
            tried: tried,
            place: entry.key.place
        )
    }
}

extension DialectName {
    /// Whether this version speaks it.
    package var isServed: Bool {
        switch self {
        case .openai, .anthropic, .gemini, .ollama, .responses: true
        }
    }
}
