/// What a `match` condition says: the tree of one expression, before any attribute or literal has been given a type.
///
/// The language is the same for both planes (docs/configuration.md); what attributes exist, and of which type, each plane
/// declares in a fact schema. Every part knows its offset, in Unicode scalars from the start of the condition's text.
package indirect enum Expression: Sendable, Hashable {
    /// `any`: always true.
    case any(offset: Int)
    /// An attribute standing alone: `prompt.has-code`.
    case flag(Word)
    case comparison(Comparison)
    case not(Expression)
    /// At least two.
    case and([Expression])
    /// At least two.
    case or([Expression])

    /// An attribute's or a set's name.
    package struct Word: Sendable, Hashable, Codable {
        package let text: String
        package let offset: Int
    }

    /// A value as written. Ranges (`1024-2048`) are one literal: only the attribute's type can tell where they part.
    package struct Literal: Sendable, Hashable {
        /// Without quotes and escapes.
        package let text: String
        package let isQuoted: Bool
        package let offset: Int
    }

    package struct Comparison: Sendable, Hashable {
        package let attribute: Word
        package let relation: Relation
        package let operand: Operand
    }

    package enum Relation: String, Sendable, Hashable, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case `in`
        case has
        case matches
    }

    package enum Operand: Sendable, Hashable {
        case literal(Literal)
        case list([Literal])
        /// `@name`; the word is the name without the `@`, its offset that of the `@`.
        case set(Word)
    }
}

/// What is wrong with a condition, and at which offset of its text.
package struct ExpressionError: Error, Hashable, Sendable {
    /// In Unicode scalars from the start of the text.
    package let offset: Int
    package let message: String
    package let hint: String?

    package init(_ message: String, at offset: Int, hint: String? = nil) {
        self.message = message
        self.offset = offset
        self.hint = hint
    }
}

extension Expression {
    /// Scalars in one condition: far more than anybody reads, little enough to compile in no time.
    package static let longestText = 4096
    /// Nested parentheses and `not`s: bounds the recursion of everything that walks the tree.
    package static let deepestNesting = 32
    /// Comparisons and flags in one condition.
    package static let mostTerms = 128
    /// Values in one list; longer ones are sets.
    package static let longestList = 256
}
