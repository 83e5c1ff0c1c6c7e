import Wire

/// How does an answer come in pieces to a client of Mistral's? As chunks of OpenAI's dialect, but for the calls: each is whole in one chunk,
/// for these clients want name and arguments in every piece.
extension Mistral {
    struct StreamEncoder: Sendable {
        /// Bytes of one call's arguments; a bound on memory.
        private static let longestArguments = 8 << 20

        private var chunks: OpenAI.StreamEncoder
        private var call: (index: Int, id: String, name: String, arguments: String)?
        /// Whether something was too large to be told.
        private(set) var hasOverflowed = false

        init(id: String, _ terms: AnswerTerms) {
            chunks = OpenAI.StreamEncoder(id: id, model: terms.model, created: terms.created, includeUsage: true)
        }

        /// The bytes for the client: no, one or several events.
        mutating func encode(_ event: ChatEvent) -> [UInt8] {
            switch event {
            case .toolCallStart(let index, let id, let name):
                let before = tellCall()
                call = (index, id, name, "")
                return before
            case .toolCallArguments(_, let json):
                if (call?.arguments.utf8.count ?? 0) + json.utf8.count > Self.longestArguments {
                    hasOverflowed = true
                } else {
                    call?.arguments += json
                }
                return []
            // A proof has no place in this dialect.
            case .toolCallSignature: return []
            // Nor has a refusal, which is words like any others.
            case .refusal(let text): return tellCall() + chunks.encode(.text(text))
            case .text, .reasoning, .finish, .done: return tellCall() + chunks.encode(event)
            case .start, .usage, .error: return chunks.encode(event)
            }
        }

        private mutating func tellCall() -> [UInt8] {
            guard let told = call else { return [] }
            call = nil
            return chunks.encode(wholeCall: told.index, id: told.id, name: told.name, arguments: told.arguments)
        }
    }
}
