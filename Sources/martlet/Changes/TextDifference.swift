/// What changed from one configuration to another, as text? Files are paired in their order, as they are read, since the same
/// configuration may have been applied from another place.
import Control

struct TextDifference: Encodable, Equatable {
    struct Line: Encodable, Equatable {
        enum Kind: String, Encodable {
            case same = " "
            case removed = "-"
            case added = "+"
        }

        let kind: Kind
        let text: String
    }

    struct Hunk: Encodable, Equatable {
        /// The first line in the old and in the new file, from 1.
        let old: Int
        let new: Int
        let lines: [Line]
    }

    struct File: Encodable, Equatable {
        /// Nil: there was none, or there is none any more.
        let old: String?
        let new: String?
        let hunks: [Hunk]
    }

    /// Lines around a change that are shown as well.
    private static let context = 3

    let files: [File]
    var isEmpty: Bool { files.isEmpty }

    init(from old: ConfigurationFiles, to new: ConfigurationFiles) {
        files = (0..<max(old.files.count, new.files.count)).compactMap { index in
            let (before, after) = (old.files.at(index), new.files.at(index))
            let hunks = Self.hunks(Self.lines(before?.text), Self.lines(after?.text))
            return hunks.isEmpty ? nil : File(old: before?.name, new: after?.name, hunks: hunks)
        }
    }

    private static func lines(_ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.last == "" ? lines.dropLast() : lines
    }

    /// One line of the edit from old to new, with the position in both that it stands at.
    private struct Step {
        let line: Line
        let old: Int
        let new: Int
    }

    private static func hunks(_ old: [String], _ new: [String]) -> [Hunk] {
        let steps = steps(old, new)
        let changed = steps.indices.filter { steps[$0].line.kind != .same }
        var ranges: [ClosedRange<Int>] = []
        for index in changed {
            let around = max(0, index - context)...min(steps.count - 1, index + context)
            if let last = ranges.last, last.upperBound >= around.lowerBound - 1 {
                ranges[ranges.count - 1] = last.lowerBound...around.upperBound
            } else {
                ranges.append(around)
            }
        }
        return ranges.map { range in
            let first = steps[range.lowerBound]
            return Hunk(old: first.old, new: first.new, lines: steps[range].map(\.line))
        }
    }

    private static func steps(_ old: [String], _ new: [String]) -> [Step] {
        let difference = new.difference(from: old)
        let removed = Set(difference.removals.map(\.offset))
        let added = Set(difference.insertions.map(\.offset))
        var steps: [Step] = []
        var (before, after) = (0, 0)
        while before < old.count || after < new.count {
            if removed.contains(before), before < old.count {
                steps.append(Step(line: Line(kind: .removed, text: old[before]), old: before + 1, new: after + 1))
                before += 1
            } else if added.contains(after), after < new.count {
                steps.append(Step(line: Line(kind: .added, text: new[after]), old: before + 1, new: after + 1))
                after += 1
            } else {
                steps.append(Step(line: Line(kind: .same, text: old[before]), old: before + 1, new: after + 1))
                (before, after) = (before + 1, after + 1)
            }
        }
        return steps
    }
}

extension CollectionDifference.Change {
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}

extension Array {
    fileprivate func at(_ index: Int) -> Element? { index < count ? self[index] : nil }
}

extension TextDifference: TextDisplayable {
    /// In the unified format of diff(1).
    func text(_ style: Style) -> String {
        guard !isEmpty else { return style.apply(.good, to: "no difference") }
        return files.flatMap { lines($0, style) }.joined(separator: "\n")
    }

    private func lines(_ file: File, _ style: Style) -> [String] {
        let head = ["--- \(file.old ?? "/dev/null")", "+++ \(file.new ?? "/dev/null")"]
        return head.map { style.apply(.strong, to: $0) }
            + file.hunks.flatMap { hunk in
                [style.apply(.quiet, to: hunk.head)]
                    + hunk.lines.map { style.apply($0.tone, to: $0.kind.rawValue + $0.text) }
            }
    }
}

extension TextDifference.Hunk {
    fileprivate var head: String {
        let (before, after) = (lines.count { $0.kind != .added }, lines.count { $0.kind != .removed })
        return "@@ -\(before == 0 ? old - 1 : old),\(before) +\(after == 0 ? new - 1 : new),\(after) @@"
    }
}

extension TextDifference.Line {
    fileprivate var tone: Tone {
        switch kind {
        case .same: .plain
        case .removed: .bad
        case .added: .good
        }
    }
}
