/// In which language is a prompt? By its script where that is enough, else by its most common small words. What is too short or
/// too mixed to say is nobody's language: the fact is absent then, and comparisons with it are false.

package enum PromptLanguage: String, Hashable, Sendable, CaseIterable {
    case arabic = "ar"
    case chinese = "zh"
    case dutch = "nl"
    case english = "en"
    case french = "fr"
    case german = "de"
    case greek = "el"
    case hebrew = "he"
    case hindi = "hi"
    case italian = "it"
    case japanese = "ja"
    case korean = "ko"
    case polish = "pl"
    case portuguese = "pt"
    case russian = "ru"
    case spanish = "es"
    case swedish = "sv"
    case thai = "th"
    case turkish = "tr"
    case ukrainian = "uk"
}

extension PromptLanguage {
    /// Letters of a script that say something, and small words of a language that do.
    static let fewestLetters = 4
    static let fewestWords = 2
    /// One of so many words must be one of the language's small ones.
    static let mostOthers = 12

    /// Nil: unknown.
    init?(of text: [UInt8]) {
        let text = String(decoding: text, as: UTF8.self)
        guard let found = Script.prevailing(in: text) else { return nil }
        switch found {
        case .latin:
            guard let language = Self.byWords(text) else { return nil }
            self = language
        case .alone(let language): self = language
        }
    }

    private static func byWords(_ text: String) -> PromptLanguage? {
        var counts: [PromptLanguage: Int] = [:]
        var words = 0
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter }) {
            words += 1
            for (language, small) in smallWords where small.contains(String(word)) { counts[language, default: 0] += 1 }
        }
        let ranked = smallWords.map { ($0.language, counts[$0.language] ?? 0) }.sorted { $0.1 > $1.1 }
        guard let best = ranked.first, best.1 >= fewestWords, best.1 * mostOthers >= words else { return nil }
        // Neighbours share words: the best has to be clearly so.
        return best.1 * 2 >= ranked[1].1 * 3 ? best.0 : nil
    }

    /// Articles, pronouns, prepositions and conjunctions, as few as tell the languages apart.
    private static let smallWords: [(language: PromptLanguage, Set<String>)] = [
        (
            .english,
            ["the", "and", "of", "to", "is", "that", "it", "for", "with", "this", "what", "how", "are", "you", "my"]
        ),
        (
            .german,
            ["der", "die", "das", "und", "ist", "nicht", "ein", "eine", "ich", "mit", "wie", "auf", "für", "den", "zu"]
        ),
        (
            .french,
            ["le", "la", "les", "et", "est", "une", "des", "que", "pour", "dans", "je", "vous", "du", "pas", "sur"]
        ),
        (
            .spanish,
            ["el", "los", "las", "y", "es", "una", "por", "para", "con", "como", "cómo", "del", "qué", "mi", "no"]
        ),
        (
            .italian,
            ["il", "di", "che", "è", "per", "una", "con", "non", "sono", "gli", "della", "come", "mi", "lo", "nel"]
        ),
        (
            .portuguese,
            ["o", "os", "e", "é", "uma", "para", "com", "não", "do", "da", "em", "como", "que", "você", "no"]
        ),
        (
            .dutch,
            ["de", "het", "een", "en", "van", "is", "niet", "ik", "dat", "met", "voor", "op", "hoe", "wat", "zijn"]
        ),
        (
            .swedish,
            ["och", "är", "att", "det", "en", "som", "jag", "på", "för", "med", "inte", "hur", "ett", "av", "till"]
        ),
        (.polish, ["i", "w", "na", "nie", "jest", "się", "że", "do", "jak", "z", "to", "czy", "dla", "mnie", "co"]),
        (
            .turkish,
            ["ve", "bir", "bu", "için", "ne", "nasıl", "ile", "mi", "da", "de", "ben", "çok", "var", "değil", "olarak"]
        ),
    ]
}

/// Which letters prevail?
private enum Script: Hashable {
    case latin
    /// One that a single language of the list is written in.
    case alone(PromptLanguage)

    static func prevailing(in text: String) -> Script? {
        var (latin, cyrillic, ukrainian, han, kana) = (0, 0, 0, 0, 0)
        var others: [PromptLanguage: Int] = [:]
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F: latin += 1
            case 0x454, 0x456, 0x457, 0x491, 0x404, 0x406, 0x407: ukrainian += 1
            case 0x400...0x52F: cyrillic += 1
            case 0x3040...0x30FF: kana += 1
            case 0x3400...0x9FFF, 0x20000...0x2FFFF: han += 1
            case 0xAC00...0xD7AF, 0x1100...0x11FF: others[.korean, default: 0] += 1
            case 0x370...0x3FF: others[.greek, default: 0] += 1
            case 0x590...0x5FF: others[.hebrew, default: 0] += 1
            case 0x600...0x6FF: others[.arabic, default: 0] += 1
            case 0x900...0x97F: others[.hindi, default: 0] += 1
            case 0xE00...0xE7F: others[.thai, default: 0] += 1
            default: continue
            }
        }
        others[ukrainian > 0 ? .ukrainian : .russian] = cyrillic + ukrainian
        others[kana > 0 ? .japanese : .chinese] = han + kana
        let best = PromptLanguage.allCases.map { ($0, others[$0] ?? 0) }.max { $0.1 < $1.1 }
        // A Han or Hangul character is worth several letters.
        if let best, best.1 >= PromptLanguage.fewestLetters, best.1 * 2 >= latin { return .alone(best.0) }
        return latin >= PromptLanguage.fewestLetters ? .latin : nil
    }
}
