/// How events and effects are written down, and how a recording is run again (`martletd --record`, `martlet replay`).
///
/// One line an event, followed by one line an effect. A configuration is recorded as its texts, because its parsed form is
/// large and the texts are what an operator can read; whoever replays parses them again.
package import ConfigModel
import ConfigSyntax
package import Forwarding
package import Inference
package import NetTypes

package enum RecordedLine: Sendable, Codable {
    /// `lists`, `sets` and `prices`: what stood in files of their own; nil where there is none.
    case configured(
        at: Instant,
        draw: UInt64,
        files: [RecordedFile],
        lists: [RouteList]? = nil,
        sets: [SetContent]? = nil,
        prices: [ListedPrice]? = nil
    )
    case fact(at: Instant, draw: UInt64, Fact)
    case effect(Effect)

    /// The event as it is recorded.
    package init(_ event: Event) {
        switch event.kind {
        case .fact(let fact): self = .fact(at: event.at, draw: event.draw, fact)
        case .configured(let configuration):
            let files = configuration.sources.files.map {
                RecordedFile(name: $0.name, text: $0.lines.joined(separator: "\n"))
            }
            let lists = configuration.network?.lists ?? []
            let sets = configuration.network?.setContents ?? []
            let prices = configuration.models?.listed ?? []
            self = .configured(
                at: event.at,
                draw: event.draw,
                files: files,
                lists: lists.isEmpty ? nil : lists,
                sets: sets.isEmpty ? nil : sets,
                prices: prices.isEmpty ? nil : prices
            )
        }
    }
}

package struct RecordedFile: Hashable, Sendable, Codable {
    package let name: String
    package let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// Runs a recording through a fresh router and says what came out.
package struct Replay {
    /// What one recorded event gave.
    package struct Step: Sendable {
        package let event: RecordedLine
        package let recorded: [Effect]
        package let replayed: [Effect]

        package init(event: RecordedLine, recorded: [Effect], replayed: [Effect]) {
            self.event = event
            self.recorded = recorded
            self.replayed = replayed
        }
    }

    private var router = Router()
    /// Parses recorded texts; throws when they do not make a configuration any more.
    private let read: ([RecordedFile]) throws -> Configuration

    package init(reading read: @escaping ([RecordedFile]) throws -> Configuration) { self.read = read }

    /// Steps through the lines, in order; each step is handed out as soon as its effects are complete.
    package mutating func run(_ lines: [RecordedLine], each step: (Step) throws -> Void) throws {
        var position = 0
        while position < lines.count {
            let line = lines[position]
            position += 1
            var recorded: [Effect] = []
            while position < lines.count, case .effect(let effect) = lines[position] {
                recorded.append(effect)
                position += 1
            }
            guard let event = try event(line) else { continue }
            try step(Step(event: line, recorded: recorded, replayed: router.turn(event)))
        }
    }

    private func event(_ line: RecordedLine) throws -> Event? {
        switch line {
        case .configured(let at, let draw, let files, let lists, let sets, let prices):
            Event(at: at, draw: draw, .configured(try configuration(files, lists, sets, prices)))
        case .fact(let at, let draw, let fact): Event(at: at, draw: draw, .fact(fact))
        case .effect: nil
        }
    }

    /// The texts parsed again, with the lists that stood in their files then.
    private func configuration(
        _ files: [RecordedFile],
        _ lists: [RouteList]?,
        _ sets: [SetContent]?,
        _ prices: [ListedPrice]?
    ) throws -> Configuration {
        var configuration = try read(files)
        configuration.network?.lists = lists ?? []
        for content in sets ?? [] { _ = configuration.network?.fill(content) }
        configuration.models?.listed = prices ?? []
        return configuration
    }
}
