/// Does one more request fit? Whoever has limits: takes a request's part before it is served, and corrects it when its end is known.
import NetTypes

package final class LoadSubject: Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable, Codable {
        case key, team, group, member
    }

    package let kind: Kind
    package let name: String
    package let limits: LoadLimits
    let words: any LoadWords

    package init(_ kind: Kind, _ name: String, _ limits: LoadLimits, _ words: any LoadWords) {
        (self.kind, self.name, self.limits, self.words) = (kind, name, limits, words)
    }

    /// Takes one request with these tokens, all of it or nothing.
    func take(tokens: UInt64, isStreamed: Bool, at now: Instant) -> Result<LoadHold, LoadRefusal> {
        if isStreamed, let most = limits.streams {
            let fits = words.update(.streams) { $0 < most ? $0 + 1 : nil }
            guard fits else { return .failure(LoadRefusal(self, .streams, wait: nil)) }
        }
        if let pace = limits.requests, !words.update(.requests, { pace.taking(1, from: $0, at: now) }) {
            endStream(isStreamed)
            return .failure(
                LoadRefusal(self, .requests, wait: pace.wait(for: 1, in: words.value(of: .requests), at: now))
            )
        }
        if let pace = limits.tokens, !words.update(.tokens, { pace.taking(tokens, from: $0, at: now) }) {
            endStream(isStreamed)
            if let pace = limits.requests { words.update(.requests) { pace.settling(1, as: 0, in: $0, at: now) } }
            let wait = pace.wait(for: tokens, in: words.value(of: .tokens), at: now)
            return .failure(LoadRefusal(self, .tokens, wait: wait))
        }
        return .success(LoadHold(subject: self, tokens: tokens, isStreamed: isStreamed))
    }

    /// The request is over and used so many tokens.
    func settle(_ hold: LoadHold, tokens used: UInt64, at now: Instant) {
        endStream(hold.isStreamed)
        guard let pace = limits.tokens, used != hold.tokens else { return }
        words.update(.tokens) { pace.settling(hold.tokens, as: used, in: $0, at: now) }
    }

    private func endStream(_ isStreamed: Bool) {
        if isStreamed, limits.streams != nil { words.update(.streams) { $0 - min($0, 1) } }
    }

    /// What is left of a pace now, and how long until it is whole.
    func standing(_ bound: LoadBound, at now: Instant) -> (limit: UInt64, left: UInt64, reset: Span)? {
        let (pace, word): (Pace?, LoadWord) =
            switch bound {
            case .requests: (limits.requests, .requests)
            case .tokens: (limits.tokens, .tokens)
            case .streams: (nil, .streams)
            }
        guard let pace else { return nil }
        let value = words.value(of: word)
        return (pace.amount, pace.left(in: value, at: now), pace.reset(in: value, at: now))
    }
}

/// What a request holds of one subject until it is over.
struct LoadHold: Sendable {
    let subject: LoadSubject
    /// Reserved.
    let tokens: UInt64
    let isStreamed: Bool
}

package enum LoadBound: String, Hashable, Sendable {
    case requests, tokens, streams
}

/// Why a request does not fit.
struct LoadRefusal: Error {
    let subject: LoadSubject
    let bound: LoadBound
    /// Until it would; nil: when a stream ends, and nobody knows when that is.
    let wait: Span?

    init(_ subject: LoadSubject, _ bound: LoadBound, wait: Span?) {
        (self.subject, self.bound, self.wait) = (subject, bound, wait)
    }

    /// For the client. A member's limit is no business of clients.
    var words: String {
        let limits = subject.limits
        let what =
            switch bound {
            case .requests: "\(limits.requests?.amount ?? 0) requests \(Self.every(limits.requests))"
            case .tokens: "\(limits.tokens?.amount ?? 0) tokens \(Self.every(limits.tokens))"
            case .streams: "\(limits.streams ?? 0) streams at the same time"
            }
        let who =
            switch subject.kind {
            case .key: "This key"
            case .team: "The team '\(subject.name)'"
            case .group, .member: "The model '\(subject.name)'"
            }
        return "\(who) has reached its limit of \(what)."
    }

    private static func every(_ pace: Pace?) -> String {
        switch pace.map({ $0.span / 1_000_000_000 }) ?? 1 {
        case 1: "a second"
        case 60: "a minute"
        case 3600: "an hour"
        case 86_400: "a day"
        case let seconds: "in \(seconds / 86_400) days"
        }
    }
}
