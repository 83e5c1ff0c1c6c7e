/// How a group judges its members: what stands in its block beside the strategy.
package import ConfigSyntax
package import NetTypes

package struct GroupTerms: Hashable, Sendable, Codable {
    /// Of `hybrid`; nil for every other strategy.
    package let aims: Aims?
    package let limits: Limits
    /// Limits that policies put on this group besides; the same measurements are held against them.
    package let furtherLimits: [Limits]
    /// Nil: failures are not held against a member once it is healthy again.
    package let damping: DampingRule?
    /// How long a member stays out after a failure, at least.
    package let holdDown: Span
    /// A measured score that differs by no more than this is the same score.
    package let margin: Fraction
    /// How long it must differ by more, without a break, before it counts.
    package let settle: Span
    /// The most that members that are not measured yet carry together, of a group in which others are.
    package let exploration: Fraction
    package let scale: ScoreScale

    package init(
        aims: Aims? = nil,
        limits: Limits = .none,
        furtherLimits: [Limits] = [],
        damping: DampingRule? = nil,
        holdDown: Span = .zero,
        margin: Fraction = Self.standardMargin,
        settle: Span = Self.standardSettle,
        exploration: Fraction = Self.standardExploration,
        scale: ScoreScale = .standard
    ) {
        (self.aims, self.limits, self.furtherLimits, self.damping) = (aims, limits, furtherLimits, damping)
        (self.holdDown, self.margin, self.settle, self.exploration) = (holdDown, margin, settle, exploration)
        self.scale = scale
    }

    package static let standard = GroupTerms()
    /// 20 ms against 30, 100 ms against 125: less is not worth moving for.
    package static let standardMargin = Fraction(millionths: 50_000)
    /// Longer than a burst, shorter than a person waits.
    package static let standardSettle = Span.seconds(5)
    package static let standardExploration = Fraction(millionths: 50_000)

    /// All limits whose crossing is an event.
    var allLimits: [Limits] { [limits] + furtherLimits }
}

/// By what a group's load is divided in one question: the group's own terms, or those of a policy that uses the group.
package struct Terms: Hashable, Sendable {
    package let strategy: Strategy
    package let aims: Aims?
    package let limits: Limits

    package init(strategy: Strategy, aims: Aims?, limits: Limits) {
        (self.strategy, self.aims, self.limits) = (strategy, aims, limits)
    }
}

extension GroupDefinition {
    /// The terms of a question that brings none of its own.
    package var ownTerms: Terms { Terms(strategy: strategy, aims: terms.aims, limits: terms.limits) }
}
