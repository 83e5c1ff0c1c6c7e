/// What an ICMP probe of one member in one scope does: whom it asks, how often, and when it is content.
import ConfigSyntax
package import NetTypes
package import PolicyEngine

/// The part of a `ProbeDefinition` that concerns one scope, in bounds.
package struct EchoPlan: Hashable, Sendable, Codable {
    /// In the order of the file; not empty.
    package let targets: [IPAddress]
    /// How many targets must answer; 1…targets.count.
    package let need: Int
    package let interval: Span
    /// At most the interval, so that a round is over when the next begins.
    package let timeout: Span

    /// A plan with its values cut to their bounds; nil without targets.
    package init?(targets: [IPAddress], need: Int, interval: Span, timeout: Span) {
        guard !targets.isEmpty else { return nil }
        self.targets = targets
        self.need = min(max(need, 1), targets.count)
        self.interval = max(interval, ProbeDefinition.shortestInterval)
        self.timeout = min(max(timeout, Span.milliseconds(1)), self.interval)
    }

    /// What `definition` asks for in `scope`; nil when it is no ICMP probe or has no target there. `any` asks all
    /// targets. Where a family has fewer targets than `need`, all of them are needed.
    package init?(_ definition: ProbeDefinition, in scope: HealthScope) {
        guard case .icmp(let targets) = definition.kind else { return nil }
        let inScope = targets.map(\.value).filter { scope == .any || HealthScope($0.family) == scope }
        self.init(
            targets: inScope,
            need: definition.need,
            interval: definition.interval,
            timeout: definition.timeout
        )
    }

    /// How long the prober may be away before a missing answer proves nothing (`ProbeSchedule`).
    package var longestAbsence: Span { Span(nanoseconds: timeout.nanoseconds / 2) }

    /// How late a round may begin; later, it is left out until the next is due, so that no burst follows a standstill.
    package var latestStart: Span { Span(nanoseconds: interval.nanoseconds / 4) }
}

extension EchoPlan {
    private enum CodingKeys: String, CodingKey {
        case targets
        case need
        case interval
        case timeout
    }

    /// Reads a recorded plan through the same bounds as a configured one: nothing divides by what a file says.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let plan = EchoPlan(
            targets: try values.decode([IPAddress].self, forKey: .targets),
            need: try values.decode(Int.self, forKey: .need),
            interval: try values.decode(Span.self, forKey: .interval),
            timeout: try values.decode(Span.self, forKey: .timeout)
        )
        guard let plan else {
            throw DecodingError.dataCorruptedError(forKey: .targets, in: values, debugDescription: "no targets")
        }
        self = plan
    }
}
