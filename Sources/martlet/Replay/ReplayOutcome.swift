/// What did a replay give: step by step, and in the end?
import ConfigModel
import Control
import NetTypes
import Runtime

/// One recorded event and what it gave this time.
struct ReplayStep: Encodable {
    /// Since the first event.
    let after: Span
    /// The event in words.
    let event: String
    let effects: Int
    let notes: [Note]
}

struct ReplayOutcome: Encodable {
    /// The first effect that is not as recorded.
    struct Difference: Encodable, Equatable {
        /// Which event, counted from 1.
        let event: Int
        /// Which of its effects, counted from 1.
        let effect: Int
        /// As JSON; nil: there was none.
        let recorded: String?
        let replayed: String?
    }

    private(set) var events = 0
    private(set) var effects = 0
    private(set) var difference: Difference?

    var equal: Bool { difference == nil }

    private struct Found: Error {}

    /// Replays the lines and hands out each step, up to the first difference.
    /// - Throws: what `each` throws, and when a recorded configuration is none to this version.
    init(of lines: [RecordedLine], each step: (ReplayStep) throws -> Void) throws {
        var replay = Replay(reading: Self.configuration)
        let start = lines.first.flatMap(\.at) ?? Instant(nanoseconds: 0)
        do {
            try replay.run(lines) { one in
                try step(ReplayStep(one, since: start))
                try compare(one)
            }
        } catch is Found {}
    }

    private static func configuration(_ files: [RecordedFile]) throws -> Configuration {
        let local = LocalConfiguration(texts: files.map { ($0.name, Array($0.text.utf8)) })
        guard let configuration = local.checked.configuration else { throw CommandError.wrong(local.report) }
        return configuration
    }

    private mutating func compare(_ step: Replay.Step) throws {
        events += 1
        for index in 0..<max(step.recorded.count, step.replayed.count) {
            let recorded = try text(step.recorded, index)
            let replayed = try text(step.replayed, index)
            guard recorded == replayed else {
                difference = Difference(event: events, effect: index + 1, recorded: recorded, replayed: replayed)
                throw Found()
            }
            effects += 1
        }
    }

    /// Effects are compared as they are recorded: what the recording cannot tell apart is equal.
    private func text(_ effects: [Effect], _ index: Int) throws -> String? {
        guard index < effects.count else { return nil }
        return String(decoding: try ControlJSON.encode(effects[index]), as: UTF8.self)
    }
}

extension ReplayOutcome: TextDisplayable {
    func text(_ style: Style) -> String {
        guard let difference else {
            return style.apply(.good, to: "\(counted(events, "event")), \(counted(effects, "effect")), all equal")
        }
        return [
            style.apply(.bad, to: "event \(difference.event), effect \(difference.effect) differs"),
            "  recorded " + style.apply(.plain, to: difference.recorded ?? "nothing"),
            "  replayed " + style.apply(.plain, to: difference.replayed ?? "nothing"),
        ].joined(separator: "\n")
    }
}

extension ReplayStep {
    init(_ step: Replay.Step, since start: Instant) {
        after = (step.event.at ?? start) - start
        event = step.event.words
        effects = step.replayed.count
        notes = step.replayed.compactMap { effect in
            if case .note(let note) = effect { return note }
            return nil
        }
    }
}

extension ReplayStep: TextDisplayable {
    func text(_ style: Style) -> String {
        let head = "+\(after)  \(event) → \(counted(effects, "effect"))"
        return ([style.apply(.plain, to: head)] + notes.map { "    " + style.apply(.quiet, to: Self.words($0)) })
            .joined(separator: "\n")
    }

    private static func words(_ note: Note) -> String {
        (try? ControlJSON.encode(note)).map { String(decoding: $0, as: UTF8.self) } ?? "\(note)"
    }
}
