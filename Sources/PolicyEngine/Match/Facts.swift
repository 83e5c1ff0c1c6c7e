/// What is known of one packet or request when conditions are put to it: values in fixed slots.
package import NetTypes

/// The position of one fact, the same in a schema and in all facts made for it.
package struct FactSlot: Hashable, Sendable, Codable {
    package let index: Int

    @inlinable package init(_ index: Int) { self.index = index }
}

/// Of what kind an attribute's values are, and so which comparisons and literals it takes.
package enum FactType: Hashable, Sendable {
    /// Stands alone: `stream`.
    case flag
    /// A whole number within bounds.
    case number(ClosedRange<Int64>)
    /// Any text; words outside a non-empty vocabulary are errors.
    case text(vocabulary: [String])
    /// A set of words, asked with `has`.
    case words(vocabulary: [String])
    case address
    /// Local time of day, in seconds since midnight.
    case time
    /// In nanoseconds.
    case duration
    /// Texts by name, such as HTTP header fields: `header.x-team` asks for the one named `x-team`.
    case fields

    /// What it is called in error messages.
    package var name: String {
        switch self {
        case .flag: "a flag"
        case .number: "a number"
        case .text: "a text"
        case .words: "a set of words"
        case .address: "an address"
        case .time: "a time of day"
        case .duration: "a duration"
        case .fields: "a text"
        }
    }
}

/// One fact's value.
package enum FactValue: Hashable, Sendable {
    /// Not known, or not there: a port of a packet that has none. Every comparison with it is false.
    case absent
    case flag(Bool)
    /// A number, seconds of the day or nanoseconds, by the slot's type.
    case number(Int64)
    case text(String)
    case words([String])
    case address(IPAddress)
    case fields([Field])

    /// A named text; names in lower case.
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// Which facts a plane has, in slot order.
package struct FactSchema: Hashable, Sendable {
    package struct Attribute: Hashable, Sendable {
        /// As written in conditions; of `fields`, the part before the dot.
        package let name: String
        package let type: FactType

        package init(_ name: String, _ type: FactType) {
            self.name = name
            self.type = type
        }
    }

    package let attributes: [Attribute]
    /// Whether `matches` may be used: the kernel has no text patterns.
    package let allowsPatterns: Bool

    package init(_ attributes: [Attribute], allowsPatterns: Bool) {
        self.attributes = attributes
        self.allowsPatterns = allowsPatterns
    }
}

/// The facts about one packet or request. Made once for it and put to every condition in turn.
package struct Facts: Hashable, Sendable {
    @usableFromInline var values: [FactValue]

    /// All absent.
    package init(for schema: FactSchema) {
        values = Array(repeating: .absent, count: schema.attributes.count)
    }

    /// Absent when the slot lies outside the schema the facts were made for.
    @inlinable package subscript(slot: FactSlot) -> FactValue {
        get { slot.index >= 0 && slot.index < values.count ? values[slot.index] : .absent }
        set { if slot.index >= 0, slot.index < values.count { values[slot.index] = newValue } }
    }
}
