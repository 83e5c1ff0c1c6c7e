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

extension [Omission] {
    /// Fields of a request that are named before the rest goes without a name; more than are told (`LostNames`).
    private static let limit = 32

    /// Notes one field, once. Of more than are told one that shades the answer is kept, so that the request is refused where the operator wants that.
    mutating func note(_ omission: Omission) {
        guard count < Self.limit else { return noteBeyond(omission) }
        if !contains(omission) { append(omission) }
    }

    /// Who sends millions of fields pays for a look at each, and nothing is kept of them.
    private mutating func noteBeyond(_ omission: Omission) {
        if omission.isWish, !contains(where: \.isWish) { return append(omission) }
        if contains(where: { $0.field == LostNames.more }) || contains(omission) { return }
        append(.hint(LostNames.more))
    }
}

/// What is done with a request whose wishes a provider cannot take into account (`not-carried` of a group).
package enum NotCarried: String, Hashable, Sendable, Codable, CaseIterable, ScalarValue {
    /// Another member is asked; when none can carry them, the client is told which field it is.
    case refuse
    /// They are left out and named in the answer's head.
    case report
}
