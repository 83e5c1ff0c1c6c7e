/// Which facts of a model request a policy may ask for, and in which slot each stands.
package import PolicyEngine

package enum RequestFact: Int, CaseIterable, Sendable {
    case model, key, team, tags, stream, tools, wantsSchema, source, promptTokens, hasCode, language, modality, time,
        header, operation

    package var slot: FactSlot { FactSlot(rawValue) }

    /// The name in conditions.
    package var name: String { attribute.name }

    private var attribute: FactSchema.Attribute {
        switch self {
        case .model: .init("model", .text(vocabulary: []))
        case .key: .init("key", .text(vocabulary: []))
        case .team: .init("key.team", .text(vocabulary: []))
        case .tags: .init("key.tags", .words(vocabulary: []))
        case .stream: .init("stream", .flag)
        case .tools: .init("tools", .flag)
        case .wantsSchema: .init("schema", .flag)
        case .source: .init("src", .address)
        case .promptTokens: .init("prompt.tokens", .number(0...Int64(UInt32.max)))
        case .hasCode: .init("prompt.has-code", .flag)
        case .language: .init("prompt.language", .text(vocabulary: PromptLanguage.allCases.map(\.rawValue)))
        case .modality: .init("prompt.modality", .words(vocabulary: Modalities.names))
        case .time: .init("time", .time)
        case .header: .init("header", .fields)
        case .operation: .init("operation", .text(vocabulary: ModelOperation.allCases.map(\.rawValue)))
        }
    }

    package static let schema = FactSchema(allCases.map(\.attribute), allowsPatterns: true)
}
