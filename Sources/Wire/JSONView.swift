/// One value inside a text that was checked. Walking into it reads the bytes again, which is cheap, and copies none.
package struct JSONView: Sendable {
    /// What a value is.
    package enum Kind: Equatable, Sendable {
        case null, bool, number, string, array, object
    }

    private let text: JSONChecked
    private let range: Range<Int>

    init(_ text: JSONChecked, _ range: Range<Int>) {
        self.text = text
        self.range = range
    }

    private var bytes: [UInt8] { text.bytes }

    /// What this value is, told by its first byte.
    package var kind: Kind {
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// The value exactly as it was written, a slice of the text.
    package var raw: ArraySlice<UInt8> { bytes[range] }

    /// How many bytes it has when the escapes of its strings are resolved. Reads all of them: ask once.
    package var unescapedCount: Int { JSONText.unescapedCount(bytes.span.bytes, range) }

    /// Where the value stands in the text.
    package var place: Range<Int> { range }

    /// Whether this is `null`.
    package var isNull: Bool { kind == .null }

    /// True or false, if that is what it is.
    package var bool: Bool? { kind == .bool ? bytes[range.lowerBound] == UInt8(ascii: "t") : nil }

    /// The text of a string, unescaped.
    package var string: String? {
        guard kind == .string else { return nil }
        let inside = (range.lowerBound + 1)..<(range.upperBound - 1)
        let isEscaped = ByteScan.escapeStop(bytes.span.bytes, from: inside.lowerBound) < inside.upperBound
        return JSONText.text(bytes, inside, isEscaped: isEscaped)
    }

    /// Whether it is a string of this text; copies nothing where it was written without escapes.
    package func isText(_ text: String) -> Bool {
        guard kind == .string else { return false }
        let bytes = bytes
        let inside = (range.lowerBound + 1)..<(range.upperBound - 1)
        let isEscaped = ByteScan.escapeStop(bytes.span.bytes, from: inside.lowerBound) < inside.upperBound
        return JSONKey(text: inside, isEscaped: isEscaped).spells(text, in: bytes.span.bytes)
    }

    /// A number as it was written: no digit is lost.
    package var number: String? {
        kind == .number ? String(decoding: raw, as: UTF8.self) : nil
    }

    /// A number that is whole and fits; nil for anything else, `1.0` and `1e2` included.
    package var unsigned: UInt64? {
        // Nearly all are short and plain, and cost no string.
        bytes.span.bytes.decimal(range).map { UInt64($0) } ?? number.flatMap { UInt64($0) }
    }

    /// A number as the nearest floating-point value.
    package var double: Double? { number.flatMap { Double($0) } }
}

// MARK: Walking

extension JSONView {
    /// The value of an object's member; the last one if there are several; nil if this is no object.
    package subscript(name: String) -> JSONView? {
        var found: JSONView?
        for member in members where member.spells(name) { found = member.value }
        return found
    }

    /// The members of an object in their order; none if this is no object.
    package var members: Members { Members(self) }

    /// The elements of an array in their order; none if this is no array.
    package var elements: Elements { Elements(self) }

    /// One member met on a walk.
    package struct Member: Sendable {
        /// Where key and value stand in the text.
        package let place: JSONMember
        fileprivate let text: JSONChecked

        /// The key, unescaped.
        package var name: String {
            JSONText.text(text.bytes, place.key.text, isEscaped: place.key.isEscaped)
        }
        /// The value.
        package var value: JSONView { JSONView(text, place.value) }

        /// Whether the key, unescaped, is this name.
        package func spells(_ name: String) -> Bool {
            let bytes = text.bytes
            return place.key.spells(name, in: bytes.span.bytes)
        }

        /// Whether the key, unescaped, is this name of camel case in snake case.
        func spellsInSnakeCase(_ name: String) -> Bool {
            let bytes = text.bytes
            return place.key.spellsInSnakeCase(name, in: bytes.span.bytes)
        }
    }

    /// A walk over an object's members.
    package struct Members: Sequence, IteratorProtocol {
        private let text: JSONChecked
        private var walk: JSONWalk

        fileprivate init(_ view: JSONView) {
            text = view.text
            walk = JSONWalk(view.bytes, view.range, opening: UInt8(ascii: "{"))
        }

        /// The next member, or nil after the last.
        package mutating func next() -> Member? {
            let text = text
            let bytes = text.bytes
            return walk.nextMember(text, bytes.span.bytes).map { Member(place: $0, text: text) }
        }
    }

    /// A walk over an array's elements.
    package struct Elements: Sequence, IteratorProtocol {
        private let text: JSONChecked
        private var walk: JSONWalk

        fileprivate init(_ view: JSONView) {
            text = view.text
            walk = JSONWalk(view.bytes, view.range, opening: UInt8(ascii: "["))
        }

        /// The next element, or nil after the last.
        package mutating func next() -> JSONView? {
            let text = text
            let bytes = text.bytes
            return walk.nextValue(text, bytes.span.bytes).map { JSONView(text, $0) }
        }
    }
}
