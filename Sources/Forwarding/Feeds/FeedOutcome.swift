/// What became of the steps of a feed's plan, and what stands in the kernel after them.
package import NetTypes

/// One route that the kernel refused.
package struct FeedRefusal: Hashable, Sendable, Codable {
    package let prefix: IPPrefix
    package let refusal: KernelRefusal

    package init(_ prefix: IPPrefix, _ refusal: KernelRefusal) { (self.prefix, self.refusal) = (prefix, refusal) }
}

package struct FeedOutcome: Hashable, Sendable, Codable {
    package enum Ending: String, Hashable, Sendable, Codable {
        case complete
        /// It was told to stop; what stands is known.
        case cancelled
        /// The kernel took nothing any more, so the rest was not sent.
        case hopeless
        /// An answer did not come: what stands has to be read.
        case unanswered
    }

    package let ending: Ending
    package let accepted: Int
    package let refused: Int
    /// The first of the refused.
    package let refusals: [FeedRefusal]
    /// What stands now; nil: what the plan said.
    package let standing: [RouteSegment]?

    package init(ending: Ending, accepted: Int, refused: Int, refusals: [FeedRefusal], standing: [RouteSegment]?) {
        (self.ending, self.accepted, self.refused) = (ending, accepted, refused)
        (self.refusals, self.standing) = (refusals, standing)
    }

    /// More refusals than an operator reads are only counted.
    package static let mostRefusals = 16

    package var isClean: Bool { ending == .complete && refused == 0 }
}

/// How far one step got: its routes are sent in bit-reversed order.
package struct FeedProgress: Sendable {
    package let step: FeedStep
    /// How many positions of that order were answered.
    package let positions: Int
    /// Which of the step's routes, by their places in the list, the kernel refused.
    package let refused: Set<Int>

    package init(_ step: FeedStep, positions: Int, refused: Set<Int>) {
        (self.step, self.positions, self.refused) = (step, positions, refused)
    }

    /// The routes for which it was done.
    fileprivate var done: RouteSegment {
        let routes = step.routes
        if positions >= bitReversedPositions(routes.count), refused.isEmpty { return routes }
        let list =
            switch routes.family {
            case .v4: PrefixList(v4: kept(routes.list.v4))
            case .v6: PrefixList(v6: kept(routes.list.v6))
            }
        return RouteSegment(routes.family, routes.action, list)
    }

    private func kept<P>(_ prefixes: [P]) -> [P] {
        prefixes.indices.filter { bitReversedPosition($0, of: prefixes.count) < positions && !refused.contains($0) }
            .map { prefixes[$0] }
    }
}

extension [FeedProgress] {
    /// What stands when of all steps no more was done than this.
    package func standing(on before: [RouteSegment]) -> [RouteSegment] {
        let done = filter { $0.positions > 0 }.map { (operation: $0.step.operation, routes: $0.done) }
        let made = done.filter { $0.operation != .delete }.map(\.routes)
        let gone = done.filter { $0.operation == .delete }.map(\.routes)
        let kept = before.map { segment in gone.reduce(segment) { $0.without($1) } }
        // Earlier segments count before later ones: what was replaced stands in both.
        return (made + kept).filter { $0.count > 0 }
    }
}

extension RouteSegment {
    fileprivate func without(_ other: RouteSegment) -> RouteSegment {
        guard family == other.family, other.count > 0 else { return self }
        let list =
            switch family {
            case .v4: PrefixList(v4: list.v4.filter { !other.list.v4.holds($0) })
            case .v6: PrefixList(v6: list.v6.filter { !other.list.v6.holds($0) })
            }
        return RouteSegment(family, action, list)
    }
}
