/// What does a head say, line by line, and is what it says as a whole one thing only?
extension HTTPReader {
    mutating func head(_ bytes: RawSpan, _ front: inout Int) throws(HTTPError) -> Event? {
        while let line = try sectionLine(bytes, front) {
            guard hasStartLine else {
                try startLine(bytes, line, &front)
                continue
            }
            guard line.isEmpty else {
                try field(bytes, line, front)
                continue
            }
            bytes.extracting(front..<line.upperBound).withUnsafeBytes { message.bytes.append(contentsOf: $0) }
            take(&front)
            hasStartLine = false
            hasSkippedEmptyLine = false
            return try finishHead()
        }
        return nil
    }

    private mutating func startLine(_ bytes: RawSpan, _ line: Range<Int>, _ front: inout Int) throws(HTTPError) {
        if line.isEmpty, role == .requests, !hasSkippedEmptyLine {
            // Some clients end a body with a line end that it does not have (RFC 9112 §2.2).
            hasSkippedEmptyLine = true
            return take(&front)
        }
        message.clear()
        switch role {
        case .requests: try requestLine(bytes, line, front)
        case .answers: try statusLine(bytes, line)
        }
        hasStartLine = true
    }

    private mutating func field(_ bytes: RawSpan, _ line: Range<Int>, _ front: Int) throws(HTTPError) {
        guard message.fields.count < limits.fields else { throw .tooManyFields }
        let place = try fieldPlace(bytes, line)
        try message.note(bytes, place, of: role)
        message.fields.append(
            HTTPMessage.Place(name: place.name.moved(by: -front), value: place.value.moved(by: -front))
        )
    }

    private mutating func finishHead() throws(HTTPError) -> Event {
        switch role {
        case .requests:
            if message.isHTTP11, !message.hasHost { throw .badHost }
            message.expectsContinue = message.expectsContinue && message.isHTTP11
        case .answers:
            if let interim = try interim() { return interim }
        }
        message.framing = try message.framing(of: role, answersHead: answersHead)
        message.keepsAlive = message.mayKeepAlive
        if case .length(let length) = message.framing, length > limits.body {
            // The head is told first: whoever answers it wants to know what was asked for.
            stage = .failed(.bodyTooLarge)
        } else {
            beginBody()
        }
        return .head(message)
    }

    private mutating func interim() throws(HTTPError) -> Event? {
        guard message.status < 200 else {
            interimCount = 0
            return nil
        }
        guard message.status != 101 else { throw .unaskedUpgrade }
        guard interimCount < limits.interim else { throw .tooManyInterim }
        interimCount += 1
        return .interim(message)
    }
}

// MARK: - First lines

extension HTTPReader {
    /// `METHOD TARGET HTTP/1.x`, one blank between each (RFC 9112 §3).
    private mutating func requestLine(_ bytes: RawSpan, _ line: Range<Int>, _ front: Int) throws(HTTPError) {
        guard let first = bytes.first(0x20, in: line), first > line.lowerBound,
            let second = bytes.first(0x20, in: (first + 1)..<line.upperBound), second > first + 1
        else { throw .badStartLine }
        for place in line.lowerBound..<first where !HTTPOctets.isToken(ByteScan.byte(bytes, place)) {
            throw .badStartLine
        }
        message.isHTTP11 = try Self.isHTTP11(bytes, (second + 1)..<line.upperBound)
        let whole = (first + 1)..<second
        for place in whole where !HTTPOctets.isTarget(ByteScan.byte(bytes, place)) { throw .badTarget }
        let isOptions = bytes.spells("options", at: line.lowerBound..<first)
        message.target = try Self.path(bytes, whole, isOptions: isOptions).moved(by: -front)
        message.method = (line.lowerBound..<first).moved(by: -front)
    }

    /// `HTTP/1.x CODE WORDS`; many servers leave the words out, and some the blank before them (RFC 9112 §4).
    private mutating func statusLine(_ bytes: RawSpan, _ line: Range<Int>) throws(HTTPError) {
        let first = bytes.first(0x20, in: line) ?? line.upperBound
        let isHTTP11 = try Self.isHTTP11(bytes, line.lowerBound..<first)
        let end = first + 4
        guard end <= line.upperBound, end == line.upperBound || ByteScan.byte(bytes, end) == 0x20,
            let status = bytes.decimal((first + 1)..<end), status >= 100
        else { throw .badStartLine }
        message.isHTTP11 = isHTTP11
        message.status = status
    }

    /// `HTTP/1.1` and `HTTP/1.0` as the words that their eight bytes make, the first byte lowest. In capitals (RFC 9112 §2.3).
    private static let version11: UInt64 = 0x312E_312F_5054_5448
    private static let version10: UInt64 = 0x302E_312F_5054_5448
    /// What of such a word is `HTTP/` and the dot.
    private static let versionMask: UInt64 = 0x00FF_00FF_FFFF_FFFF

