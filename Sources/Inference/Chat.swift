package import Wire

/// What does a client want of a model, whichever dialect it speaks? The one form between dialects: a request is brought into
/// it only when client and provider speak differently. Schemas stay bytes and numbers stay text, so that nothing is rounded
/// or reordered on the way.
package struct Chat: Equatable, Sendable {
    /// Calls of one answer, which wait for their results at once: a bound on memory, and on the work of finding them. No model comes near.
    static let mostCalls = 256

    /// The model as the client named it.
    package var model: String
    /// System, user, assistant and tool messages in the client's order.
    package var messages: [Message]
    /// The tools on offer.
    package var tools: [Tool] = []
    /// Whether a tool must, may or must not be called; nil if the client did not say.
    package var toolChoice: ToolChoice?
    /// Whether several tools may be called at once; nil if the client did not say.
    package var allowsParallelTools: Bool?
    /// The most tokens the answer may have; nil if the client did not say.
    package var maxTokens: UInt64?
    /// Whether the client said that there is no bound.
    package var isEndless = false
    /// Sampling temperature, as written.
    package var temperature: String?
    /// Nucleus sampling's probability mass, as written.
    package var topP: String?
    /// Texts that end the answer.
    package var stop: [String] = []
    /// The form the answer must have; nil if the client did not say.
    package var responseFormat: ResponseFormat?
    /// Whether the form's schema must be followed to the letter; nil if the client did not say.
    package var isFormStrict: Bool?
    /// How hard the model shall think, in the client's word; nil if the client did not say.
    package var effort: String?
    /// Whether the model shall think before it answers, and how long; nil if the client did not say.
    package var thinking: Thinking?
    /// Whether the client asks to be told what the model thinks, apart from its being to think.
    package var showsThoughts = false
    /// Whether the answer shall come in pieces.
    package var stream = false
    /// Whether a streamed answer shall end with the usage.
    package var includeUsage = false
    /// Whom the request is for, an opaque name.
    package var user: String?
    /// Outermost fields that have no place above, as they came. A target's encoder carries, refuses or reports each.
    package var extras: [Extra] = []
    /// Fields that this form has no place for, whatever the target.
    package var uncarried: [Omission] = []
    /// What the client calls the fields that stand above.
    var names = FieldNames(.openai)

    /// A request with its two indispensable parts.
    package init(model: String, messages: [Message]) {
        self.model = model
        self.messages = messages
    }

    /// What every request says, whichever dialect it is in.
    init(of view: RequestView) {
        self.init(model: view.model, messages: [])
        stream = view.stream
        includeUsage = view.includeUsage
        names = FieldNames(view.dialect, view.operation)
    }

    /// An outermost field, kept as it came.
    package struct Extra: Equatable, Sendable {
        /// The field's name.
        package let name: String
        /// Its value, JSON.
        package let value: JSONValue
        /// Its path in the client's request, where that is another than its name.
        package internal(set) var field: String
        /// Whether it came by an API of OpenAI's, whose two have fields of the same name and meaning.
        package let isOpenAIs: Bool

        /// A field.
        /// - Parameters:
        ///   - field: nil: its name.
        ///   - isOpenAIs: whether it came by an API of OpenAI's and may go on in the other one.
        package init(name: String, value: JSONValue, field: String? = nil, isOpenAIs: Bool = false) {
            self.name = name
            self.value = value
            self.field = field ?? name
            self.isOpenAIs = isOpenAIs
        }

        /// Whether it asks for nothing beyond what happens anyway.
        var isNeutral: Bool {
            switch (name, value) {
            case ("n", .number("1")), ("top_logprobs", .number("0")), ("modalities", .array([.string("text")])): true
            case ("frequency_penalty", .number(let text)), ("presence_penalty", .number(let text)): Double(text) == 0
            case ("logprobs", .bool(false)), ("store", .bool(false)): true
            case ("logit_bias", .object([])), ("metadata", .object([])): true
            case ("service_tier", .string("auto")): true
            default: false
            }
        }
    }
}

extension Chat {
    /// A function the model may ask the client to call.
    package struct Tool: Equatable, Sendable {
        /// The function's name.
        package var name: String
        /// What it does, for the model.
        package var description: String?
        /// The JSON Schema of its arguments, as written; nil if it takes none.
        package var parameters: [UInt8]?
        /// Whether arguments must follow the schema to the letter; nil if the client did not say.
        package var strict: Bool?

        /// A tool.
        package init(name: String, description: String? = nil, parameters: [UInt8]? = nil, strict: Bool? = nil) {
            self.name = name
            self.description = description
            self.parameters = parameters
            self.strict = strict
        }
    }

    /// Whether the model must call a tool.
    package enum ToolChoice: Equatable, Sendable {
        case auto, none, required
        /// The tool of this name must be called.
        case tool(String)
    }

    /// Whether and how long a model thinks before it answers.
    package enum Thinking: Equatable, Sendable {
        case off
        /// As long as it likes, or for so many tokens.
        case on(budget: UInt64?)
    }

    /// The form the answer must have.
    package enum ResponseFormat: Equatable, Sendable {
        case text, jsonObject
        /// JSON that follows this schema, as written; its name is nil where the client's dialect has none.
        case jsonSchema(name: String?, schema: [UInt8]?)
    }
}

extension Chat {
    /// What the proof of a call is called (`ToolUse.signature`), which means nothing to any provider but the one that gave it.
    static let proofField = "messages.tool_calls.extra_content"

    /// Whether a call brings its proof back.
    var hasProof: Bool {
        messages.contains { $0.parts.contains { $0.toolUse?.signature != nil } }
    }

    /// Whether a system message stands inside the conversation: where instructions have a place of their own, it is heard before it.
    var hasLateSystemMessage: Bool {
        guard let first = messages.firstIndex(where: { $0.role != .system }) else { return false }
        return messages[first...].contains { $0.role == .system }
    }
}
