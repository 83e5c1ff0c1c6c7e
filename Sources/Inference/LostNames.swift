/// Which names of fields are told, of any number that somebody sends? As many as are bounded, in letters that may stand in a head, and a mark
/// where there were more.

/// Names of fields that are lost on the way from one dialect to another, for the head of an answer and its record.
package struct LostNames: Equatable, Sendable {
    /// Names; who sends more of them in one request or answer sends nonsense.
    private static let limit = 16
    /// Of a name, in bytes.
    private static let longest = 80
    /// Says that there were more.
    static let more = "..."
    /// Stands for what may not stand in a head.
    static let unspeakable = "?"

    private var first: [String] = []
    /// Whether there were more than are kept: whatever comes, nothing changes any more.
    private(set) var isFull = false

    /// None.
    init() {}

    /// Of any number.
    init(_ names: some Sequence<String>) {
        for name in names where !isFull { note(name) }
    }

    /// Paths without indexes, in the order they were met, each once; the mark behind them, where there were more.
    package var names: [String] { isFull ? first + [Self.more] : first }

    /// Notes a field by its whole path, once.
    mutating func note(_ path: String) {
        guard !isFull else { return }
        if path == Self.more {
            isFull = true
            return
        }
        let path = Self.speakable(path)
        guard !first.contains(path) else { return }
        if first.count < Self.limit { first.append(path) } else { isFull = true }
    }

    /// A path whose every step may stand in a head. Of one that is too long its beginning is told.
    private static func speakable(_ path: String) -> String {
        if path.utf8.count <= longest, path.utf8.allSatisfy(isPlain) { return path }
        var told = ""
        for step in path.utf8.prefix(longest).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            // The last step may have been cut.
            let isWhole = step.endIndex == path.utf8.endIndex || path.utf8[step.endIndex] == UInt8(ascii: ".")
            if !told.isEmpty { told += "." }
            told += isWhole && step.allSatisfy(isPlain) ? String(decoding: step, as: UTF8.self) : unspeakable
        }
        return told
    }

    /// What words and paths are made of; a blank or a comma would be another name.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        case UInt8(ascii: "$"), UInt8(ascii: "["), UInt8(ascii: "]"): true
        default: false
        }
    }
}
