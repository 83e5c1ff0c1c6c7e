/// How is one candidate picked out of those that share a group's load? What stands in a model group's block beside its strategy.
import ConfigSyntax
package import NetTypes

package struct GroupRouting: Hashable, Sendable, Codable {
    package var balance: Balance
    /// Nil: each request is picked for by itself.
    package var affinity: Affinity?

    package static let standard = GroupRouting()

    package init(balance: Balance = .weight, affinity: Affinity? = nil) {
        self.balance = balance
        self.affinity = affinity
    }
}

/// What decides among candidates that carry load.
package enum Balance: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
    /// A draw by their weights.
    case weight
    /// The one of two draws that has fewer requests under way for its weight.
    case leastOutstanding = "least-outstanding"
}

/// What became of a conversation with this request.
package enum AffinityVerdict: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nobody is remembered to have it.
    case new
    /// It stays with its member.
    case kept
    /// Its member cannot serve, or was not asked for longer than it is held.
    case moved
    /// Another member costs less, although it has nothing of it in a cache.
    case movedForPrice = "moved-for-price"
}

/// What keeps a conversation with the member that has its prompt in a cache.
package struct Affinity: Hashable, Sendable, Codable {
    package enum Key: String, Hashable, Sendable, CaseIterable, Codable, ScalarValue {
        /// The session that the client names in a header; without one the prompt's beginning.
        case session
        /// The prompt's beginning: what is said before the model first speaks.
        case prefix
        /// Whom the request is for, as it says itself; without that the client's key.
        case user
    }

    package var by: Key
    /// In lower case.
    package var header: String
    /// For how long after a conversation's last request its member is kept though another would be chosen by now.
    package var hold: Span

    package init(by: Key, header: String = Self.standardHeader, hold: Span = Self.standardHold) {
        self.by = by
        self.header = header
        self.hold = hold
    }

    package static let standardHeader = "x-session-id"
    /// Providers keep a prompt for five to ten minutes after its last use.
    package static let standardHold = Span.seconds(600)
    /// What is remembered counts seconds in 16 bits.
    static let longestHold = Span.seconds(43_200)
}
