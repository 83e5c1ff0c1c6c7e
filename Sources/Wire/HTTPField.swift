/// May this name and this value stand in an HTTP header? By RFC 9110 §5.1 and §5.5.
package struct HTTPField: Equatable, Sendable {
    /// The name as written; compare without regard to case.
    package let name: String
    /// The value without blanks around it.
    package let value: String

    /// A field, or nil if name or value may not be written: a line end in either would let a stranger write headers of ours.
    package init?(_ name: String, _ value: String) {
        guard Self.isName(name), Self.isValue(value) else { return nil }
        self.name = name
        self.value = value
    }

    /// A field that was read, and so checked byte by byte.
    init(checked name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether this is a token (RFC 9110 §5.6.2), which is what a field's name must be.
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { HTTPOctets.isToken($0) }
    }

    /// Whether this may be a value: visible characters, blanks and tabs inside, and bytes above 0x7F.
    package static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }
}
