import Wire

/// How do events of an answer become a stream of Gemini's API? Each event is an answer in small. A call is told when it is whole, and the
/// last event has the reason of the end with the usage: there is no other mark of it.
extension Gemini {
    /// Writes a stream for one client.
    package struct StreamEncoder: Sendable {
        /// Bytes of arguments that are gathered; longer ones no client could use.
        private static let longestArguments = 16 << 20

        private let id: String
        private let model: String
        private var framing: StreamFraming
        private var call: Chat.ToolUse?
        private var finish: FinishReason?
        private var usage = Usage()
        private var isOver = false

        /// A stream that has not begun.
        /// - Parameters:
        ///   - id: the answer's name as the client shall know it.
        ///   - model: the model's name as the client shall know it.
        ///   - isArray: whether it is one JSON array in pieces, and not server-sent events.
        package init(id: String, model: String, isArray: Bool) {
            (self.id, self.model) = (id, model)
            framing = StreamFraming(isArray: isArray)
        }

        /// The bytes for the client: no, one or several events.
        package mutating func encode(_ event: ChatEvent) -> [UInt8] {
            guard !isOver else { return [] }
            var bytes: [UInt8] = []
            if event.endsCall { tellCall(&bytes) }
            switch event {
            case .start: break
            case .text(let text), .refusal(let text): tell(&bytes) { Gemini.write(text: text, to: &$0) }
            case .reasoning(let text): tell(&bytes) { Gemini.write(thought: text, to: &$0) }
            case .toolCallStart(_, let id, let name): call = Chat.ToolUse(id: id, name: name, arguments: "")
            case .toolCallSignature: break
            case .toolCallArguments(_, let json):
                let length = (call?.arguments.utf8.count ?? 0) + json.utf8.count
                if length <= Self.longestArguments { call?.arguments += json }
            case .finish(let reason): finish = reason
            case .usage(let report): usage.update(with: report)
            // What the client is told of it is the exchange's to say.
            case .error: isOver = true
            case .done:
                isOver = true
                // The API's own client takes a content without parts for a broken one, and forgets the turn.
                let last = Gemini.response(id, model, finish: finish ?? .stop, usage) {
                    Gemini.write(text: "", to: &$0)
                }
                framing.append(last, to: &bytes)
                framing.end(&bytes)
            }
            return bytes
        }

        private mutating func tellCall(_ bytes: inout [UInt8]) {
            guard let call else { return }
            self.call = nil
            tell(&bytes) { Gemini.write(call, to: &$0) }
        }

        private mutating func tell(_ bytes: inout [UInt8], _ part: (inout JSONWriter) -> Void) {
            framing.append(Gemini.response(id, model, finish: nil, Usage(), parts: part), to: &bytes)
        }
    }

    /// What stands between the pieces of a stream: the frame of server-sent events, or the commas of one array.
    struct StreamFraming: Sendable {
        private let isArray: Bool
        private var isEmpty = true

        init(isArray: Bool) { self.isArray = isArray }

        mutating func append(_ json: [UInt8], to bytes: inout [UInt8]) {
            guard isArray else { return EventStreamWriter.append(data: json, to: &bytes) }
            bytes += isEmpty ? Self.opening : Self.comma
            bytes += json
            isEmpty = false
        }

        mutating func end(_ bytes: inout [UInt8]) {
            if isArray { bytes += isEmpty ? Self.nothing : Self.closing }
        }

        private static let opening = Array("[".utf8)
        private static let comma = Array(",\r\n".utf8)
        private static let closing = Array("]".utf8)
        private static let nothing = Array("[]".utf8)
    }

    /// A blank line, which says nothing in either form: the API's own client library takes a comment for an answer.
    static let heartbeat: [UInt8] = [0x0A]

    /// The event that breaks a stream off.
    /// - Parameters:
    ///   - isArray: whether the stream is one JSON array in pieces.
    ///   - isFirst: whether nothing of the array was told before.
    static func event(ofError body: [UInt8], isArray: Bool, isFirst: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        guard isArray else {
            EventStreamWriter.append(data: body, to: &bytes)
            return bytes
        }
        bytes += Array((isFirst ? "[" : ",\r\n").utf8)
        bytes += body
        bytes += Array("]".utf8)
        return bytes
    }
}

extension ChatEvent {
    /// Whether no more of the arguments of a call can come after it.
    fileprivate var endsCall: Bool {
        switch self {
        case .text, .refusal, .reasoning, .toolCallStart, .finish, .done: true
        case .start, .toolCallSignature, .toolCallArguments, .usage, .error: false
        }
    }
}
