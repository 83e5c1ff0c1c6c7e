/// What a hook is told: one event, as JSON and as environment variables.
import Control
import Forwarding
import Foundation
import Runtime

/// An event of interest to hooks, with the subject they asked for.
struct Notice: Sendable {
    let subject: NotifyDefinition.Subject
    let event: WatchEvent

    /// `{"on":"member","at":…,"kind":"health","words":"…","fields":{"member":"wan.fiber",…}}`, one line.
    var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = Body(
            on: subject.rawValue,
            at: event.at,
            kind: event.kind,
            words: event.words,
            fields: Dictionary(event.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        )
        // Texts and numbers always encode.
        return ((try? encoder.encode(body)).map { Array($0) } ?? []) + [0x0A]
    }

    /// `MARTLET_ON`, `MARTLET_KIND`, `MARTLET_WORDS`, and one for each field: `MARTLET_MEMBER`, `MARTLET_TO`, …
    var environment: [String] {
        let own = [("ON", subject.rawValue), ("KIND", event.kind), ("WORDS", event.words)]
        return (own + event.fields.map { ($0.name.uppercased().replacing("-", with: "_"), $0.value) })
            .map { "MARTLET_\($0.0)=\($0.1)" }
    }

    private struct Body: Encodable {
        let on: String
        let at: UInt64
        let kind: String
        let words: String
        let fields: [String: String]
    }
}

extension Note {
    /// What a hook must ask for to be told of it; nil: nobody is.
    var subject: NotifyDefinition.Subject? {
        switch self {
        case .health, .presence, .admin: .member
        case .shares: .group
        case .target, .refused, .unanswered, .conflict, .drift, .tableDrift, .listRefused, .gatewayEnded, .alarm,
            .unnumbered, .losses, .offloadFailed:
            .alarm
        case .applied, .overrun, .flowsMoved, .list, .feedsBegan, .feedsProgress, .feedsEnded, .gatewayStarted,
            .found:
            nil
        }
    }
}