    private static func isHTTP11(_ bytes: RawSpan, _ place: Range<Int>) throws(HTTPError) -> Bool {
        guard place.count == 8 else { throw .badStartLine }
        let word = ByteScan.word(bytes, place.lowerBound)
        if word == version11 { return true }
        if word == version10 { return false }
        let digits = (UInt8(truncatingIfNeeded: word >> 40), UInt8(truncatingIfNeeded: word >> 56))
        let isVersion = (word ^ version11) & versionMask == 0 && digits.0 &- 0x30 < 10 && digits.1 &- 0x30 < 10
        throw isVersion ? .badVersion : .badStartLine
    }

    /// The path and query of a target: origin-form, absolute-form, and `*` for OPTIONS (RFC 9112 §3.2). The authority of an absolute-form
    /// target takes the place of `Host` (§3.2.2), which nothing here is decided by. CONNECT is for proxies.
    private static func path(_ bytes: RawSpan, _ target: Range<Int>, isOptions: Bool) throws(HTTPError) -> Range<Int> {
        let first = ByteScan.byte(bytes, target.lowerBound)
        if first == UInt8(ascii: "/") { return target }
        if first == UInt8(ascii: "*"), target.count == 1, isOptions { return target }
        guard let colon = bytes.first(UInt8(ascii: ":"), in: target), target.upperBound - colon > 3,
            bytes.spells("http", at: target.lowerBound..<colon) || bytes.spells("https", at: target.lowerBound..<colon),
            ByteScan.byte(bytes, colon + 1) == UInt8(ascii: "/"), ByteScan.byte(bytes, colon + 2) == UInt8(ascii: "/")
        else { throw .badTarget }
        var end = colon + 3
        while end < target.upperBound, HTTPOctets.isHost(ByteScan.byte(bytes, end)) { end += 1 }
        // Nothing but a path or a query follows the host: no user before an "@" (RFC 9110 §4.2.4).
        guard end > colon + 3 else { throw .badTarget }
        if end < target.upperBound {
            let next = ByteScan.byte(bytes, end)
            guard next == UInt8(ascii: "/") || next == UInt8(ascii: "?") else { throw .badTarget }
        }
        return end..<target.upperBound
    }
}

extension Range<Int> {
    fileprivate func moved(by distance: Int) -> Range<Int> { (lowerBound + distance)..<(upperBound + distance) }
}

// MARK: - Fields that decide

extension HTTPMessage {
    /// Takes up what a field says about the message itself.
    fileprivate mutating func note(_ bytes: RawSpan, _ place: Place, of role: HTTPReader.Role) throws(HTTPError) {
        let name = place.name
        switch name.count {
        case 4 where role == .requests && bytes.spells("host", at: name): try noteHost(bytes, place.value)
        case 6 where role == .requests && bytes.spells("expect", at: name):
            guard bytes.spells("100-continue", at: place.value) else { throw .unknownExpectation }
            expectsContinue = true
        case 10 where bytes.spells("connection", at: name): noteConnection(bytes, place.value)
        case 14 where bytes.spells("content-length", at: name):
            guard length == nil, let value = bytes.decimal(place.value) else { throw .badLength }
            length = value
        case 17 where bytes.spells("transfer-encoding", at: name):
            guard !isChunked, bytes.spells("chunked", at: place.value) else { throw .unknownCoding }
            isChunked = true
        default: break
        }
    }

    private mutating func noteHost(_ bytes: RawSpan, _ value: Range<Int>) throws(HTTPError) {
        guard !hasHost else { throw .badHost }
        for place in value where !HTTPOctets.isHost(ByteScan.byte(bytes, place)) { throw .badHost }
        hasHost = true
    }

    /// A list of options (RFC 9110 §7.6.1).
    private mutating func noteConnection(_ bytes: RawSpan, _ value: Range<Int>) {
        var start = value.lowerBound
        while start <= value.upperBound {
            let end = bytes.first(UInt8(ascii: ","), in: start..<value.upperBound) ?? value.upperBound
            let option = bytes.trimmed(start..<end)
            if bytes.spells("close", at: option) { asksToClose = true }
            if bytes.spells("keep-alive", at: option) { asksToStay = true }
            start = end + 1
        }
    }

    /// RFC 9112 §6.3, with everything refused that could be read in two ways.
    fileprivate func framing(of role: HTTPReader.Role, answersHead: Bool) throws(HTTPError) -> Framing {
        guard length == nil || !isChunked else { throw .lengthAndCoding }
        guard isHTTP11 || !isChunked else { throw .codingInHTTP10 }
        if role == .answers, answersHead || status == 204 || status == 304 { return .none }
        if isChunked { return .chunked }
        if let length { return length == 0 ? .none : .length(length) }
        return role == .requests ? .none : .untilClose
    }

    /// RFC 9112 §9.3; an answer that ends with the connection leaves none.
    fileprivate var mayKeepAlive: Bool {
        framing != .untilClose && !asksToClose && (isHTTP11 || asksToStay)
    }
}
