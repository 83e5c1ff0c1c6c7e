/// `martlet explain model` and `martlet explain ID`: why a request would go, or went, where it did.
import ConfigSyntax
import Control
import Inference
import Ledger
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// The gateway's own decision on the state of this moment, without sending anything.
    func explain(_ question: ModelQuestion) throws -> ExplainReply {
        guard let models = router.models else { throw ErrorReply(errors: ["this router has no model plane"]) }
        let view: RoutingView
        do { view = try RoutingView(models.snapshot(router.network)) } catch {
            throw ErrorReply(errors: ["the gateway would refuse this configuration: \(error)"])
        }
        supposeQueues(in: view, models)
        let explanation = view.explain(
            try facts(question, models),
            draw: now.nanoseconds &* 0x9E37_79B9_7F4A_7C15
        )
        let choice = explanation.choice.map { explanation.candidates[$0] }
        let answer =
            choice.map { "'\(question.model)' would go to \(Self.words($0))" }
            ?? "'\(question.model)' would be refused: \(Self.words(ofRefusal: explanation))"
        return ExplainReply(
            answer: answer,
            works: choice != nil,
            steps: policySteps(explanation, models) + termSteps(explanation) + candidateSteps(explanation, models),
            wouldChange: explanation.candidates.filter { $0.weight == 0 }.map {
                "\($0.member)\($0.path.map { " over \($0)" } ?? ""): an end of \($0.cause ?? $0.reason)"
            }
        )
    }

    private static func words(ofRefusal explanation: ModelExplanation) -> String {
        let code = explanation.refusal ?? "?"
        return explanation.refusalText ?? refusals[code] ?? code
    }

    private static let refusals = [
        "model_not_found": "no policy matches, and no group or member has this name",
        "rejected": "a policy rejects it",
        "no_candidate": "no member can serve it now",
    ]

    private func facts(_ question: ModelQuestion, _ models: ModelPlane) throws -> RequestFacts {
        var sketch = RequestSketch(prompt: question.prompt, model: question.model)
        (sketch.isStreamed, sketch.hasTools) = (question.stream, question.tools)
        (sketch.wantsSchema, sketch.hasImage) = (question.schema ?? false, question.image ?? false)
        (sketch.hasAudio, sketch.hasFile) = (question.audio ?? false, question.file ?? false)
        (sketch.wantsThinking, sketch.maxTokens) = (question.thinking ?? false, question.maxTokens)
        sketch.user = question.user
        sketch.secondOfDay = WallClock.secondOfDay()
        if let source = question.source {
            guard let address = IPAddress(source) else { throw ErrorReply(errors: ["'\(source)' is no address"]) }
            sketch.source = address
        }
        sketch.headers = try (question.headers ?? []).map(Self.header)
        if let name = question.key {
            let keys = models.servedKeys
            guard let key = keys.first(where: { $0.name == name }) else {
                let hint = NearestName.hint(for: name, among: keys.map(\.name))
                throw ErrorReply(errors: ["there is no key '\(name)'"], hint: hint)
            }
            (sketch.key, sketch.team, sketch.tags) = (name, key.team, key.tags ?? [])
        }
        do { return try sketch.facts() } catch { throw ErrorReply(errors: [error.message]) }
    }

    private static func header(_ text: String) throws -> FactValue.Field {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
            throw ErrorReply(errors: ["'\(text)' is no header"], hint: "write NAME: VALUE")
        }
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        return FactValue.Field(name: text[..<colon].lowercased(), value: String(value))
    }

    private func policySteps(_ explanation: ModelExplanation, _ models: ModelPlane) -> [ExplainReply.Step] {
        let steps = explanation.policies.map { verdict in
            let place = models.configuration.policies.first { $0.name.value == verdict.policy }?.name.place
            return ExplainReply.Step(
                "policy",
                "\(verdict.policy): \(Self.words(verdict.verdict))",
                cause: place.map(sources.cause)
            )
        }
        if let arm = explanation.arm { return steps + [.init("policy", "its split gives this one to \(arm)")] }
        guard explanation.policy == nil, let group = explanation.group else { return steps }
        return steps + [.init("policy", "none decides; the name itself is served by group \(group)")]
    }

    private static func words(_ verdict: PolicyVerdict.Verdict) -> String {
        switch verdict {
        case .decided: "matches and decides"
        case .doesNotMatch: "does not match"
        case .passedOn: "matches, but nobody in it can serve; the next ones are asked"
        }
    }

    private func candidateSteps(_ explanation: ModelExplanation, _ models: ModelPlane) -> [ExplainReply.Step] {
        let sum = explanation.candidates.reduce(0) { $0 + Int($1.weight) }
        return explanation.candidates.map { row in
            let share = sum == 0 ? "" : " (\(Int(row.weight) * 100 / sum) %)"
            let cause = row.cause.map { " (\($0))" } ?? ""
            let place = models.groups.member(named: row.member)?.definition.name.place
            let underWay = models.underWay.first { $0.member == row.member }.map { ", \($0.count) under way" } ?? ""
            let left = models.headroom(of: row.member, at: now)
            let headroom = left.map { ", \($0) % of its provider's limit left" } ?? ""
            return .init(
                "candidate",
                "\(Self.words(row)): weight \(row.weight)\(share), \(row.reason)\(cause)\(underWay)\(headroom)\(foundWords(row.member, models))",
                cause: place.map(sources.cause)
            )
        }
    }

    private static func words(_ row: CandidateRow) -> String {
        row.member + (row.path.map { " over \($0)" } ?? "") + (row.mark.map { " [mark \($0)]" } ?? "")
    }

    /// One decision that was made, step by step.
    func explainDecision(_ id: String, _ ledger: LedgerDesk) throws -> ExplainReply {
        guard let record = router.models?.decisions.last(where: { $0.id == id }) else {
            if router.models != nil, let row = try? ledger.open().row(id: id) { return Self.explain(row, id) }
            throw ErrorReply(
                errors: ["there is no decision '\(id)' in memory"],
                hint: "the last \(ModelPlane.mostDecisions) are kept; list them with: martlet show decisions"
            )
        }
        let last = record.attempts.last
        let served = last.map { $0.member + ($0.path.map { " over \($0)" } ?? "") } ?? "nobody"
        return ExplainReply(
            answer: "\(record.requestedModel ?? "?") went to \(served): \(record.outcome.rawValue)"
                + (record.status.map { ", status \($0)" } ?? "") + ", \(record.duration)",
            works: record.outcome == .answered,
            steps: [requestStep(record)] + record.candidates.map(candidateStep)
                + record.attempts.enumerated().map(attemptStep)
                + [usageStep(record.usage)] + (record.cost.map { [costStep($0)] } ?? []) + [answerStep(record)],
            wouldChange: []
        )
    }

    private func requestStep(_ record: DecisionRecord) -> ExplainReply.Step {
        let policy = router.models?.configuration.policies.first { $0.name.value == record.policy }
        let how = record.policy.map { "policy \($0)" } ?? "its name alone"
        let words =
            "key \(record.key ?? "-") asked for '\(record.requestedModel ?? "?")'"
            + (record.operation.map { ", \($0.rawValue)" } ?? "")
            + "\(record.isStreamed ? " as a stream" : ""); \(how) chose group \(record.group ?? "-")"
            + (record.arm == nil ? "" : " as its arm of a split")
            + (record.affinity.map { "; the conversation \(Self.words($0))" } ?? "")
            + " (snapshot \(record.generation), draw \(record.draw))"
        return .init("request", words, cause: policy.map { sources.cause($0.name.place) })
    }

    private static func words(_ verdict: AffinityVerdict) -> String {
        switch verdict {
        case .new: "is new"
        case .kept: "stays with its member"
        case .moved: "cannot stay with its member"
        case .movedForPrice: "goes to a member that costs less even without what was in the other's cache"
        }
    }

    private func candidateStep(_ row: CandidateRow) -> ExplainReply.Step {
        .init(
            "candidate",
            "\(Self.words(row)): weight \(row.weight), \(row.reason)" + (row.cause.map { " (\($0))" } ?? "")
                + (row.headroom.map { ", \($0) % of its provider's limit left" } ?? "")
        )
    }

    private func attemptStep(_ number: Int, _ attempt: AttemptRow) -> ExplainReply.Step {
        let way = attempt.path.map { " over \($0)" } ?? ""
        let outcome =
            attempt.failure.map { "failed: \($0.rawValue)" + (attempt.detail.map { ", \($0)" } ?? "") } ?? "answered"
        let times = [
            ("connect", attempt.connect), ("head", attempt.head), ("first token", attempt.firstToken),
            ("total", attempt.total),
        ].compactMap { name, span in span.map { "\(name) \($0)" } }.joined(separator: ", ")
        let status = attempt.status.map { " status \($0)" } ?? ""
        return .init(
            "attempt",
            "\(number + 1). \(attempt.member)\(way) (\(attempt.endpoint), \(attempt.upstreamModel)"
                + "\(attempt.reusedConnection ? ", kept connection" : "")):\(status) \(outcome) [\(times)]"
        )
    }

    private func costStep(_ cost: CostRow) -> ExplainReply.Step {
        let prices = cost.prices.map { " (prices \($0))" } ?? ""
        let units = cost.units.map { ", \($0.words)" } ?? ""
        let used = "\(cost.input) and \(cost.output) tokens\(units)"
        return .init("cost", "\(cost.words) to \(cost.provider) for \(used)\(prices)")
    }

    private func usageStep(_ usage: UsageRow) -> ExplainReply.Step {
        let said = { (count: UInt64?) in count.map { "\($0)" } ?? "unreported" }
        let parts = [
            ("read from the cache", usage.cachedInput), ("written to the cache", usage.cacheWrite),
            ("thought", usage.reasoning),
        ].compactMap { name, count in count.map { "\(name) \($0)" } }.joined(separator: ", ")
        let of = parts.isEmpty ? "" : "; of these " + parts
        return .init("usage", "input \(said(usage.input)), output \(said(usage.output)) tokens\(of)")
    }

    private func answerStep(_ record: DecisionRecord) -> ExplainReply.Step {
        let status = record.status.map { "status \($0)" } ?? "no status: it left before"
        let error = record.errorCode.map { ", error \($0)" } ?? ""
        let times =
            [("head", record.headAfter), ("first meaningful byte", record.contentAfter)]
            .compactMap { name, span in span.map { "\(name) \($0)" } } + ["end \(record.duration)"]
        let words = "\(status)\(error), \(record.bytesToClient) bytes [\(times.joined(separator: ", "))]"
        let lost = [("of the request not carried", record.notCarried), ("of the answer not told", record.notTold)]
            .compactMap { name, fields in fields.map { "; \(name): \($0.joined(separator: ", "))" } }.joined()
        return .init("answer", "\(words) to the client\(lost)")
    }
}
