import LabText

/// What is asked, and what is answered, in no provider's language? Both dialects read into the one and write out of the other.

/// A request, as far as the mock's answer depends on it.
struct Question: Sendable {
    var model: String
    var isStreamed: Bool
    /// Whether an OpenAI client wants the usage in the stream.
    var wantsUsage = false
    /// The text of the last message, when it is the user's.
    var lastUserText: String
    /// The texts of the tool results that the conversation ends with.
    var toolResults: [String]
    /// The names of the tools given, unless calling them is forbidden.
    var tools: [String]
    /// A tool that must be called.
    var forcedTool: String?
    /// Characters of all messages, from which the prompt's tokens are reckoned.
    var promptCharacters: Int
    var maxTokens: Int?
    var stops: [String]
    /// How many answers are wanted.
    var copies = 1
    /// How many images the last message of the user's shows.
    var images = 0
    /// The schema that the answer must follow.
    var schema: JSON?
    /// Whether the model is to think aloud.
    var thinks = false
    /// The request itself, of a dialect whose answers repeat it.
    var body: JSON = [:]
    /// What the model is to read, of a dialect that keeps it.
    var items: [JSON] = []
}

/// The answer, always the same to the same question.
struct Answer: Sendable, Hashable {
    struct Call: Sendable, Hashable {
        var name: String
        /// JSON in pieces, as a stream brings it.
        var argumentPieces: [String]
        var arguments: String { argumentPieces.joined() }
    }

    enum Ending: Sendable, Hashable {
        case finished
        case reachedLimit
        case stopped(at: String)
        case calledTools
    }

    /// What was thought before, in pieces.
    var thoughts: [String] = []
    /// The text in pieces, as a stream brings it; one piece is one token.
    var pieces: [String] = []
    var calls: [Call] = []
    var ending: Ending = .finished
    var promptTokens: Int
    var answerTokens: Int
    var text: String { pieces.joined() }

    /// - `call:NAME` in the user's text calls that tool, `call2:NAME` calls it twice at once, if it was given; a forced tool is called anyway.
    /// - After tool results the answer is `tool said: …`.
    /// - With a schema the answer is an object that follows it.
    /// - Images are counted: `saw 2: …`.
    /// - Otherwise the user's text comes back as `echo: …`.
    /// - A model that thinks has thought `about …` first.
    init(to question: Question) {
        promptTokens = (question.promptCharacters + 3) / 4  // about four characters a token, as English has
        answerTokens = 0
        if let wanted = Answer.wantedCall(of: question) {
            calls = (1...wanted.times).map { Answer.call(wanted.name, number: $0, text: question.lastUserText) }
            ending = .calledTools
        } else {
            pieces = Answer.words(Answer.text(for: question))
            stop(at: question.stops)
            limit(to: question.maxTokens)
        }
        if question.thinks { thoughts = Answer.words("about \(question.lastUserText)") }
        answerTokens = thoughts.count + pieces.count + calls.reduce(0) { $0 + 1 + $1.argumentPieces.count }
    }

    private static func text(for question: Question) -> String {
        if !question.toolResults.isEmpty { return report(question.toolResults) }
        if let schema = question.schema { return document(schema, question.lastUserText).description }
        let verb = question.images > 0 ? "saw \(question.images)" : "echo"
        return "\(verb): \(question.lastUserText)"
    }

    /// An object with all the schema's properties: texts are the user's, numbers count its characters.
    private static func document(_ schema: JSON, _ text: String) -> JSON {
        let members = (schema["properties"]?.members ?? []).map { property -> JSON.Member in
            let value: JSON =
                switch property.value["type"]?.string?.lowercased() {
                case "integer", "number": .integer(text.count)
                case "boolean": true
                default: .string(text)
                }
            return JSON.Member(property.name, value)
        }
        return .object(members)
    }

    private static func report(_ results: [String]) -> String {
        "tool said: " + results.joined(separator: " and ")
    }

    private static func wantedCall(of question: Question) -> (name: String, times: Int)? {
        guard question.toolResults.isEmpty else { return nil }
        for word in question.lastUserText.split(whereSeparator: \.isWhitespace) {
            for (prefix, times) in [("call:", 1), ("call2:", 2)] where word.hasPrefix(prefix) {
                let name = String(word.dropFirst(prefix.count))
                if question.tools.contains(name) { return (name, times) }
            }
        }
        return question.forcedTool.map { ($0, 1) }
    }

    private static func call(_ name: String, number: Int, text: String) -> Call {
        Call(
            name: name,
            argumentPieces: ["{\"number\":", "\(number),", "\"text\":", JSON.string(text).description, "}"]
        )
    }

    /// Cuts into words, each with the space before it.
    private static func words(_ text: String) -> [String] {
        var (pieces, piece) = ([String](), "")
        for character in text {
            if character == " " && !piece.isEmpty {
                pieces.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        return pieces + [piece]
    }

    private mutating func stop(at stops: [String]) {
        for stop in stops where !stop.isEmpty {
            guard let place = text.ranges(of: stop).first else { continue }
            let kept = String(text[..<place.lowerBound])
            pieces = kept.isEmpty ? [] : Answer.words(kept)
            ending = .stopped(at: stop)
            return
        }
    }

    private mutating func limit(to most: Int?) {
        guard let most, pieces.count > most else { return }
        pieces = Array(pieces.prefix(most))
        ending = .reachedLimit
    }
}
