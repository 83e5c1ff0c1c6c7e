/// The patterns of `matches`: `*` stands for any run of characters, also none, `?` for exactly one; the whole text must fit.
package struct Glob: Hashable, Sendable {
    /// Scalars of a pattern.
    package static let longest = 128
    /// Scalars of a text that are looked at; longer texts never match, so that one comparison costs at most 2^19 steps.
    package static let longestText = 4096

    package let pattern: String
    private let scalars: [Unicode.Scalar]

    /// Nil when the pattern is longer than `longest`.
    package init?(_ pattern: String) {
        scalars = Array(pattern.unicodeScalars)
        guard scalars.count <= Self.longest else { return nil }
        self.pattern = pattern
    }

    /// Whether the whole text fits. Goes back only to the last star, so it takes at most text × pattern steps.
    package func matches(_ text: String) -> Bool {
        let text = Array(text.unicodeScalars.prefix(Self.longestText + 1))
        guard text.count <= Self.longestText else { return false }
        var (inText, inPattern) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while inText < text.count {
            if inPattern < scalars.count, scalars[inPattern] == "*" {
                star = (inPattern, inText)
                inPattern += 1
            } else if inPattern < scalars.count, scalars[inPattern] == "?" || scalars[inPattern] == text[inText] {
                inText += 1
                inPattern += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (inPattern, inText) = (last.pattern + 1, last.text + 1)
            } else {
                return false
            }
        }
        return scalars[inPattern...].allSatisfy { $0 == "*" }
    }
}

/// As its pattern alone.
extension Glob: Codable {
    package init(from decoder: any Decoder) throws {
        let pattern = try decoder.singleValueContainer().decode(String.self)
        guard let glob = Glob(pattern) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "the pattern is longer than \(Glob.longest)")
            )
        }
        self = glob
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(pattern)
    }
}
