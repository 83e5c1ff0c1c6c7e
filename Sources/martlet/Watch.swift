/// `martlet watch`: what happens, as it happens.
import ArgumentParser
import Control

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print events as they happen, one a line, until interrupted.",
        discussion: """
            Kinds: health, presence, shares, plan, refused, conflict, drift, admin, model, gateway, alarm, decision, audit.

            EXAMPLES
              martlet watch
              martlet watch --json | jq -c 'select(.kind == "health")'
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let format = global.format
        try global.client.watch { event in
            try Console.print(try Output.renderLine(event, as: format))
        }
    }
}

extension WatchEvent: TextDisplayable {
    func text(_ style: Style) -> String { text(style, in: .local) }

    func text(_ style: Style, in zone: Moment.Zone) -> String {
        let padded = kind + String(repeating: " ", count: max(0, Self.kindWidth - kind.count))
        return "\(Moment.timeOfDay(at, in: zone))  \(style.apply(tone, to: padded))  \(style.apply(.plain, to: words))"
    }

    /// The longest kind: `presence`, `conflict`, `decision`.
    private static let kindWidth = 8

    private var tone: Tone {
        switch kind {
        case "refused", "conflict", "alarm": .bad
        case "health", "presence", "drift", "gateway": .warning
        default: .quiet
        }
    }
}
