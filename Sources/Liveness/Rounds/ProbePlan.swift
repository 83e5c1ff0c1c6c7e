/// What probing one member in one scope comes to: what is asked, of whom, how often, and when it is content.
import ConfigSyntax
package import NetTypes
import PolicyEngine

/// The part of a `ProbeDefinition` that concerns one scope, in bounds.
package struct ProbePlan: Hashable, Sendable, Codable {
    package let question: ProbeQuestion
    /// In the order of the file; not empty.
    package let targets: [ProbeTarget]
    /// How many targets must answer; 1…targets.count.
    package let need: Int
    package let interval: Span
    /// At most the interval, so that a round is over when the next begins.
    package let timeout: Span
    /// How many rounds the window holds.
    package let rounds: Int
    /// nil: every answer is good enough.
    package let limits: ProbeLimits?

    /// A plan with its values cut to their bounds; nil without targets.
    package init?(
        _ question: ProbeQuestion = .echo,
        targets: [ProbeTarget],
        need: Int,
        interval: Span,
        timeout: Span,
        rounds: Int = ProbeWindow.standardRounds,
        limits: ProbeLimits? = nil
    ) {
        guard !targets.isEmpty else { return nil }
        self.question = question
        self.targets = targets
        self.need = min(max(need, 1), targets.count)
        self.interval = max(interval, ProbeDefinition.shortestInterval)
        self.timeout = min(max(timeout, Span.milliseconds(1)), self.interval)
        self.rounds = rounds
        self.limits = limits
    }

    /// How long the prober may be away before a missing answer proves nothing (`ProbeSchedule`).
    package var longestAbsence: Span { Span(nanoseconds: timeout.nanoseconds / 2) }

    /// How late a round may begin; later, it is left out until the next is due, so that no burst follows a standstill.
    package var latestStart: Span { Span(nanoseconds: interval.nanoseconds / 4) }
}

extension ProbePlan {
    private enum CodingKeys: String, CodingKey {
        case question
        case targets
        case need
        case interval
        case timeout
        case rounds
        case limits
    }

    /// Reads a recorded plan through the same bounds as a configured one: nothing divides by what a file says.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let plan = ProbePlan(
            try values.decode(ProbeQuestion.self, forKey: .question),
            targets: try values.decode([ProbeTarget].self, forKey: .targets),
            need: try values.decode(Int.self, forKey: .need),
            interval: try values.decode(Span.self, forKey: .interval),
            timeout: try values.decode(Span.self, forKey: .timeout),
            rounds: try values.decode(Int.self, forKey: .rounds),
            limits: try values.decodeIfPresent(ProbeLimits.self, forKey: .limits)
        )
        guard let plan else {
            throw DecodingError.dataCorruptedError(forKey: .targets, in: values, debugDescription: "no targets")
        }
        self = plan
    }
}
