import LabText

/// What of an HTTP/1.1 answer has come so far? Only what the lab's own checks need: identity and chunked bodies, server-sent events.
struct AnswerReader {
    private var pending: [UInt8] = []
    private var events: [UInt8] = []
    private var headSeen = false
    private var isChunked = false
    private var isEventStream = false
    private var remaining: Int?
    private(set) var isComplete = false

    /// Takes what arrived and gives the lines to print.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> [JSON] {
        pending += bytes
        var lines: [JSON] = []
        if !headSeen {
            guard let head = takeHead() else { return [] }
            lines.append(head)
        }
        events += isChunked ? takeChunks() : takeIdentity()
        lines += isEventStream ? takeEvents() : takeWholeBody()
        return lines
    }

    /// How the answer ended when the peer closed the connection.
    func endOfStream() -> String {
        headSeen && !isChunked && remaining == nil ? "complete" : "cut short"
    }

    private mutating func takeHead() -> JSON? {
        let end = Array("\r\n\r\n".utf8)
        guard let at = pending.firstIndex(of: end) else { return nil }
        let lines = String(decoding: pending[..<at], as: UTF8.self).split(separator: "\r\n")
        pending.removeFirst(at + end.count)
        headSeen = true
        var headers: [JSON.Member] = []
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            let name = parts[0].lowercased()
            let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            note(name, value)
            // A JSON object names each member once; of a header that comes twice the first is shown.
            if !headers.contains(where: { $0.name == name }) { headers.append(JSON.Member(name, .string(value))) }
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return [
            "event": "head", "at_ns": .integer(Moment.now.nanoseconds), "status": .integer(status),
            "headers": .object(headers),
        ]
    }

    private mutating func note(_ name: String, _ value: String) {
        switch name {
        case "transfer-encoding": isChunked = value.lowercased().contains("chunked")
        case "content-type": isEventStream = value.hasPrefix("text/event-stream")
        case "content-length": remaining = Int(value)
        default: break
        }
    }

    private mutating func takeIdentity() -> [UInt8] {
        let taken = pending
        pending = []
        if let left = remaining {
            remaining = left - taken.count
            isComplete = left <= taken.count
        }
        return taken
    }

    private mutating func takeChunks() -> [UInt8] {
        let lineEnd = Array("\r\n".utf8)
        var taken: [UInt8] = []
        while let at = pending.firstIndex(of: lineEnd) {
            let size = String(decoding: pending[..<at], as: UTF8.self).prefix { $0.isHexDigit }
            guard let count = Int(size, radix: 16), pending.count >= at + 2 + count + 2 else { break }
            if count == 0 { isComplete = true }
            taken += pending[at + 2..<at + 2 + count]
            pending.removeFirst(at + 2 + count + 2)
        }
        return taken
    }

    private mutating func takeEvents() -> [JSON] {
        let blank = Array("\n\n".utf8)
        var lines: [JSON] = []
        while let at = events.firstIndex(of: blank) {
            let text = String(decoding: events[..<at], as: UTF8.self)
            events.removeFirst(at + blank.count)
            lines.append(["event": "sse", "at_ns": .integer(Moment.now.nanoseconds), "text": .string(text)])
        }
        return lines
    }

    private mutating func takeWholeBody() -> [JSON] {
        guard isComplete else { return [] }
        let text = String(decoding: events, as: UTF8.self)
        return [["event": "body", "at_ns": .integer(Moment.now.nanoseconds), "text": .string(text)]]
    }
}

extension [UInt8] {
    /// Where `pattern` first stands.
    fileprivate func firstIndex(of pattern: [UInt8]) -> Int? {
        guard count >= pattern.count else { return nil }
        return (0...count - pattern.count).first { self[$0..<$0 + pattern.count].elementsEqual(pattern) }
    }
}
