/// The words in which this process counts who does how much: atomics that all event loops share, found by name when a snapshot is
/// taken and never again.
import Inference
import Synchronization

/// Lives as long as the process. A gateway that takes over begins with empty words.
final class LoadCounters: Sendable {
    private struct Name: Hashable {
        let kind: LoadSubject.Kind
        let name: String
    }

    private let words = Mutex<[Name: AtomicWords]>([:])

    /// The words of a subject, the same ones every time.
    func words(of kind: LoadSubject.Kind, _ name: String) -> AtomicWords {
        words.withLock { words in
            let name = Name(kind: kind, name: name)
            if let found = words[name] { return found }
            let made = AtomicWords()
            words[name] = made
            return made
        }
    }

    /// Forgets those that the snapshot does not name any more; what runs holds its own. Who has no budget any more is told of all that
    /// was spent when he has one again.
    func keep(_ snapshot: GatewaySnapshot) {
        let named = LoadSubject.Kind.allCases.flatMap { kind in
            snapshot.names(of: kind).map { Name(kind: kind, name: $0) }
        }
        let kept = Set(named)
        let budgets = Set(snapshot.budgets.map { Name(kind: $0.kind, name: $0.name) })
        words.withLock { words in
            words = words.filter { kept.contains($0.key) }
            for (name, words) in words where !budgets.contains(name) { words.forgetSpending() }
        }
    }
}

/// Relaxed: each word stands for itself, and nothing else is read by what it says.
final class AtomicWords: LoadWords {
    private let requests = Atomic<UInt64>(0)
    private let tokens = Atomic<UInt64>(0)
    private let streams = Atomic<UInt64>(0)
    private let spentOfDay = Atomic<UInt64>(0)
    private let spentOfMonth = Atomic<UInt64>(0)
    private let elsewhereOfDay = Atomic<UInt64>(0)
    private let elsewhereOfMonth = Atomic<UInt64>(0)
    private let day = Atomic<UInt64>(0)
    private let closedUntil = Atomic<UInt64>(0)
    private let providerTokens = Atomic<UInt64>(0)
    private let providerTokensReset = Atomic<UInt64>(0)
    private let providerTokensLimit = Atomic<UInt64>(0)
    private let providerRequests = Atomic<UInt64>(0)
    private let providerRequestsReset = Atomic<UInt64>(0)
    private let providerRequestsLimit = Atomic<UInt64>(0)
    private let providerTokensSent = Atomic<UInt64>(0)
    private let providerRequestsSent = Atomic<UInt64>(0)

    func value(of word: LoadWord) -> UInt64 {
        switch word {
        case .requests: requests.load(ordering: .relaxed)
        case .tokens: tokens.load(ordering: .relaxed)
        case .streams: streams.load(ordering: .relaxed)
        case .spentOfDay: spentOfDay.load(ordering: .relaxed)
        case .spentOfMonth: spentOfMonth.load(ordering: .relaxed)
        case .elsewhereOfDay: elsewhereOfDay.load(ordering: .relaxed)
        case .elsewhereOfMonth: elsewhereOfMonth.load(ordering: .relaxed)
        case .day: day.load(ordering: .relaxed)
        case .closedUntil: closedUntil.load(ordering: .relaxed)
        case .providerTokens: providerTokens.load(ordering: .relaxed)
        case .providerTokensReset: providerTokensReset.load(ordering: .relaxed)
        case .providerTokensLimit: providerTokensLimit.load(ordering: .relaxed)
        case .providerRequests: providerRequests.load(ordering: .relaxed)
        case .providerRequestsReset: providerRequestsReset.load(ordering: .relaxed)
        case .providerRequestsLimit: providerRequestsLimit.load(ordering: .relaxed)
        case .providerTokensSent: providerTokensSent.load(ordering: .relaxed)
        case .providerRequestsSent: providerRequestsSent.load(ordering: .relaxed)
        }
    }

    func replace(_ old: UInt64, with next: UInt64, in word: LoadWord) -> Bool {
        switch word {
        case .requests: Self.replace(old, next, requests)
        case .tokens: Self.replace(old, next, tokens)
        case .streams: Self.replace(old, next, streams)
        case .spentOfDay: Self.replace(old, next, spentOfDay)
        case .spentOfMonth: Self.replace(old, next, spentOfMonth)
        case .elsewhereOfDay: Self.replace(old, next, elsewhereOfDay)
        case .elsewhereOfMonth: Self.replace(old, next, elsewhereOfMonth)
        case .day: Self.replace(old, next, day)
        case .closedUntil: Self.replace(old, next, closedUntil)
        case .providerTokens: Self.replace(old, next, providerTokens)
        case .providerTokensReset: Self.replace(old, next, providerTokensReset)
        case .providerTokensLimit: Self.replace(old, next, providerTokensLimit)
        case .providerRequests: Self.replace(old, next, providerRequests)
        case .providerRequestsReset: Self.replace(old, next, providerRequestsReset)
        case .providerRequestsLimit: Self.replace(old, next, providerRequestsLimit)
        case .providerTokensSent: Self.replace(old, next, providerTokensSent)
        case .providerRequestsSent: Self.replace(old, next, providerRequestsSent)
        }
    }

    private static func replace(_ old: UInt64, _ next: UInt64, _ word: borrowing Atomic<UInt64>) -> Bool {
        word.compareExchange(expected: old, desired: next, ordering: .relaxed).exchanged
    }
}
