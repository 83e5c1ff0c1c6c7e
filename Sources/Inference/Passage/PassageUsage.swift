/// What did an answer use that is passed on unread? Looked for where providers show it: the `usage` of a JSON answer, or of the events of a
/// stream, in either dialect's words. An answer without it is unreported.
import Wire

struct PassageUsage: Sendable {
    /// Bytes of a JSON answer, or of one event, that are kept to be looked at; longer ones are passed on unlooked at.
    static let mostBytes = 1 << 20

    private var json: [UInt8]?
    private var events: EventStreamReader?
    private(set) var usage = Usage()

    /// - Parameter contentType: in lower case, without parameters.
    init(contentType: String) {
        switch contentType {
        case "application/json": json = []
        case "text/event-stream":
            events = EventStreamReader(limits: EventStreamReader.Limits(line: Self.mostBytes, event: Self.mostBytes))
        default: break
        }
    }

    mutating func observe(_ bytes: [UInt8]) {
        if let count = json?.count {
            if count + bytes.count > Self.mostBytes { json = nil } else { json? += bytes }
        }
        do {
            for event in try events?.feed(bytes) ?? [] { observe(event) }
        } catch {
            events = nil
        }
    }

    /// The answer is over.
    mutating func finish() {
        if let json { look(at: json) }
        json = nil
        if let rest = events?.finish() { observe(rest) }
        events = nil
    }

    private mutating func observe(_ event: ServerSentEvent) {
        if let data = event.data { look(at: data) }
    }

    private mutating func look(at bytes: [UInt8]) {
        // Most events of a stream hold none, and are not parsed for it.
        guard bytes.contains(Self.word), let document = try? JSONDocument(bytes, limits: .answer) else { return }
        // At the top; within the event that ends a Responses stream; within the event that begins a Messages stream.
        for place in [document["usage"], document["response"]?["usage"], document["message"]?["usage"]] {
            if let report = Self.usage(place) { usage.update(with: report) }
        }
    }

    private static let word = Array("\"usage\"".utf8)

    /// Three dialects' words for the same: Chat Completions and Embeddings, Responses, Messages.
    static func usage(_ value: JSONView?) -> Usage? {
        guard let value, value.kind == .object else { return nil }
        if value["prompt_tokens"] != nil { return OpenAI.usage(value) }
        guard let details = value["input_tokens_details"], details.kind == .object else {
            return Anthropic.usage(value)
        }
        return Usage(
            input: value["input_tokens"]?.unsigned,
            output: value["output_tokens"]?.unsigned,
            cachedRead: details["cached_tokens"]?.unsigned,
            reasoning: value["output_tokens_details"]?["reasoning_tokens"]?.unsigned
        )
    }
}

extension [UInt8] {
    /// Whether the bytes stand in these anywhere.
    fileprivate func contains(_ word: [UInt8]) -> Bool {
        guard let first = word.first, count >= word.count else { return false }
        var start = startIndex
        while let place = self[start...].firstIndex(of: first), count - place >= word.count {
            if self[place..<(place + word.count)].elementsEqual(word) { return true }
            start = place + 1
        }
        return false
    }
}
