/// What parts the parts of a form? The `boundary` of a content type (RFC 2046 §5.1.1, RFC 7578 §4.1).
package struct MultipartBoundary: Hashable, Sendable {
    /// As it stands in the body, without the two dashes before it.
    package let bytes: [UInt8]

    /// RFC 2046 §5.1.1.
    private static let longest = 70

    /// Of a field `content-type`; nil when it is no form data, or names no boundary that all readers find.
    package init?(contentType: String) {
        var parameters = HeadParameters(contentType)
        guard parameters.value == "multipart/form-data" else { return nil }
        var found: String?
        while let (name, value) = parameters.next() {
            guard name == "boundary" else { continue }
            guard found == nil else { return nil }
            found = value
        }
        guard !parameters.isBroken, let found, (1...Self.longest).contains(found.utf8.count),
            found.utf8.allSatisfy(Self.isAllowed), found.utf8.last != 0x20
        else { return nil }
        bytes = Array(found.utf8)
    }

    /// The field of a form with this boundary.
    package var contentType: String {
        let text = String(decoding: bytes, as: UTF8.self)
        let isToken = bytes.allSatisfy(HeadParameters.isToken)
        return "multipart/form-data; boundary=" + (isToken ? text : "\"\(text)\"")
    }

    /// `bchars`.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "'()+_,-./:=? ".utf8.contains(byte)
        }
    }
}

/// The parameters behind a value in a head's field: `form-data; name="file"; filename="a.mp3"` (RFC 9110 §5.6.6).
struct HeadParameters {
    /// What stands before them, in lower case.
    let value: String
    /// Something of it could not be read.
    private(set) var isBroken = false
    private var rest: Substring.UTF8View

    init(_ text: String) {
        let view = text.utf8[...]
        let end = view.firstIndex(of: UInt8(ascii: ";")) ?? view.endIndex
        value = Self.trimmed(String(Substring(view[..<end]))).lowercased()
        rest = view[end...]
    }

    /// The next one, its name in lower case; nil at the end, or when what follows is none.
    mutating func next() -> (name: String, value: String)? {
        guard !isBroken, rest.popFirst() != nil else { return nil }
        skipBlanks()
        // A semicolon at the end is one too many, and harms nobody.
        guard !rest.isEmpty else { return nil }
        let name = take(while: { Self.isToken($0) })
        guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return broken() }
        guard let value = rest.first == UInt8(ascii: "\"") ? quoted() : take(while: { Self.isToken($0) }) else {
            return broken()
        }
        skipBlanks()
        guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return broken() }
        return (name.lowercased(), value)
    }

    private mutating func broken() -> (String, String)? {
        isBroken = true
        return nil
    }

    /// With its escapes as they stand: what they mean, readers do not agree on.
    private mutating func quoted() -> String? {
        _ = rest.popFirst()
        var (bytes, isEscaped): ([UInt8], Bool) = ([], false)
        while let byte = rest.popFirst() {
            if !isEscaped, byte == UInt8(ascii: "\"") { return String(validating: bytes, as: UTF8.self) }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            bytes.append(byte)
        }
        return nil
    }

    private mutating func take(while isPart: (UInt8) -> Bool) -> String {
        let end = rest.firstIndex { !isPart($0) } ?? rest.endIndex
        defer { rest = rest[end...] }
        return String(Substring(rest[..<end]))
    }

    private mutating func skipBlanks() {
        while let byte = rest.first, byte == 0x20 || byte == 0x09 { _ = rest.popFirst() }
    }

    private static func trimmed(_ text: String) -> String {
        let view = text.utf8
        guard let first = view.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
            let last = view.lastIndex(where: { $0 != 0x20 && $0 != 0x09 })
        else { return "" }
        return String(Substring(view[first...last]))
    }

    /// `tchar` (RFC 9110 §5.6.2).
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
