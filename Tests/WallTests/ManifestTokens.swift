/// What does a manifest say, word by word? Unlike in other sources its string literals are what matters, so they are kept.

/// A word, a sign or a string literal of `Package.swift`.
struct ManifestToken: Equatable {
    /// Empty for a literal, so that no text is ever taken for a sign.
    let text: String
    let line: Int
    let literal: String?
}

/// The words, signs and plain literals of a manifest, comments left out. Literals there are plain: one line, no escapes.
func manifestTokens(of manifest: String) -> [ManifestToken] {
    var found: [ManifestToken] = []
    for (number, line) in manifest.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        for (index, part) in withoutComment(line).split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        {
            if index.isMultiple(of: 2) {
                found += tokens(of: String(part)).map { ManifestToken(text: $0.text, line: number + 1, literal: nil) }
            } else {
                found.append(ManifestToken(text: "", line: number + 1, literal: String(part)))
            }
        }
    }
    return found
}

/// A line up to its `//`, unless that stands within a literal (as in an address).
private func withoutComment(_ line: Substring) -> Substring {
    var isLiteral = false
    var previous: Character = " "
    for index in line.indices {
        if line[index] == "\"" { isLiteral.toggle() }
        if !isLiteral, previous == "/", line[index] == "/" { return line[..<line.index(before: index)] }
        previous = line[index]
    }
    return line
}
