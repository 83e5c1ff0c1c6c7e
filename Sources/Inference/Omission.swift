/// Which field of a request goes without effect at a provider of another dialect, and does that matter to the answer?
import ConfigSyntax

/// One such field.
package struct Omission: Sendable {
    /// The field's path in the client's request, without indexes: `messages.name`.
    package let field: String
    /// Whether the answer could have been another one with it: then it is left out only if the operator allows it
    /// (`not-carried`). What is about caching, accounting or tracing alone is left out and named.
    package let isWish: Bool
    /// Whether the client itself has it by this name, which is the form's word for nothing then (`FieldNames`).
    let isOwn: Bool

    init(field: String, isWish: Bool, isOwn: Bool = false) {
        (self.field, self.isWish, self.isOwn) = (field, isWish, isOwn)
    }

    /// A field that shades the answer.
    static func wish(_ field: String) -> Omission { Omission(field: field, isWish: true) }

    /// A field that does not.
    static func hint(_ field: String) -> Omission { Omission(field: field, isWish: false) }
}

extension Omission: Equatable {
    /// Whose word the name is makes no other omission of it.
    package static func == (one: Self, other: Self) -> Bool { one.field == other.field && one.isWish == other.isWish }

    /// A field as the client named it.
    var own: Omission { Omission(field: field, isWish: isWish, isOwn: true) }

    /// An outermost field that a dialect has no word for, as the client named it.
    /// - Parameter hints: names of those that make no other answer.
    static func left(_ extra: Chat.Extra, hints: some Collection<String>) -> Omission {
        Omission(field: extra.field, isWish: !hints.contains(extra.name), isOwn: true)
    }
}

extension [Omission] {
    /// Fields of a request that are named before the rest goes without a name; more than are told (`LostNames`).
    private static let limit = 32

    /// Notes one field by the client's name for it, once. Of more than are told one that shades the answer is kept, so that the request is refused where the operator wants that.
    mutating func note(_ omission: Omission) {
        guard count < Self.limit else { return noteBeyond(omission) }
        if !contains(omission) { append(omission.own) }
    }

    /// Who sends millions of fields pays for a look at each, and nothing is kept of them.
    private mutating func noteBeyond(_ omission: Omission) {
        if omission.isWish, !contains(where: \.isWish) { return append(omission.own) }
        if contains(where: { $0.field == LostNames.more }) || contains(omission) { return }
        append(Omission.hint(LostNames.more).own)
    }
}

/// What is done with a request whose wishes a provider cannot take into account (`not-carried` of a group).
package enum NotCarried: String, Hashable, Sendable, Codable, CaseIterable, ScalarValue {
    /// Another member is asked; when none can carry them, the client is told which field it is.
    case refuse
    /// They are left out and named in the answer's head.
    case report
}
