/// Where is it counted what a key, a team, a group or a member does at this moment? In a few words that all event loops share without a
/// lock: a change is worked out on what was read, and put back only if nobody was quicker.

/// One of the words. Each begins at 0.
package enum LoadWord: Int, Hashable, Sendable, CaseIterable {
    /// Until when the requests that came are paid for, by their `Pace`.
    case requests
    /// The same for tokens.
    case tokens
    /// Streamed answers that run.
    case streams
    /// Of who has a budget: pico-dollars that this process has spent or reserved on the day of `day`, and in its month.
    case spentOfDay
    case spentOfMonth
    /// The same that others have spent, as the ledger told it last.
    case elsewhereOfDay
    case elsewhereOfMonth
    /// The last local date (20261126) that anything was reserved or told on.
    case day
    /// Of a member: until when its provider takes no more, in nanoseconds of the daemon's clock.
    case closedUntil
    /// Of a member: tokens that its provider still takes, as it said last, plus 1; 0: it said nothing.
    case providerTokens
    /// Of a member: when those are whole again, in nanoseconds of the daemon's clock.
    case providerTokensReset
    /// Of a member: tokens that its provider takes when that limit is whole; 0: it did not say.
    case providerTokensLimit
    /// Of a member: tokens that were sent, by estimate, since its provider said what is left.
    case providerTokensSent
    /// The same four for requests.
    case providerRequests
    case providerRequestsReset
    case providerRequestsLimit
    case providerRequestsSent
}

/// The words of one subject. The gateway's are atomics; a test may have plain ones.
package protocol LoadWords: AnyObject, Sendable {
    func value(of word: LoadWord) -> UInt64
    /// Puts `next` where `old` stands; false when something else stands there by now.
    func replace(_ old: UInt64, with next: UInt64, in word: LoadWord) -> Bool
}

extension LoadWords {
    /// Changes a word to what `change` makes of it; false, and no change, when that gives nil.
    @discardableResult
    func update(_ word: LoadWord, _ change: (UInt64) -> UInt64?) -> Bool {
        while true {
            let old = value(of: word)
            guard let next = change(old) else { return false }
            if next == old || replace(old, with: next, in: word) { return true }
        }
    }

    func store(_ next: UInt64, in word: LoadWord) { update(word) { _ in next } }
}
