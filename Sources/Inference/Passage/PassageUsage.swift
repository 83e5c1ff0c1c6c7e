/// What did an answer use that is passed on unread? Looked for where providers show it: the `usage` of a JSON answer, or of the events of a
/// stream, in each dialect's words. An answer without it is unreported.
import Wire

struct PassageUsage: Sendable {
    /// Bytes of a JSON answer, or of one event, that are kept to be looked at as a whole.
    static let mostBytes = 1 << 20
    /// Of a longer answer, as many embeddings are, and of a longer event only the end is kept: `usage` stands behind what was made.
    static let tailBytes = 16 << 10

    private var json: [UInt8]?
    /// Whether what is kept is only the end.
    private var isTail = false
    private var reader: EventStreamReader?
    /// The end of an event of a stream that is too large to be looked at as a whole, and some of what came behind it.
    private var largeEnd: [UInt8] = []
    private(set) var usage = Usage()
    let isStream: Bool
    /// Events of a stream that carried something.
    private(set) var events: UInt64 = 0

    /// - Parameter contentType: in lower case, without parameters.
    init(contentType: String) {
        isStream = contentType == "text/event-stream"
        if contentType == "application/json" { json = [] }
        if isStream {
            reader = EventStreamReader(limits: EventStreamReader.Limits(line: Self.mostBytes, event: Self.mostBytes))
        }
    }

    mutating func observe(_ bytes: [UInt8]) {
        if json != nil { keep(bytes) }
        if reader != nil { read(bytes) }
    }

    private mutating func read(_ bytes: [UInt8]) {
        if reader?.isSteppingOver == true { keepEnd(bytes) }
        reader?.append(bytes.span.bytes)
        while true {
            do {
                guard let event = try reader?.next() else { break }
                lookAtLarge()
                observe(event)
            } catch {
                events &+= 1
                largeEnd = reader?.stepOver(last: Self.tailBytes) ?? []
            }
        }
        if reader?.isSteppingOver == false { lookAtLarge() }
    }

    private mutating func keepEnd(_ bytes: [UInt8]) {
        largeEnd += bytes.suffix(Self.tailBytes)
        if largeEnd.count > 2 * Self.tailBytes { largeEnd.removeFirst(largeEnd.count - Self.tailBytes) }
    }

    /// The event that was too large is over.
    private mutating func lookAtLarge() {
        guard !largeEnd.isEmpty else { return }
        look(atTail: largeEnd)
        largeEnd = []
    }

    private mutating func keep(_ bytes: [UInt8]) {
        json? += bytes
        guard let count = json?.count else { return }
        if count > Self.mostBytes { isTail = true }
        if isTail, count > 2 * Self.tailBytes { json?.removeFirst(count - Self.tailBytes) }
    }

    /// The answer is over.
    mutating func finish() {
        if let json { if isTail || !look(at: json) { look(atTail: Array(json.suffix(Self.tailBytes))) } }
        json = nil
        lookAtLarge()
        if let rest = reader?.finish() { observe(rest) }
        reader = nil
    }

    private mutating func observe(_ event: ServerSentEvent) {
        guard let data = event.data else { return }
        events &+= 1
        look(at: data)
    }

    /// - Returns: false where the bytes are no whole JSON, as an answer that broke off.
    @discardableResult
    private mutating func look(at bytes: [UInt8]) -> Bool {
        // Most events of a stream hold none, and are not parsed for it.
        guard bytes.contains(Self.word) || bytes.contains(Self.geminisWord) else { return true }
        guard let root = try? JSONDocument(bytes, limits: .answer).root else { return false }
        // Gemini's stream that nobody wanted in events is an array of its pieces.
        if root.kind == .array { root.elements.forEach { look(at: $0) } } else { look(at: root) }
        return true
    }

