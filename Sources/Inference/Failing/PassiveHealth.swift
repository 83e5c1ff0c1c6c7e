/// When do real traffic's failures take a member out, for how long, and how many of a group at most?
package import ConfigSyntax
package import NetTypes
package import PolicyEngine

package struct PassiveHealth: Hashable, Sendable, Codable {
    /// Failures in a row; at least 1.
    package let downAfter: Int
    /// Or this share of failures among the attempts of half a minute; 1: never…
    package let downAtShare: Fraction
    /// …once there were so many attempts.
    package let downAtAttempts: Int
    /// How long a member stays out before one request may try it.
    package let recoverAfter: Span
    /// The wait doubles with each trial that fails, up to this.
    package let recoverAtMost: Span
    /// The longest that a provider's wish to be left alone keeps its member out.
    package let pauseAtMost: Span
    /// The share of a group's members that may be left out for being down.
    package let mostEjected: Fraction

    /// A window of attempts is ten of these.
    package static let slice = Span.seconds(3)

    /// As for probes, three in a row; half of twenty: a member that fails every other request never fails three in a row for
    /// long. Half a minute is longer than most providers' hiccups; after ten minutes a person has been told.
    package static let standard = PassiveHealth(downAfter: 3, recoverAfter: .seconds(30))

    package init(
        downAfter: Int,
        downAtShare: Fraction = Fraction(millionths: 500_000),
        downAtAttempts: Int = 20,
        recoverAfter: Span,
        recoverAtMost: Span = .seconds(600),
        pauseAtMost: Span = ExchangeLimits.longestPause,
        mostEjected: Fraction = .one
    ) {
        (self.downAfter, self.downAtShare, self.downAtAttempts) = (downAfter, downAtShare, downAtAttempts)
        (self.recoverAfter, self.recoverAtMost) = (recoverAfter, max(recoverAfter, recoverAtMost))
        (self.pauseAtMost, self.mostEjected) = (pauseAtMost, mostEjected)
    }

    /// How many of so many members that is: none if none may, else at least one. Nil: all, for then the group itself keeps
    /// the last.
    package func mostDown(of members: Int) -> Int? {
        if mostEjected == .one { return nil }
        if mostEjected == .zero { return 0 }
        return max(1, members * Int(mostEjected.millionths) / 1_000_000)
    }

    /// How long a member stays out after so many trials in a row have failed.
    package func pause(afterFailedTrials strikes: Int) -> Span {
        let factor = Int64(1) << Int64(min(strikes, 32))
        return min(Span(nanoseconds: Span.scaled(recoverAfter.nanoseconds, factor)), recoverAtMost)
    }

    /// Whether so many failures (`some`) among so many attempts (`all`) take a member out.
    package func isTooOften(_ failures: Tally) -> Bool {
        downAtShare < .one && failures.all >= UInt64(downAtAttempts)
            && failures.some * 1_000_000 >= failures.all * UInt64(max(1, downAtShare.millionths))
    }
}
