/// What do the fields say that HTTP/2 sends for a head, and may they be sent (RFC 9113 §8.2, §8.3)? One field after another as they come out of
/// HPACK; the same message comes out as of the lines of HTTP/1.1, by the same limits, so that nothing above asks which of the two it was.
///
/// A bad field spoils its own stream and nothing else: the blocks of HTTP/2 are told apart by frames, not by what stands in them. What HTTP/1.1
/// would read as something else is refused all the same, since a provider may speak that.
package struct HTTP2Head: Sendable {
    private let role: HTTPReader.Role
    private let limits: HTTPLimits
    private var message = HTTPMessage()
    private var scheme = false
    private var status = false
    /// Where the value of `:authority` stands, and that of `Host`.
    private var authority: Range<Int>?
    private var host: Range<Int>?
    /// A field that is no pseudo-field has come: no more of those (RFC 9113 §8.3).
    private var hasRegular = false

    /// A head of which nothing has come.
    package init(_ role: HTTPReader.Role, limits: HTTPLimits = HTTPLimits()) {
        self.role = role
        self.limits = limits
    }

    /// Takes the next field.
    package mutating func field(_ name: String, _ value: String) throws(HTTPError) {
        guard name.utf8.first != UInt8(ascii: ":") else { return try pseudoField(name, value) }
        hasRegular = true
        guard message.fields.count < limits.fields else { throw .tooManyFields }
        let place = try append(name, value)
        try check(place)
        message.fields.append(place)
    }

    /// The head is over.
    /// - Parameter hasBody: whether the stream goes on with a body.
    /// - Returns: the message; a body whose length is not said ends with the stream (`untilClose`).
    package mutating func end(hasBody: Bool) throws(HTTPError) -> HTTPMessage {
        switch role {
        case .requests:
            guard !message.method.isEmpty, !message.target.isEmpty, scheme else { throw .badPseudoField }
            try checkHost()
            try checkTarget()
        case .answers:
            guard status else { throw .badPseudoField }
            message.expectsContinue = false
        }
        message.framing = try framing(hasBody: hasBody)
        return message
    }

    /// Whether this may stand as the path of a request.
    package static func isPath(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { HTTPOctets.isTarget($0) }
    }
}

// MARK: - Fields with a colon

extension HTTP2Head {
    /// The first line of HTTP/1.1, in pieces; each once, before all others, and none of the other direction.
    private mutating func pseudoField(_ name: String, _ value: String) throws(HTTPError) {
        guard !hasRegular else { throw .badPseudoField }
        guard value.utf8.count <= limits.startLine else { throw .startLineTooLong }
        switch (role, name) {
        case (.requests, ":method") where message.method.isEmpty:
            guard HTTPField.isName(value) else { throw .badStartLine }
            message.method = append(value)
        case (.requests, ":path") where message.target.isEmpty:
            guard Self.isPath(value) else { throw .badTarget }
            message.target = append(value)
        case (.requests, ":scheme") where !scheme:
            guard value == "https" || value == "http" else { throw .badTarget }
            scheme = true
        case (.requests, ":authority") where authority == nil:
            // As the field that it takes the place of: whoever asks for `host` finds it.
            let place = try append("host", value)
            message.fields.append(place)
            authority = place.value
        case (.answers, ":status") where !status:
            guard value.utf8.count == 3, let number = Int(value), number >= 100 else { throw .badStartLine }
            message.status = number
            status = true
        default: throw .badPseudoField
        }
    }

    /// RFC 9113 §8.3.1: `Host` and `:authority` that differ are two answers to one question.
    private func checkHost() throws(HTTPError) {
        guard let named = authority ?? host, !named.isEmpty else { throw .badHost }
        for place in named where !HTTPOctets.isHost(message.bytes[place]) { throw .badHost }
        if let authority, let host, message.bytes[authority] != message.bytes[host] { throw .badHost }
    }

    /// A path with its query, or `*` for OPTIONS. CONNECT, which has none, is for proxies.
    private func checkTarget() throws(HTTPError) {
        let isOptions = message.isMethod("OPTIONS")
        guard !message.isMethod("CONNECT"), message.isTarget("*") ? isOptions : firstOfTarget == UInt8(ascii: "/")
        else { throw .badTarget }
    }

    private var firstOfTarget: UInt8? { message.bytes[message.target].first }
}

// MARK: - Other fields

extension HTTP2Head {
    private mutating func append(_ name: String, _ value: String) throws(HTTPError) -> HTTPMessage.Place {
        let size = name.utf8.count + value.utf8.count
        guard size + 4 <= limits.fieldLine else { throw .fieldLineTooLong }
        guard message.bytes.count + size <= limits.head else { throw .headTooLarge }
        guard HTTPField.isName(name) else { throw .badField }
        // RFC 9113 §8.2.1: what differs by case alone would be one name to some and two to others.
        guard !name.utf8.contains(where: { (0x41...0x5A).contains($0) }) else { throw .upperCaseName }
        guard HTTPField.isValue(value), !Self.isPadded(value) else { throw .controlCharacter }
        return HTTPMessage.Place(name: append(name), value: append(value))
    }

    private mutating func append(_ text: String) -> Range<Int> {
        let start = message.bytes.count
        message.bytes.append(contentsOf: text.utf8)
        return start..<message.bytes.count
    }

    private static func isPadded(_ value: String) -> Bool {
        value.utf8.first.map(HTTPOctets.isBlank) ?? false || value.utf8.last.map(HTTPOctets.isBlank) ?? false
    }

    /// What a field says about the message itself.
    private mutating func check(_ place: HTTPMessage.Place) throws(HTTPError) {
        let all = message.bytes
        let bytes = all.span.bytes
        switch place.name.count {
        case 2 where bytes.spells("te", at: place.name):
            guard bytes.spells("trailers", at: place.value) else { throw .connectionField }
        case 4 where role == .requests && bytes.spells("host", at: place.name):
            guard host == nil else { throw .badHost }
            host = place.value
        case 6 where role == .requests && bytes.spells("expect", at: place.name):
            guard bytes.spells("100-continue", at: place.value) else { throw .unknownExpectation }
            message.expectsContinue = true
        case 7 where bytes.spells("upgrade", at: place.name), 10 where bytes.spells("connection", at: place.name),
            10 where bytes.spells("keep-alive", at: place.name),
            16 where bytes.spells("proxy-connection", at: place.name),
            17 where bytes.spells("transfer-encoding", at: place.name):
            throw .connectionField
        case 14 where bytes.spells("content-length", at: place.name):
            guard message.length == nil, let length = bytes.decimal(place.value) else { throw .badLength }
            message.length = length
        default: break
        }
    }

    /// A length that the frames cannot keep is none (RFC 9113 §8.1.1). Answers without a body may tell how long it would have been.
    private func framing(hasBody: Bool) throws(HTTPError) -> HTTPMessage.Framing {
        guard hasBody else {
            guard role == .answers || message.length ?? 0 == 0 else { throw .badLength }
            return .none
        }
        guard let length = message.length else { return .untilClose }
        return length == 0 ? .none : .length(length)
    }
}
