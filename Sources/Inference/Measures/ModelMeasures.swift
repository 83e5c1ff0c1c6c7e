/// How quickly, how often and with how many tokens were requests served? Added up from decision records, for what Prometheus reads.
///
/// Two views: what clients got (a request, over all its attempts), and what each provider did (an attempt). Names of members, groups and
/// models come from the configuration and are few; what strangers name never becomes a label. All tables are bounded besides.
import NetTypes

package struct ModelMeasures: Sendable {
    /// What requests are told apart by.
    package struct RequestName: Hashable, Sendable {
        package var operation: ModelOperation
        /// Empty: refused before there was one.
        package var group: String
        /// `group.member` of the last attempt; empty: there was none.
        package var member: String
        /// The model at the provider, of the last attempt.
        package var model: String
    }

    /// What attempts are told apart by.
    package struct AttemptName: Hashable, Sendable {
        package var operation: ModelOperation
        /// `group.member`.
        package var member: String
        /// The model at the provider.
        package var model: String
    }

    package private(set) var requests: [RequestName: RequestMeasures] = [:]
    package private(set) var attempts: [AttemptName: AttemptMeasures] = [:]

    /// Names of each kind; a file with more of them is served, and the rest is counted as `other`.
    package static let mostNames = 1000
    /// Stands for all names beyond.
    package static let other = "other"

    package init() {}

    /// Counts a request that is over.
    /// - Parameter names: those that may be told apart; nil: all.
    package mutating func observe(_ record: DecisionRecord, by names: MeasuredNames? = nil) {
        let operation = record.operation ?? .chat
        let last = record.attempts.last
        let name = RequestName(
            operation: operation,
            group: names.group(record.group ?? ""),
            member: names.member(last?.member ?? ""),
            model: names.model(last?.upstreamModel ?? "")
        )
        requests[known(name), default: RequestMeasures()].observe(record)
        for attempt in record.attempts {
            let name = names.attempt(attempt, operation)
            attempts[known(name), default: AttemptMeasures()].observe(attempt, isStreamed: record.isStreamed)
        }
        // What was used is known of the last attempt, be it that its answer broke off.
        guard let last else { return }
        attempts[known(names.attempt(last, operation)), default: AttemptMeasures()].observe(
            record.usage,
            isWhole: record.outcome == .answered
        )
    }

    private func known(_ name: RequestName) -> RequestName {
        guard requests.count >= Self.mostNames, requests[name] == nil else { return name }
        return RequestName(operation: name.operation, group: Self.other, member: Self.other, model: Self.other)
    }

    private func known(_ name: AttemptName) -> AttemptName {
        guard attempts.count >= Self.mostNames, attempts[name] == nil else { return name }
        return AttemptName(operation: name.operation, member: Self.other, model: Self.other)
    }
}

/// What the configuration names, and what measures may be named by: all other names count as one.
package struct MeasuredNames: Hashable, Sendable {
    private let groups: Set<String>
    private let members: Set<String>
    private let models: Set<String>

    /// Empty names need not be among them.
    package init(groups: [String], members: [String], models: [String]) {
        (self.groups, self.members, self.models) = (Set(groups), Set(members), Set(models))
    }

    package func group(_ name: String) -> String { Self.known(name, groups) }
    package func member(_ name: String) -> String { Self.known(name, members) }
    package func model(_ name: String) -> String { Self.known(name, models) }

    private static func known(_ name: String, _ names: Set<String>) -> String {
        name.isEmpty || names.contains(name) ? name : ModelMeasures.other
    }
}

extension MeasuredNames? {
    fileprivate func group(_ name: String) -> String { self?.group(name) ?? name }
    fileprivate func member(_ name: String) -> String { self?.member(name) ?? name }
    fileprivate func model(_ name: String) -> String { self?.model(name) ?? name }

    fileprivate func attempt(_ row: AttemptRow, _ operation: ModelOperation) -> ModelMeasures.AttemptName {
        ModelMeasures.AttemptName(operation: operation, member: member(row.member), model: model(row.upstreamModel))
    }
}

/// What clients got of requests of one name.
package struct RequestMeasures: Sendable {
    /// By why it ended badly, empty for whole answers: the `code` of the error, else the outcome.
    package private(set) var durations: [String: Histogram] = [:]
    /// To the first meaningful byte of streams.
    package private(set) var firstToken = Histogram(HistogramBounds.firstToken)
    /// For each token of whole streams after the first.
    package private(set) var perToken = Histogram(HistogramBounds.perToken)
    /// Attempts beyond each request's first.
    package private(set) var failovers: UInt64 = 0

    /// Codes are ours and a dozen or two; should one come from elsewhere, they are no more than these.
    private static let mostErrors = 40

    mutating func observe(_ record: DecisionRecord) {
        var error = record.outcome == .answered ? "" : record.errorCode ?? record.outcome.rawValue
        if durations[error] == nil, durations.count >= Self.mostErrors { error = ModelMeasures.other }
        durations[error, default: Histogram(HistogramBounds.duration)].observe(record.duration)
        failovers &+= UInt64(max(0, record.attempts.count - 1))
        guard record.isStreamed, let first = record.contentAfter else { return }
        firstToken.observe(first)
        guard record.outcome == .answered, let output = record.usage.output, output > 1 else { return }
        perToken.observe(
            (record.duration.positiveNanoseconds - min(first, record.duration).positiveNanoseconds) / (output - 1)
        )
    }
}

/// What attempts of one name came to.
package struct AttemptMeasures: Sendable {
    /// By the class of the failure; nil: none.
    package private(set) var durations: [FailureClass?: Histogram] = [:]
    /// To the first meaningful event of streams.
    package private(set) var firstToken = Histogram(HistogramBounds.firstToken)
    package private(set) var input = Histogram(HistogramBounds.tokens)
    package private(set) var output = Histogram(HistogramBounds.tokens)
    /// Parts of the tokens above.
    package private(set) var cachedInput: UInt64 = 0
    package private(set) var cacheWrite: UInt64 = 0
    package private(set) var reasoning: UInt64 = 0
    /// Answers whose provider told no usage.
    package private(set) var unreported: UInt64 = 0

    mutating func observe(_ attempt: AttemptRow, isStreamed: Bool) {
        if let total = attempt.total {
            durations[attempt.failure, default: Histogram(HistogramBounds.duration)].observe(total)
        }
        if isStreamed, let first = attempt.firstToken { firstToken.observe(first) }
    }

    mutating func observe(_ usage: UsageRow, isWhole: Bool) {
        if let tokens = usage.input { input.observe(tokens) }
        if let tokens = usage.output { output.observe(tokens) }
        if isWhole, usage.input == nil, usage.output == nil { unreported &+= 1 }
        cachedInput &+= usage.cachedInput ?? 0
        cacheWrite &+= usage.cacheWrite ?? 0
        reasoning &+= usage.reasoning ?? 0
    }
}

extension Histogram {
    fileprivate mutating func observe(_ span: Span) { observe(span.positiveNanoseconds) }
}

extension Span {
    /// Clocks never run backwards; a record from elsewhere might.
    fileprivate var positiveNanoseconds: UInt64 { UInt64(max(0, nanoseconds)) }
}
