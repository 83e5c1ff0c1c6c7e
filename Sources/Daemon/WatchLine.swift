/// What a note says to people: the words for the journal and for `martlet watch`, made here and nowhere below.
import ConfigSyntax
import Control
import Forwarding
import Inference
import Liveness
import Logging
import NetTypes
import PolicyEngine
import Runtime

/// One note in words and fields.
struct WatchLine {
    let level: Logger.Level
    let kind: String
    let words: String
    let fields: [WatchEvent.Field]

    init(_ level: Logger.Level, _ kind: String, _ words: String, _ fields: [(String, String?)] = []) {
        self.level = level
        self.kind = kind
        self.words = words
        self.fields = fields.compactMap { name, value in value.map { WatchEvent.Field(name, $0) } }
    }

    func event(at unix: UInt64) -> WatchEvent { WatchEvent(at: unix, kind: kind, words: words, fields: fields) }

    init(_ note: Note, sources: SourceMap) {
        switch note {
        case .health(let plane, let member, let scope, let from, let to, let cause):
            self = Self.health(plane, member, scope, from, to, cause)
        case .target(let report): self = Self.target(report)
        case .presence(let member, let scope, let absent):
            self = Self.presence(member, scope, absent)
        case .shares(let plane, let group, let scope, let shares):
            self = Self.shares(plane, group, scope, shares)
        case .applied(let plan, let conflicts):
            self = WatchLine(.info, "plan", "sending \(plan) kernel changes", [("conflicts", "\(conflicts)")])
        case .flowsMoved(let outcome): self = Self.flowsMoved(outcome)
        case .refused(let change, let refusal, _):
            self = Self.refused(change, refusal, sources)
        case .unanswered(let changes):
            self = WatchLine(.error, "refused", "the kernel did not answer \(changes) changes; reading it again")
        case .conflict(let conflict):
            let cause = conflict.cause.map(sources.cause)
            self = WatchLine(.warning, "conflict", conflict.words, [("cause", cause)])
        case .drift(let report):
            self = WatchLine(.warning, "drift", "somebody changed what is ours: \(report.words); putting it right")
        case .tableDrift(let isGone):
            let what = isGone ? "our nftables table is gone" : "our nftables table is not as we wrote it"
            self = WatchLine(.warning, "drift", "somebody changed what is ours: \(what); putting it right")
        case .overrun(let family):
            self = WatchLine(
                .warning,
                "overrun",
                "the kernel's announcements of \(family.rawValue) came too fast and some are lost; reading them again",
                [("family", family.rawValue)]
            )
        case .losses(let losses): self = Self.losses(losses)
        case .offloadFailed(let key):
            self = WatchLine(
                .error,
                "alarm",
                "the forwarding hardware did not take route \(key.words)",
                [("route", key.prefix.description)]
            )
        case .list(let feed, let prefixes, let duplicates): self = Self.list(feed, prefixes, duplicates)
        case .listRefused(let feed, let problem):
            let words = "the list of \(feed) stays as it was read before: \(problem)"
            self = WatchLine(.error, "alarm", words, [("feed", feed)])
        case .feedsBegan(let routes): self = WatchLine(.notice, "plan", "sending \(routes) routes of lists")
        case .feedsProgress(let done, let total):
            self = WatchLine(.info, "plan", "\(done) of \(total) routes of lists are sent")
        case .feedsEnded(let ending, let accepted, let refused, let first):
            self = Self.feedsEnded(ending, accepted, refused, first)
        case .admin(let override, let by):
            let words = "\(override.member) is set to \(override.admin.rawValue)"
            self = WatchLine(.notice, "admin", words, [("plane", override.plane.rawValue), ("by", by)])
        case .gatewayStarted: self = WatchLine(.info, "gateway", "the gateway process started")
        case .gatewayEnded(let status):
            self = WatchLine(
                .error,
                "gateway",
                "the gateway process ended; starting another",
                [("status", "\(status)")]
            )
        case .alarm(let alarm):
            self = WatchLine(.error, "alarm", alarm.detail, [("code", alarm.code.rawValue), ("object", alarm.object)])
        case .found(let member, let model, let context):
            let room = context.map { ", with room for \($0) tokens" } ?? ""
            let fields = [("member", member), ("model", model), ("context", context.map { "\($0)" })]
            self = WatchLine(.notice, "model", "\(member) is asked for \(model)\(room), as its server says", fields)
        case .unnumbered(let names):
            self = WatchLine(
                .error,
                "alarm",
                "the ownership window has no number left for " + names.joined(separator: ", ")
                    + "; widen 'network.ownership'"
            )
        }
    }
}

