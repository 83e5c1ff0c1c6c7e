/// A configuration on trial: why it is, how it is confirmed, and how it is taken back when nobody does.
import ConfigModel
import Control
import Forwarding
import Foundation
import Kernel
import NetTypes
import Probing
import Runtime

extension Applier {
    /// How often the deadline is looked at, at most: the clock it is on goes on while the machine sleeps, a timer's does not.
    private static let look = Span.seconds(1)
    /// How soon a revert that failed is tried again.
    private static let retry = Span.seconds(5)
    /// Changes named as reasons; a new group can touch hundreds.
    private static let mostReasons = 5

    /// Keeps what is on trial.
    func confirm(by actor: History.Actor, _ reply: @escaping @Sendable (Outcome) -> Void) {
        carryOut("confirm", by: actor, reply) { [self] () throws(ErrorReply) in
            guard let trial = history.history.trial else {
                throw ErrorReply(errors: ["nothing waits for a confirmation"], hint: "see: martlet history")
            }
            let words = "configuration \(trial.configuration) stays"
            let entry = History.Entry(at: WallClock.now(), by: actor, what: "confirm", result: words)
            do { try history.change { _ = $0.confirm(entry) } } catch {
                throw ErrorReply(errors: ["not confirmed, since that cannot be kept: \(error)"])
            }
            audit.say(entry)
            return ConfirmReply(configuration: trial.configuration, words: words)
        }
    }

    /// Goes back: from a trial to what ran before it, else to a kept configuration, by the same checks as an apply.
    func rollBack(
        _ request: RollbackRequest,
        by actor: History.Actor,
        _ reply: @escaping @Sendable (Outcome) -> Void
    ) {
        let what = request.configuration.map { "rollback to \($0)" } ?? "rollback"
        carryOut(what, by: actor, reply) { [self] () throws(ErrorReply) in
            let past = history.history
            if let trial = past.trial, request.configuration ?? trial.previous == trial.previous {
                return try revert(trial, as: what, by: actor)
            }
            try refuseDuringTrial()
            guard let number = request.configuration ?? past.previous else {
                throw ErrorReply(errors: ["there is no configuration to go back to"], hint: "see: martlet history")
            }
            guard past.kept(number) != nil else {
                let kept = past.kept.map(\.number).sorted().map(String.init).joined(separator: ", ")
                throw ErrorReply(errors: ["configuration \(number) is not kept"], hint: "kept are \(kept)")
            }
            return try install(try texts(of: number), request.confirm ?? ConfirmTerms(), as: what, by: actor)
        }
    }

    func refuseDuringTrial() throws(ErrorReply) {
        guard let trial = history.history.trial else { return }
        throw ErrorReply(
            errors: ["configuration \(trial.configuration) is on trial, and another cannot be applied meanwhile"],
            hint: "first keep it (martlet confirm) or take it back (martlet rollback)"
        )
    }

    // MARK: - The deadline

    /// Takes back what is on trial when its deadline has passed; called whenever a trial begins or goes on.
    func followTrial() {
        guard let trial = history.history.trial else { return }
        follow(trial, after: .zero)
    }

    private func follow(_ trial: History.Trial, after pause: Span) {
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(pause.nanoseconds))) { [self] in
            guard history.history.trial == trial else { return }
            let remaining = trial.remaining(at: BootClock.now(), boot: Boot.id)
            guard remaining == .zero else { return follow(trial, after: min(remaining, Self.look)) }
            do throws(ErrorReply) {
                _ = try revert(trial, as: "revert: nobody confirmed \(trial.configuration)", by: .daemon)
            } catch {
                audit.record("revert", by: .daemon, "failed: \(error.errors.joined(separator: "; "))")
                follow(trial, after: Self.retry)
            }
        }
    }

    /// Runs by the configuration before the trial again. The disk is told, but not waited for: what is not written now is found
    /// overdue at the next start.
    func revert(
        _ trial: History.Trial,
        as what: String,
        by actor: History.Actor
    ) throws(ErrorReply) -> ApplyReply {
        let configuration = try Self.read(try texts(of: trial.previous))
        try open(configuration)
        history.changeAnyway {
            $0.revert {
                History.Entry(at: WallClock.now(), by: actor, what: what, result: "under way", configuration: $0)
            }
        }
        return handOver(configuration)
    }

    func texts(of number: Int) throws(ErrorReply) -> ConfigurationFiles {
        do { return try history.files(of: number) } catch { throw ErrorReply(errors: ["\(error)"]) }
    }

    // MARK: - The operator's own path

    /// Why the configuration is to run on trial; empty when it is not.
    func trialReasons(of configuration: Configuration, _ running: Answers, _ terms: ConfirmTerms) -> [String] {
        switch terms.when {
        case .never: return []
        case .always: return ["a confirmation was asked for"]
        case .whenNeeded: break
        }
        let trial = running.router.trial(of: configuration, at: running.now)
        guard let network = trial.network else { return [] }
        let path = OperatorPath(
            terms.peer.map { .address($0) } ?? .everywhere,
            carrying: terms.peer.flatMap(Self.route)
        )
        let touching = path.touching(running: running.router.network, trial: network)
        guard !touching.isEmpty else { return [] }
        let whose =
            terms.peer.map { "it changes the way to \($0), from where you work" }
            ?? "it changes the way of the default route, and where you work from is not known"
        let more = touching.count - Self.mostReasons
        return [whose] + touching.prefix(Self.mostReasons).map(\.words) + (more > 0 ? ["and \(more) more"] : [])
    }

    /// The route that packets to the address take now.
    private static func route(to address: IPAddress) -> Route? {
        let lookup = RouteLookup(destination: address, source: nil, inputInterface: nil, mark: 0)
        return (try? lookup.matchedRoute()) ?? nil
    }
}

extension TrialRow {
    init(_ trial: History.Trial, at now: Instant) {
        let remaining = trial.remaining(at: now, boot: Boot.id)
        self.init(
            configuration: trial.configuration,
            previous: trial.previous,
            until: WallClock.now() &+ UInt64(remaining.nanoseconds / 1000),
            remaining: remaining,
            reasons: trial.reasons
        )
    }
}
