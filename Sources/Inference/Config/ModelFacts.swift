/// What is a model good for, and how much does it take? What the operator says of it, on a member or once for all members in
/// `models.catalogue`: no provider tells it reliably.
import ConfigSyntax

package struct ModelFacts: Hashable, Sendable, Codable {
    /// Tokens that prompt and answer may have together; nil: nobody said.
    package var context: UInt64?
    /// Tokens that an answer may have; nil: nobody said.
    package var maxOutput: UInt64?
    /// All that it can do; nil: nobody said, and it is taken to do whatever its provider's dialect can ask for.
    package var capabilities: Capabilities?
    /// Whether its answers can come in pieces; nil: nobody said.
    package var streams: Bool?

    package init(
        context: UInt64? = nil,
        maxOutput: UInt64? = nil,
        capabilities: Capabilities? = nil,
        streams: Bool? = nil
    ) {
        (self.context, self.maxOutput, self.capabilities) = (context, maxOutput, capabilities)
        self.streams = streams
    }

    /// Whether nothing was said.
    package var isEmpty: Bool { self == ModelFacts() }

    /// These, and where they say nothing, what the others say.
    package func filled(from others: ModelFacts) -> ModelFacts {
        ModelFacts(
            context: context ?? others.context,
            maxOutput: maxOutput ?? others.maxOutput,
            capabilities: capabilities ?? others.capabilities,
            streams: streams ?? others.streams
        )
    }

    /// What of `wanted` it is known not to do.
    package func lacking(_ wanted: Capabilities) -> Capabilities {
        capabilities.map { wanted.subtracting($0) } ?? []
    }
}

/// One thing that a model can do.
package enum Capability: String, Hashable, Sendable, CaseIterable, ScalarValue {
    /// Answers conversations.
    case chat
    /// Goes on with a text: OpenAI's old `/v1/completions`.
    case completions
    /// Makes vectors of texts.
    case embeddings
    /// Calls functions.
    case tools
    case images
    case audio
    /// Documents as parts of a message.
    case files
    /// Answers that follow a schema.
    case jsonSchema = "json-schema"
    /// Thinks before it answers, and can be told how much.
    case thinking
    /// Makes pictures of texts.
    case imageGeneration = "image-generation"
    /// Makes pictures of pictures.
    case imageEditing = "image-editing"
    /// Speaks a text.
    case speech
    /// Writes down what is spoken.
    case transcription
    /// Puts documents in order.
    case rerank
    /// Says what a provider wants nothing to do with.
    case moderation
}

/// Some of what models can do.
package struct Capabilities: OptionSet, Hashable, Sendable, Codable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let chat = Capabilities(.chat)
    package static let completions = Capabilities(.completions)
    package static let embeddings = Capabilities(.embeddings)
    package static let tools = Capabilities(.tools)
    package static let images = Capabilities(.images)
    package static let audio = Capabilities(.audio)
    package static let files = Capabilities(.files)
    package static let jsonSchema = Capabilities(.jsonSchema)
    package static let thinking = Capabilities(.thinking)
    package static let imageGeneration = Capabilities(.imageGeneration)
    package static let imageEditing = Capabilities(.imageEditing)
    package static let speech = Capabilities(.speech)
    package static let transcription = Capabilities(.transcription)
    package static let rerank = Capabilities(.rerank)
    package static let moderation = Capabilities(.moderation)

    /// What models do that need not chat.
    private static let besideChat: Capabilities = [
        .completions, .embeddings, .imageGeneration, .imageEditing, .speech, .transcription, .rerank, .moderation,
    ]

    package init(_ capability: Capability) {
        rawValue = Capability.allCases.firstIndex(of: capability).map { 1 << UInt16($0) } ?? 0
    }

    package init(_ all: [Capability]) { self = all.reduce(into: []) { $0.insert(Capabilities($1)) } }

    /// A list as an operator writes it. It is all that the model can do; that it chats need only be said where nothing in the list
    /// says so: a model with `tools` chats, one with nothing but `embeddings` does not.
    package init(listed: [Capability]) {
        let all = Capabilities(listed)
        self = all.isEmpty || !all.isSubset(of: Self.besideChat) ? all.union(.chat) : all
    }

    /// What a model must be able to do to be shown parts of these kinds.
    init(shown kinds: Modalities) {
        self = []
        if kinds.contains(.audio) { insert(.audio) }
        if kinds.contains(.file) { insert(.files) }
        if kinds.contains(.image) { insert(.images) }
    }

    /// In the order of `Capability`.
    package var words: [String] {
        Capability.allCases.filter { contains(Capabilities($0)) }.map(\.rawValue)
    }
}