    private mutating func look(at piece: JSONView) {
        if let report = Self.geminis(piece["usageMetadata"]) { usage.update(with: report) }
        // At the top; within the event that ends a Responses stream; within the event that begins a Messages stream.
        for place in [piece, piece["response"], piece["message"]] {
            guard let place, var report = Self.usage(place["usage"]) else { continue }
            report.service = ServiceClass(word: place["service_tier"]?.string) ?? report.service
            usage.update(with: report)
        }
    }

    /// The last report, in whichever words.
    private mutating func look(atTail bytes: [UInt8]) {
        let reports = [
            Self.last(Self.word, in: bytes) { Self.usage($0) },
            Self.last(Self.geminisWord, in: bytes) { Self.geminis($0) },
        ]
        guard var report = reports.compactMap(\.self).max(by: { $0.place < $1.place })?.told else { return }
        let service = Self.last(Self.tiersWord, in: bytes) { ServiceClass(word: $0.string) }
        report.service = service?.told ?? report.service
        usage.update(with: report)
    }

    /// What the last member of a name tells of which something can be read. A text that says so has its quotes escaped, and is none.
    private static func last<Told>(
        _ word: [UInt8],
        in bytes: [UInt8],
        _ told: (JSONView) -> Told?
    ) -> (place: Int, told: Told)? {
        var end = bytes.endIndex
        while let place = bytes[..<end].lastPlace(of: word) {
            end = place
            let isEscaped = place > bytes.startIndex && bytes[place - 1] == UInt8(ascii: "\\")
            guard !isEscaped, let value = value(behind: bytes[(place + word.count)...]),
                let document = try? JSONDocument(Array(value), limits: .answer), let told = told(document.root)
            else { continue }
            return (place, told)
        }
        return nil
    }

    /// The object or the text that a member's name is followed by; nil when there is none, or not the whole.
    private static func value(behind bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        let colon = bytes.drop(while: isSpace)
        guard colon.first == UInt8(ascii: ":") else { return nil }
        let object = colon.dropFirst().drop(while: isSpace)
        guard object.first == UInt8(ascii: "{") || object.first == UInt8(ascii: "\"") else { return nil }
        var (depth, isText, isEscaped) = (0, false, false)
        for place in object.indices {
            let byte = object[place]
            if isEscaped {
                isEscaped = false
                continue
            }
            if isText {
                isEscaped = byte == UInt8(ascii: "\\")
                isText = byte != UInt8(ascii: "\"")
                if !isText, depth == 0 { return object[...place] }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return object[...place] }
            default: continue
            }
        }
        return nil
    }

    private static let word = Array("\"usage\"".utf8)
    private static let geminisWord = Array("\"usageMetadata\"".utf8)
    private static let tiersWord = Array("\"service_tier\"".utf8)

    private static func geminis(_ value: JSONView?) -> Usage? {
        Gemini.usage(value).flatMap { $0.isUnreported ? nil : $0 }
    }

    /// Three dialects' words for the same: Chat Completions and Embeddings, Responses, Messages.
    private static func usage(_ value: JSONView?) -> Usage? {
        guard let value, value.kind == .object else { return nil }
        let report = report(value)
        return report?.isUnreported == true ? nil : report
    }

    private static func report(_ value: JSONView) -> Usage? {
        if value["prompt_tokens"] != nil { return OpenAI.usage(value) }
        guard let details = value["input_tokens_details"], details.kind == .object else {
            return Anthropic.usage(value)
        }
        return Usage(
            input: value["input_tokens"]?.unsigned,
            output: value["output_tokens"]?.unsigned,
            cachedRead: details["cached_tokens"]?.unsigned,
            cacheWrite: details["cache_write_tokens"]?.unsigned,
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

extension ArraySlice<UInt8> {
    /// Where the bytes stand last.
    fileprivate func lastPlace(of word: [UInt8]) -> Int? {
        guard let first = word.first, count >= word.count else { return nil }
        var place = endIndex - word.count
        while place >= startIndex {
            if self[place] == first, self[place..<(place + word.count)].elementsEqual(word) { return place }
            place -= 1
        }
        return nil
    }
}
