/// When is output coloured, and how?

/// What a piece of text means; the colour follows.
enum Tone {
    case plain
    case strong
    case good
    case warning
    case bad
    case quiet
}

/// A piece of text with its meaning.
struct Cell: Equatable, ExpressibleByStringInterpolation {
    var text: String
    var tone: Tone

    init(_ text: String, _ tone: Tone = .plain) { (self.text, self.tone) = (text, tone) }

    init(stringLiteral text: String) { self.init(text) }

    /// `-` for what there is none of.
    init(_ value: (some CustomStringConvertible)?) { self.init(value.map(\.description) ?? "-") }
}

enum Style {
    case plain
    case coloured

    /// Coloured on a terminal that can, unless the operator said no (no-color.org).
    static func fitting(isTerminal: Bool, variable: (String) -> String?) -> Style {
        guard isTerminal, variable("NO_COLOR") == nil, let terminal = variable("TERM"), terminal != "dumb" else {
            return .plain
        }
        return .coloured
    }

    /// The text as it goes out, with every control character in it made harmless first.
    func apply(_ tone: Tone, to text: String) -> String {
        let safe = Printable.line(text)
        switch self {
        case .plain: return safe
        case .coloured: return code(tone).map { "\u{1B}[\($0)m\(safe)\u{1B}[0m" } ?? safe
        }
    }

    /// Select Graphic Rendition (ECMA-48 §8.3.117): colours of the terminal's own palette, which its user chose to be readable.
    private func code(_ tone: Tone) -> String? {
        switch tone {
        case .plain: nil
        case .strong: "1"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        case .quiet: "2"
        }
    }
}
