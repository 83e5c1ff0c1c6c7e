/// Why a text is not the JSON we accept, and where.
package struct JSONError: Error, Equatable, Sendable {
    /// What is wrong.
    package enum Reason: String, Equatable, Sendable {
        case empty = "there is no value"
        case tooLarge = "the text is longer than allowed"
        case tooDeep = "values are nested deeper than allowed"
        case unexpectedEnd = "the text ends inside a value"
        case unexpectedByte = "this byte cannot stand here"
        case trailingBytes = "there is more after the value"
        case badNumber = "not a number as JSON writes them"
        case badLiteral = "not true, false or null"
        case badEscape = "not an escape sequence of JSON"
        case loneSurrogate = "half of a surrogate pair stands alone"
        case controlCharacter = "a control character stands unescaped in a string"
        case invalidUTF8 = "not valid UTF-8"
        case duplicateKey = "the same key stands twice in one object"
        case notAnObject = "an object is needed here"
    }

    /// What is wrong.
    package let reason: Reason
    /// The byte it was seen at, counted from 0.
    package let offset: Int

    /// An error at a place.
    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// The reason in words, with the place.
    package var description: String { "\(reason.rawValue) (byte \(offset))" }
}

/// How much JSON is taken from whom.
package struct JSONLimits: Equatable, Sendable {
    /// What happens when an object holds the same key twice. RFC 8259 §4 leaves it open, and two readers that choose
    /// differently can be played against each other: what a stranger sends is refused.
    package enum Duplicates: Equatable, Sendable {
        /// The text is wrong, at any depth.
        case refused
        /// The last one counts, as with most readers. For answers of providers, which are only looked at.
        case lastWins
    }

    /// No text may be nested deeper, whatever is configured: the scanner uses one stack frame a level.
    package static let deepest = 512

    /// Bytes in the whole text.
    package var bytes: Int
    /// Containers within containers.
    package var depth: Int
    /// What a repeated key means.
    package var duplicates: Duplicates

    /// Limits of your own; a depth above `deepest` counts as `deepest`.
    package init(bytes: Int, depth: Int, duplicates: Duplicates) {
        self.bytes = bytes
        self.depth = min(depth, Self.deepest)
        self.duplicates = duplicates
    }

    /// For requests of clients: 32 MiB, the size Anthropic's Messages API takes; images travel inside.
    package static let request = JSONLimits(bytes: 32 << 20, depth: 128, duplicates: .refused)
    /// For answers of providers, which may hold generated images.
    package static let answer = JSONLimits(bytes: 64 << 20, depth: 128, duplicates: .lastWins)
}