extension WatchLine {
    private static func target(_ report: TargetReport) -> WatchLine {
        let who = report.members.joined(separator: ", ")
        let fields = [("kind", report.kind), ("target", report.target.description), ("members", who)]
        guard report.isDead else {
            return WatchLine(.notice, "target", "target \(report.target) answers again", fields)
        }
        return WatchLine(.error, "target", report.words, fields)
    }

    /// Strangers' objects that go, the first of them by name.
    private static func losses(_ losses: [Loss]) -> WatchLine {
        let more = losses.count > mostNamed ? "; and \(losses.count - mostNamed) more" : ""
        let words = losses.prefix(mostNamed).map(\.words).joined(separator: "; ") + more
        return WatchLine(.warning, "conflict", words, [("objects", "\(losses.count)")])
    }

    private static let mostNamed = 5

    private static func flowsMoved(_ outcome: FlowMoveOutcome) -> WatchLine {
        let name = "\(outcome.member) \(outcome.family.name)"
        if let failure = outcome.failure {
            return WatchLine(.error, "flows", "the flows of \(name) could not be moved: \(failure)")
        }
        let words = "\(outcome.forgotten) connections of \(name) begin anew elsewhere"
        let fields = [("left", "\(outcome.left)"), ("sockets-ended", "\(outcome.sockets)")]
        return WatchLine(.info, "flows", words, fields.map { ($0.0, Optional($0.1)) })
    }

    private static func health(
        _ plane: Plane,
        _ member: String,
        _ scope: HealthScope,
        _ from: Verdict,
        _ to: Verdict,
        _ cause: Cause?
    ) -> WatchLine {
        let scopeWords = scope == .any ? "" : " for \(scope.name)"
        let why = cause.map { " (\($0.name))" } ?? ""
        let fields: [(String, String?)] = [
            ("plane", plane.rawValue), ("member", member), ("scope", scope.name), ("from", from.rawValue),
            ("to", to.rawValue), ("cause", cause?.name),
        ]
        return WatchLine(
            to == .down ? .warning : .notice,
            "health",
            "\(member) is \(to.rawValue)\(scopeWords)\(why)",
            fields
        )
    }

    private static func presence(_ member: String, _ scope: HealthScope, _ absent: Cause?) -> WatchLine {
        let words =
            absent.map { "\(member) cannot be used for \(scope.name): \($0.name)" }
            ?? "\(member) can be used for \(scope.name)"
        let fields: [(String, String?)] = [("member", member), ("scope", scope.name), ("cause", absent?.name)]
        return WatchLine(absent == nil ? .notice : .warning, "presence", words, fields)
    }

    private static func shares(_ plane: Plane, _ group: String, _ scope: HealthScope, _ shares: [NotedShare])
        -> WatchLine
    {
        let division = shares.map { "\($0.member)=\($0.weight)" }.joined(separator: " ")
        let words = shares.isEmpty ? "nobody carries \(group)" : "\(group) is carried by \(division)"
        let fields: [(String, String?)] = [("plane", plane.rawValue), ("group", group), ("scope", scope.name)]
        return WatchLine(shares.isEmpty ? .error : .notice, "shares", words, fields)
    }

    private static func refused(_ change: KernelChange, _ refusal: KernelRefusal, _ sources: SourceMap) -> WatchLine {
        WatchLine(
            .error,
            "refused",
            "the kernel refused to \(change.words): \(refusal.sentence)",
            [("errno", "\(refusal.errno)"), ("cause", change.cause.map(sources.cause))]
        )
    }

    /// What became of a request.
    init(_ record: DecisionRecord) {
        let last = record.attempts.last
        let served = last.map { $0.member + ($0.path.map { " over \($0)" } ?? "") } ?? "nobody"
        let words = "\(record.requestedModel ?? "?") → \(served), \(record.outcome.rawValue)"
        let fields: [(String, String?)] = [
            ("id", record.id), ("key", record.key), ("policy", record.policy), ("group", record.group),
            ("attempts", "\(record.attempts.count)"), ("status", record.status.map { "\($0)" }),
            ("ms", "\(record.duration.milliseconds)"),
        ]
        self.init(record.outcome == .answered ? .debug : .info, "decision", words, fields)
    }
}
