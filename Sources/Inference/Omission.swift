/// Which field of a request goes without effect at a provider of another dialect, and does that matter to the answer?
import ConfigSyntax

/// One such field.
package struct Omission: Equatable, Sendable {
    /// The field's path in the client's request, without indexes: `messages.name`.
    package let field: String
    /// Whether the answer could have been another one with it: then it is left out only if the operator allows it
    /// (`not-carried`). What is about caching, accounting or tracing alone is left out and named.
    package let isWish: Bool

    /// A field that shades the answer.
    static func wish(_ field: String) -> Omission { Omission(field: field, isWish: true) }

    /// A field that does not.
    static func hint(_ field: String) -> Omission { Omission(field: field, isWish: false) }
}

/// What is done with a request whose wishes a provider cannot take into account (`not-carried` of a group).
package enum NotCarried: String, Hashable, Sendable, Codable, CaseIterable, ScalarValue {
    /// Another member is asked; when none can carry them, the client is told which field it is.
    case refuse
    /// They are left out and named in the answer's head.
    case report
}
