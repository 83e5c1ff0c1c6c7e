/// How do bytes that arrive in any pieces become server-sent events? After the "Server-sent events" section of the HTML
/// standard, with the raw bytes of every event kept, so that a stream can be passed on as it came.
package struct EventStreamReader: Sendable {
    /// How much one event may hold.
    package struct Limits: Equatable, Sendable {
        /// Bytes in one line.
        package var line: Int
        /// Bytes in one event with all its lines.
        package var event: Int

        /// Limits of your own.
        package init(line: Int, event: Int) {
            self.line = line
            self.event = event
        }

        /// 8 MiB: the largest single events seen are generated images in base64; anything larger is an attack on memory.
        package static let standard = Limits(line: 8 << 20, event: 8 << 20)
    }

    private let limits: Limits
    /// Bytes of the event that is being read, and what came after it.
    private var buffer: [UInt8] = []
    /// Where the current event begins.
    private var eventStart = 0
    /// Where the current line begins.
    private var lineStart = 0
    /// Where the search for the line's end goes on.
    private var searched = 0
    /// The last line ended with CR: a LF that comes next belongs to it.
    private var swallowsLF = false
    /// The last line ended with CR and LF.
    private var usesCRLF = false
    private var isAtStart = true
    /// The event being read is too large, and nothing of it is kept; the reader goes on with the next.
    package private(set) var isSteppingOver = false
    /// The line being stepped over has had bytes.
    private var hasSteppedOnLine = false
    private var draft = Draft()

    /// A reader at the beginning of a stream.
    package init(limits: Limits = .standard) {
        self.limits = limits
    }

    /// Takes bytes in; `next` then gives the events that are complete.
    package mutating func append(_ bytes: RawSpan) {
        if eventStart > 0 { discardGiven() }
        bytes.withUnsafeBytes { buffer.append(contentsOf: $0) }
    }

    /// The next complete event, or nil when more bytes are needed.
    /// - Throws: when a line or an event is larger than allowed; the reader is of no use afterwards, but for `stepOver`.
    package mutating func next() throws(EventStreamError) -> ServerSentEvent? {
        while let line = try nextLine() {
            if isSteppingOver {
                leave(line)
                continue
            }
            if line.isEmpty {
                return finishEvent()
            }
            draft.take(buffer[line])
        }
        return nil
    }

    /// Goes on with the event after the one that was too large; `next` gives that, and keeps nothing of this one.
    /// - Returns: at most so many of the bytes that came last.
    package mutating func stepOver(last count: Int) -> [UInt8] {
        let end = Array(buffer[eventStart...].suffix(count))
        draft = Draft()
        (isSteppingOver, hasSteppedOnLine) = (true, false)
        return end
    }

    /// The end of a line that is stepped over; with a blank one the event ends.
    private mutating func leave(_ line: Range<Int>) {
        if line.isEmpty, !hasSteppedOnLine { isSteppingOver = false }
        hasSteppedOnLine = false
        eventStart = lineStart
    }

    /// What is left when the stream has ended: an event whose closing blank line never came, if it holds anything.
    ///
    /// The standard wants it thrown away. Some servers leave the last blank line out, so the caller is told instead.
    package mutating func finish() -> ServerSentEvent? {
        guard !isSteppingOver else { return nil }
        if lineStart < buffer.count { draft.take(buffer[lineStart...]) }
        lineStart = buffer.count
        guard eventStart < buffer.count else { return nil }
        return finishEvent()
    }

    /// Takes bytes in and gives every event they complete.
    /// - Throws: when a line or an event is larger than allowed.
    package mutating func feed(_ bytes: [UInt8]) throws(EventStreamError) -> [ServerSentEvent] {
        append(bytes.span.bytes)
        var events: [ServerSentEvent] = []
        while let event = try next() { events.append(event) }
        return events
    }

    // MARK: Lines

    /// The next whole line without its end, or nil.
    private mutating func nextLine() throws(EventStreamError) -> Range<Int>? {
        stepOverLF()
        guard stepOverByteOrderMark() else { return nil }
        guard let end = ByteScan.lineEnd(buffer.span.bytes, from: searched) else {
            searched = buffer.count
            if isSteppingOver { leaveRest() } else { try check(lineEnd: buffer.count) }
            return nil
        }
        if !isSteppingOver { try check(lineEnd: end) }
        guard !awaitsLF(after: end) else {
            searched = end
            return nil
        }
        let line = lineStart..<end
        swallowsLF = buffer[end] == 0x0D
        usesCRLF = false
        lineStart = end + 1
        searched = lineStart
        stepOverLF()
        return line
    }

    /// Of a line that is stepped over and has not ended.
    private mutating func leaveRest() {
        if lineStart < buffer.count { hasSteppedOnLine = true }
        (lineStart, eventStart) = (buffer.count, buffer.count)
    }

    private func check(lineEnd: Int) throws(EventStreamError) {
        guard lineEnd - lineStart <= limits.line else { throw .lineTooLong(limit: limits.line) }
        guard lineEnd - eventStart <= limits.event else { throw .eventTooLarge(limit: limits.event) }
    }

    /// A CR ends a line by itself, but where lines end with CRLF the LF is on its way: waiting for it keeps a block in one
    /// piece. A stream that uses CR alone is not held up.
    private func awaitsLF(after end: Int) -> Bool {
        usesCRLF && end == lineStart && buffer[end] == 0x0D && end + 1 == buffer.count
    }

    private mutating func stepOverLF() {
        guard swallowsLF, lineStart < buffer.count else { return }
        swallowsLF = false
        usesCRLF = buffer[lineStart] == 0x0A
        guard usesCRLF else { return }
        lineStart += 1
        searched = lineStart
    }

    /// One byte order mark may lead the stream. False while it cannot be told yet whether this is one.
    private mutating func stepOverByteOrderMark() -> Bool {
        guard isAtStart else { return true }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let seen = buffer.prefix(mark.count)
        guard mark.starts(with: seen) else {
            isAtStart = false
            return true
        }
        guard seen.count == mark.count else { return false }
        isAtStart = false
        lineStart = mark.count
        searched = mark.count
        return true
    }

    // MARK: Events

    private mutating func finishEvent() -> ServerSentEvent {
        let event = draft.event(raw: buffer[eventStart..<lineStart])
        draft = Draft()
        eventStart = lineStart
        return event
    }

    /// Drops the events that were given, so that the buffer holds one event and what came with it, not a whole stream.
    private mutating func discardGiven() {
        let given = eventStart
        if given == buffer.count {
            buffer.removeAll(keepingCapacity: true)
        } else {
            buffer.removeSubrange(0..<given)
        }
        eventStart = 0
        lineStart -= given
        searched -= given
    }
}

/// Why a stream of events cannot be read on.
package enum EventStreamError: Error, Equatable, Sendable {
    /// One line holds more bytes than this.
    case lineTooLong(limit: Int)
    /// One event holds more bytes than this.
    case eventTooLarge(limit: Int)
}
