/// How much more does a member's provider take, by its own word? Who has little left gets less, so that it seldom has to say no.
package import NetTypes
import Synchronization

package struct Headroom: Hashable, Sendable, Codable {
    /// What is left of the provider's limit in requests or in tokens, whichever is less.
    package var percent: UInt32
    /// Until that limit is whole again.
    package var reset: Span

    /// Percent below which a member gets less load, in proportion: a quarter is room for what is under way.
    package static let little: UInt32 = 25

    package init(percent: UInt32, reset: Span) { (self.percent, self.reset) = (percent, reset) }
}

/// The words of one limit of a provider.
struct ProviderLimitWords {
    /// What was left, plus 1; 0: it said nothing.
    let left: LoadWord
    /// What is left of it when it is whole; 0: it did not say.
    let limit: LoadWord
    /// When that is, in nanoseconds of the daemon's clock.
    let reset: LoadWord
    /// What was sent since it said so.
    let sent: LoadWord

    static let tokens = ProviderLimitWords(
        left: .providerTokens,
        limit: .providerTokensLimit,
        reset: .providerTokensReset,
        sent: .providerTokensSent
    )
    static let requests = ProviderLimitWords(
        left: .providerRequests,
        limit: .providerRequestsLimit,
        reset: .providerRequestsReset,
        sent: .providerRequestsSent
    )
}

extension LoadSubject {
    /// What the member's provider still takes; nil where it said nothing, or its limits are whole again.
    func headroom(at now: Instant) -> Headroom? {
        guard let requests = headroom(.requests, at: now) else { return headroom(.tokens, at: now) }
        guard let tokens = headroom(.tokens, at: now) else { return requests }
        return tokens.percent < requests.percent ? tokens : requests
    }

    private func headroom(_ limit: ProviderLimitWords, at now: Instant) -> Headroom? {
        let (left, whole, reset) = (
            words.value(of: limit.left), words.value(of: limit.limit), words.value(of: limit.reset)
        )
        guard left > 0, whole > 0, reset > now.nanoseconds else { return nil }
        let percent = UInt128(left - 1 - min(left - 1, words.value(of: limit.sent))) * 100 / UInt128(whole)
        return Headroom(
            percent: UInt32(min(percent, 100)),
            reset: Span(nanoseconds: Int64(clamping: reset - now.nanoseconds))
        )
    }

    func note(_ left: ProviderLimits.Left, _ limit: ProviderLimitWords, until reset: Instant) {
        words.store(reset.nanoseconds, in: limit.reset)
        words.store(left.limit ?? 0, in: limit.limit)
        words.store(0, in: limit.sent)
        words.store(left.units.addingReportingOverflow(1).overflow ? .max : left.units + 1, in: limit.left)
    }

    /// A request of so many tokens goes to the member's provider: until it says what is left, that is less by so much.
    func drawOnProvider(tokens: UInt64) {
        draw(1, .requests)
        draw(tokens, .tokens)
    }

    private func draw(_ units: UInt64, _ limit: ProviderLimitWords) {
        guard words.value(of: limit.left) > 0 else { return }
        words.update(limit.sent) { $0.addingReportingOverflow(units).overflow ? .max : $0 + units }
    }

    /// Whether what was sent since the provider spoke may have used up what it said was left, so that it would refuse a request of so
    /// many tokens. Estimates: a reason to ask another, none to ask nobody.
    func mayBeSpent(tokens: UInt64, at now: Instant) -> Bool {
        mayBeSpent(1, .requests, at: now) || mayBeSpent(tokens, .tokens, at: now)
    }

    private func mayBeSpent(_ units: UInt64, _ limit: ProviderLimitWords, at now: Instant) -> Bool {
        let left = words.value(of: limit.left)
        guard left > 0, words.value(of: limit.reset) > now.nanoseconds else { return false }
        return units > left - 1 - min(left - 1, words.value(of: limit.sent))
    }

    /// How long until a limit lets so many units through; nil when it does now, or nothing is known of it.
    func wait(for units: UInt64, _ limit: ProviderLimitWords, at now: Instant) -> Span? {
        let left = words.value(of: limit.left)
        guard left > 0, units > left - 1 else { return nil }
        let reset = words.value(of: limit.reset)
        return reset > now.nanoseconds ? Span(nanoseconds: Int64(clamping: reset - now.nanoseconds)) : nil
    }
}

/// Until when is any member short of headroom? One word for all, so that requests look at each member only while one is.
final class Shortage: Sendable {
    private let until = Atomic<UInt64>(0)

    func note(until moment: Instant) { until.max(moment.nanoseconds, ordering: .relaxed) }

    func isOn(at now: Instant) -> Bool { until.load(ordering: .relaxed) > now.nanoseconds }
}
