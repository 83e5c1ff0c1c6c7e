/// What does the head of a request or of an answer say? The bytes of the head as they came, and the places of its parts: a field
/// that nobody asks for is never made a string.
package struct HTTPMessage: Sendable {
    /// How the end of the body is told (RFC 9112 §6.3).
    package enum Framing: Equatable, Sendable {
        case none
        /// So many bytes, at least one.
        case length(Int)
        case chunked
        /// By the end of the connection, of answers only; in HTTP/2 by the end of the stream, of requests too.
        case untilClose
    }

    /// Where a field stands.
    struct Place: Equatable, Sendable {
        var name: Range<Int>
        var value: Range<Int>
    }

    var bytes: [UInt8] = []
    var fields: [Place] = []
    var method = 0..<0
    var target = 0..<0

    /// Of an answer, 100 to 999; 0 in a request.
    package internal(set) var status = 0
    /// Whether it is HTTP/1.1; else it is HTTP/1.0.
    package internal(set) var isHTTP11 = true
    /// How its body ends.
    package internal(set) var framing = Framing.none
    /// Whether the connection may carry another message after it (RFC 9112 §9.3).
    package internal(set) var keepsAlive = true
    /// Whether the client waits for a word before it sends the body.
    package internal(set) var expectsContinue = false

    // Reading a head: what has been seen of the fields that say where the body ends and where the request goes.
    var length: Int?
    var isChunked = false
    var hasHost = false
    var asksToClose = false
    var asksToStay = false

    init() {}

    /// Begins anew, in the memory it has.
    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        (method, target, status) = (0..<0, 0..<0, 0)
        (isHTTP11, framing, keepsAlive, expectsContinue) = (true, .none, true, false)
        (length, isChunked, hasHost, asksToClose, asksToStay) = (nil, false, false, false, false)
    }
}

extension HTTPMessage {
    /// The request's method, as written: methods differ by case.
    package var methodText: String { text(method) }

    /// The path and query that the request asks for: of an absolute-form target the part behind the host.
    package var targetText: String {
        guard let first = bytes[target].first else { return "/" }
        return first == UInt8(ascii: "?") ? "/" + text(target) : text(target)
    }

    /// Whether the method is this one.
    package func isMethod(_ name: StaticString) -> Bool { isExactly(name, at: method) }

    /// Whether the target is this and nothing more.
    package func isTarget(_ path: StaticString) -> Bool { isExactly(path, at: target) }

    /// The first value of a field; the name in lower case.
    package func first(_ name: StaticString) -> String? { place(of: name).map(text) }

    /// The same for a name that is known only at run time.
    package func first(_ name: String) -> String? {
        for field in fields where field.name.count == name.utf8.count {
            let isSame = zip(bytes[field.name], name.utf8).allSatisfy { byte, letter in
                (0x41...0x5A).contains(byte) ? byte | 0x20 == letter : byte == letter
            }
            if isSame { return text(field.value) }
        }
        return nil
    }

    /// Whether the first value of a field is this word, in lower case, written in whatever case; nil: the field is not there.
    package func spells(_ name: StaticString, _ word: StaticString) -> Bool? {
        place(of: name).map { bytes.span.bytes.spells(word, at: $0) }
    }

    /// The first value's bytes of a field; the name in lower case.
    package func firstBytes(_ name: StaticString) -> ArraySlice<UInt8>? { place(of: name).map { bytes[$0] } }

    /// All fields in their order.
    package var allFields: [(name: String, value: String)] { fields.map { (text($0.name), text($0.value)) } }

    private func place(of name: StaticString) -> Range<Int>? {
        let bytes = bytes.span.bytes
        for field in fields where bytes.spells(name, at: field.name) { return field.value }
        return nil
    }

    private func isExactly(_ word: StaticString, at place: Range<Int>) -> Bool {
        guard place.count == word.utf8CodeUnitCount else { return false }
        for offset in 0..<place.count where bytes[place.lowerBound + offset] != word.utf8Start[offset] { return false }
        return true
    }

    private func text(_ place: Range<Int>) -> String { String(decoding: bytes[place], as: UTF8.self) }
}

extension HTTPMessage: Equatable {
    /// Two heads are the same when they say the same, wherever their bytes stand.
    package static func == (a: HTTPMessage, b: HTTPMessage) -> Bool {
        a.bytes == b.bytes && a.fields == b.fields && a.status == b.status && a.isHTTP11 == b.isHTTP11
            && a.framing == b.framing && a.keepsAlive == b.keepsAlive && a.expectsContinue == b.expectsContinue
    }
}
