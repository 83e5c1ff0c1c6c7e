/// The configuration as a tree in which every scalar is still text and every part knows its place.
package struct Node: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case scalar(String, ScalarStyle)
        case list([Node])
        case map([Entry])
    }

    /// One `key: value` of a map, in file order.
    package struct Entry: Sendable, Hashable {
        package let key: Located<String>
        package let value: Node

        package init(key: Located<String>, value: Node) {
            self.key = key
            self.value = value
        }
    }

    package let kind: Kind
    package let place: Place

    package init(_ kind: Kind, at place: Place) {
        self.kind = kind
        self.place = place
    }

    /// The text of a scalar, else nil.
    package var text: String? {
        if case .scalar(let text, _) = kind { return text }
        return nil
    }

    /// A key without a value, which YAML gives as empty plain text.
    package var isEmptyText: Bool { kind == .scalar("", .plain) }

    /// `a map`, `a list` or `text`, for error messages.
    package var kindName: String {
        if isEmptyText { return "nothing" }
        return switch kind {
        case .scalar: "text"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

/// How a scalar was written; the first three map characters back into the file one to one.
package enum ScalarStyle: Sendable, Hashable {
    /// Without quotes, on one line.
    case plain
    /// In single quotes, on one line; `''` stands for one quote.
    case singleQuoted
    /// A block after `|`: its first line of content, and how many columns of indentation are not part of it.
    case literal(firstLine: UInt32, indent: UInt32)
    case doubleQuoted
    /// After `>`, or running over several lines.
    case folded
}
