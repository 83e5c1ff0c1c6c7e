import LabText

/// How is the next request to be treated?
struct Mode: Sendable {
    /// What it does wrong, if anything.
    enum Behaviour: Sendable, Hashable {
        /// Answers.
        case ok
        /// Answers every request with this HTTP status, in the provider's own error shape.
        case status(Int)
        /// Takes the request and never says a word.
        case hang
        /// Begins the answer and falls silent half way.
        case hangMid
        /// Says 200, and the first event is an error. Requests that are not streamed get the status instead.
        case errorFirstEvent
        /// Says 200, answers half, and then an error event comes.
        case errorMidStream
        /// Begins the answer and closes the connection half way.
        case dropMidStream
        /// Says 200 and sends what is neither JSON nor an event.
        case garbage
        /// Answers, but takes its time: `first-ms` before the first byte, `delay-ms` between pieces.
        case slow
        /// Closes its listeners and all connections, as a process that died: new ones are refused. Reopened by the next mode, or after `for-ms`.
        case refuse
    }

    var behaviour: Behaviour = .ok
    /// The word it was set by.
    var word = "ok"
    /// For how many requests; nil until another mode is set.
    var times: Int?
    var delayMilliseconds: Int?
    var firstMilliseconds: Int?
    var forMilliseconds: Int?
    /// Seconds for the `retry-after` header of an error status.
    var retryAfter: Int?
    /// Pieces sent before a failure half way; nil: half of them.
    var pieces: Int?

    /// A mode that cannot be understood.
    struct Unknown: Error, CustomStringConvertible {
        var description: String
    }

    /// Any time beyond this is a mistake, milliseconds.
    private static let longestTime = 600_000
    private static let fields = [
        "mode", "times", "delay-ms", "first-ms", "for-ms", "retry-after", "pieces",
    ]
    private static let words: [(word: String, behaviour: Behaviour)] = [
        ("ok", .ok), ("hang", .hang), ("hang-mid", .hangMid), ("error-first-event", .errorFirstEvent),
        ("error-mid-stream", .errorMidStream), ("drop-mid-stream", .dropMidStream), ("garbage", .garbage),
        ("slow", .slow), ("refuse", .refuse),
    ]

    init() {}

    /// Reads what `POST /_mock/mode` brings.
    init(_ json: JSON) throws(Unknown) {
        guard let members = json.members, let word = json["mode"]?.string else {
            throw Unknown(description: "an object with \"mode\" is wanted")
        }
        if let stranger = members.first(where: { !Mode.fields.contains($0.name) }) {
            throw Unknown(description: "unknown field \(stranger.name); known are \(Mode.fields)")
        }
        self.word = word
        behaviour = try Mode.behaviour(word)
        times = try Mode.whole("times", json)
        delayMilliseconds = try Mode.whole("delay-ms", json)
        firstMilliseconds = try Mode.whole("first-ms", json)
        forMilliseconds = try Mode.whole("for-ms", json)
        retryAfter = try Mode.whole("retry-after", json)
        pieces = try Mode.whole("pieces", json)
    }

    /// `mode:WORD` in the user's text is the mode of this one request, so that a client can ask for a failure itself.
    init?(askedBy question: Question) {
        let asked = question.lastUserText.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("mode:") }
        guard let word = asked?.dropFirst("mode:".count), let behaviour = try? Mode.behaviour(String(word)) else {
            return nil
        }
        self.word = String(word)
        self.behaviour = behaviour
    }

    private static func behaviour(_ word: String) throws(Unknown) -> Behaviour {
        if let status = Int(word), (400...599).contains(status) { return .status(status) }
        guard let found = words.first(where: { $0.word == word }) else {
            throw Unknown(description: "unknown mode \(word); known are \(words.map(\.word)) and 400 to 599")
        }
        return found.behaviour
    }

    private static func whole(_ name: String, _ json: JSON) throws(Unknown) -> Int? {
        guard let value = json[name], value != .null else { return nil }
        guard let number = value.integer, (0...longestTime).contains(number) else {
            throw Unknown(description: "\(name) wants a whole number up to \(longestTime)")
        }
        return number
    }
}
