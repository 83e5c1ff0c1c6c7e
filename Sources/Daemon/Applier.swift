/// How a configuration becomes the running one: read, refuse, prepare, keep, hand to the runtime, wait for the kernel's answers.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Control
import Forwarding
import Foundation
import Inference
import Liveness
import NetTypes
import PolicyEngine
import Probing
import Runtime
import Synchronization

/// Serialises applies; everything that can refuse does so before anything is changed.
final class Applier: Sendable {
    typealias Outcome = Result<any Encodable & Sendable, ErrorReply>

    /// How long, in seconds, the kernel's answers are waited for before what is known is reported.
    private static let patience = 5.0
    /// Between two looks for them, in seconds: short at first, since a small file is in force within milliseconds, then twice as long
    /// each time.
    private static let (firstStep, longestStep) = (0.001, 0.016)

    let queue = DispatchQueue(label: "martlet.apply")
    /// Whoever may only look waits in a queue of their own: no number of plans holds a confirmation up.
    private let planning = DispatchQueue(label: "martlet.plan")
    let history: HistoryStore
    let audit: AuditTrail
    private let runtime: RuntimeThread
    private let gateway: GatewaySupervisor
    private let kernel: KernelEdge
    /// Held from the first network plane on.
    private let lock = Mutex<InstanceLock?>(nil)
    private let generation = Atomic<UInt64>(0)

    init(runtime: RuntimeThread, gateway: GatewaySupervisor, kernel: KernelEdge, audit: AuditTrail) {
        self.runtime = runtime
        self.gateway = gateway
        self.kernel = kernel
        self.audit = audit
        history = audit.history
    }

    var currentGeneration: UInt64 { generation.load(ordering: .relaxed) }

    /// What applying the files would change; nothing is.
    ///
    /// - Parameter mayRead: whether the daemon reads lists for the asker that do not run already. It can read more than they can, and a
    ///   wrong line is shown to them.
    func plan(_ files: ConfigurationFiles, mayRead: Bool, _ reply: @escaping @Sendable (Outcome) -> Void) {
        planning.async { [self] in
            let configuration: Configuration
            let known = mayRead ? [] : ask { router, _ in router.configuration?.listPaths ?? [] }
            do throws(ErrorReply) {
                configuration = try Self.read(files) { path throws(UnreadableList) in
                    guard mayRead || known.contains(path) else {
                        throw UnreadableList(words: "to name a list that does not run yet needs the right to change")
                    }
                    return try ListFile.contents(of: path)
                }
            } catch {
                return reply(.failure(error))
            }
            // What is on its way counts as there already, so its arrival is waited for.
            let running = whenSettled()
            let trial = running.router.trial(of: configuration, at: running.now)
            reply(.success(Answers(router: trial, now: running.now).plan()))
        }
    }

    /// Applies the files; the reply comes when the kernel has answered, or after five seconds with what is known then.
    func apply(
        _ request: ApplyRequest,
        as what: String = "apply",
        by actor: History.Actor,
        _ reply: @escaping @Sendable (Outcome) -> Void
    ) {
        carryOut(what, by: actor, reply) { [self] () throws(ErrorReply) in
            try refuseDuringTrial()
            let files = ConfigurationFiles(files: request.files)
            return try install(files, request.confirm ?? ConfirmTerms(), as: what, by: actor)
        }
    }

    /// Does it on the queue, and writes a refusal down.
    func carryOut(
        _ what: String,
        by actor: History.Actor,
        _ reply: @escaping @Sendable (Outcome) -> Void,
        _ work: @escaping @Sendable () throws(ErrorReply) -> any Encodable & Sendable
    ) {
        queue.async { [self] in
            do throws(ErrorReply) {
                reply(.success(try work()))
            } catch {
                let first = error.errors.first?.split(separator: "\n").first.map(String.init) ?? "?"
                audit.record(what, by: actor, "refused: \(first)")
                reply(.failure(error))
            }
        }
    }

    // MARK: - In steps

    /// Everything an apply does, in order. What can refuse comes before the runtime is told; what is promised is on the disk
    /// before it is true.
    func install(
        _ files: ConfigurationFiles,
        _ terms: ConfirmTerms,
        as what: String,
        by actor: History.Actor
    ) throws(ErrorReply) -> ApplyReply {
        try Self.check(terms)
        let configuration = try Self.read(files)
        let running = whenSettled()
        try Self.refuseWhatCannotChange(from: running.router, to: configuration)
        let reasons = trialReasons(of: configuration, running, terms)
        try open(configuration)
        do {
            try keep(files, as: what, by: actor, reasons.isEmpty ? nil : terms.within, reasons)
        } catch {
            try? gateway.prepare(running.router.configuration?.models)
            throw ErrorReply(
                errors: ["nothing was changed, since the history cannot be kept: \(error)"],
                hint: "without it a change could not be taken back; make room in the state directory"
            )
        }
        let trial = running.router.trial(of: configuration, at: running.now)
        let reply = handOver(configuration, losses: Answers(router: trial, now: running.now).losses)
        if configuration.network?.onFailure == .undo, !reply.refused.isEmpty { try undo(reply) }
        followTrial()
        return reply
    }

    /// Gives the runtime the configuration, waits for the kernel, and writes down what came of it.
    ///
    /// - Parameter losses: what of strangers' will go along.
    func handOver(_ configuration: Configuration, losses: [Loss] = []) -> ApplyReply {
        give(configuration)
        return conclude(losses)
    }

    /// From here on the runtime works towards the configuration.
    func give(_ configuration: Configuration) {
        generation.wrappingAdd(1, ordering: .relaxed)
        runtime.post(.configured(configuration))
    }

    /// Waits for the kernel, and writes down what came of what was given.
    func conclude(_ losses: [Loss] = []) -> ApplyReply {
        let past = history.history
        let reply = whenSettled().applied(
            generation: currentGeneration,
            configuration: past.running ?? 0,
            trial: past.trial.map { TrialRow($0, at: BootClock.now()) },
            losses: losses
        )
        history.changeAnyway { $0.conclude(reply.outcome) }
        if let entry = history.history.entries.last(where: { $0.configuration != nil }) { audit.say(entry) }
        return reply
    }

    private func keep(
        _ files: ConfigurationFiles,
        as what: String,
        by actor: History.Actor,
        _ within: Span?,
        _ reasons: [String]
    ) throws {
        let digest = files.digest
        let number = history.history.number(of: digest)
        try history.keep(files, as: number)
        let kept = History.Kept(number: number, digest: digest, files: files.files.map(\.name))
        try history.change {
            $0.install(
                kept,
                { History.Entry(at: WallClock.now(), by: actor, what: what, result: "under way", configuration: $0) },
                onTrialUntil: within.map { BootClock.now() + $0 },
                boot: Boot.id,
                reasons: reasons
            )
        }
    }

    /// What the kernel has otherwise than the running configuration wants it, once it has answered; for whoever may look.
    func diff(_ reply: @escaping @Sendable (Answers) -> Void) {
        planning.async { [self] in reply(whenSettled()) }
    }

    /// The state once nothing is under way to the kernel any more, or after `patience`.
    func whenSettled() -> Answers {
        var (waited, step) = (0.0, Self.firstStep)
        while waited < Self.patience {
            let (isSettled, answers) = ask { ($0.network?.isSettled ?? true, Answers(router: $0, now: $1)) }
            if isSettled { return answers }
            Thread.sleep(forTimeInterval: step)
            waited += step
            step = min(2 * step, Self.longestStep)
        }
        return ask { Answers(router: $0, now: $1) }
    }

    /// Gets everything of the system that the configuration needs; what cannot be had refuses it.
    func open(_ configuration: Configuration) throws(ErrorReply) {
        do {
            try lock.withLock { lock in
                if lock == nil { lock = try configuration.network.map { try InstanceLock(window: $0.ownership) } }
            }
        } catch {
            throw ErrorReply(errors: ["\(error)"])
        }
        try checkKeys(of: configuration.probes)
        do {
            try gateway.prepare(configuration.models)
        } catch {
            throw ErrorReply(errors: ["\(error)"], hint: "see who holds the address with: ss -ltnp")
        }
        do {
            try kernel.prepare(configuration.network)
            try configuration.network.map(kernel.check)
        } catch {
            throw ErrorReply(errors: ["\(error)"])
        }
    }

    /// A session whose key cannot be read would never come up.
    private func checkKeys(of probes: [ProbeDefinition]) throws(ErrorReply) {
        for probe in probes {
            guard case .bfd(let session) = probe.kind, let authentication = session.authentication else { continue }
            do throws(BFDKeyFailure) {
                _ = try BFDKey.read(BFDAuthenticationPlan(authentication))
            } catch {
                throw ErrorReply(
                    errors: ["the key of probe '\(probe.name.value)' cannot be read: \(error)"],
                    hint: "a file of the daemon's user with mode 0600, or a credential by LoadCredential="
                )
            }
        }
    }

    /// Asks the runtime and waits for its answer.
    private func ask<Value: Sendable>(_ question: @escaping @Sendable (Router, Instant) -> Value) -> Value {
        let box = Mutex<Value?>(nil)
        let done = DispatchSemaphore(value: 0)
        while true {
            runtime.ask { router, now in
                let value = question(router, now)
                box.withLock { $0 = value }
                done.signal()
            }
            done.wait()
            if let value = box.withLock({ $0 }) { return value }
        }
    }
}

// MARK: - What is refused

extension Applier {
    /// Parses and checks; refuses what is wrong, and by name what this version does not serve.
    static func read(
        _ files: ConfigurationFiles,
        lists: @escaping ListContents = ListFile.contents
    ) throws(ErrorReply) -> Configuration {
        let texts = files.files.map { ($0.name, Array($0.text.utf8)) }
        let loaded = Configuration.check(ConfigLoader.read(texts), lists: lists)
        guard loaded.errors.isEmpty, let configuration = loaded.configuration else {
            throw ErrorReply(errors: loaded.errors.map { $0.rendered(with: loaded.sources) })
        }
        guard configuration.unserved.isEmpty else {
            throw ErrorReply(errors: configuration.unserved.map { $0.rendered(with: loaded.sources) })
        }
        return configuration
    }

    private static func check(_ terms: ConfirmTerms) throws(ErrorReply) {
        guard ConfirmTerms.possible.contains(terms.within) else {
            throw ErrorReply(errors: ["a confirmation can be waited for from 1 s to 1 day, not for \(terms.within)"])
        }
    }

    private static func refuseWhatCannotChange(from router: Router, to wanted: Configuration) throws(ErrorReply) {
        if let running = router.configuration { try refuseChanges(of: running.control, to: wanted.control) }
        if let running = router.network?.configuration.ownership, let wanted = wanted.network?.ownership,
            wanted != running
        {
            throw ErrorReply(
                errors: [
                    "'network.ownership' cannot change while the daemon runs: what it made under the old numbers would stay"
                ],
                hint: "apply a file without 'network' first, then restart with the new one"
            )
        }
    }

    /// The control block is read at start: a change that would be ignored is refused.
    private static func refuseChanges(
        of running: ControlConfiguration,
        to wanted: ControlConfiguration
    ) throws(ErrorReply) {
        let isSame =
            running.socket == wanted.socket && running.admin?.value == wanted.admin?.value
            && running.readOnly?.value == wanted.readOnly?.value && running.metrics?.value == wanted.metrics?.value
        guard !isSame else { return }
        throw ErrorReply(
            errors: ["'control' cannot change while the daemon runs: it is read at start"],
            hint: "put the file in place and restart martletd; the data plane stays as it is meanwhile"
        )
    }
}

extension Configuration {
    /// The files that it names, of prefixes for routes and for sets, and of prices.
    fileprivate var listPaths: Set<String> {
        let prices = models?.prices?.file.map { [$0.path] } ?? []
        let sets = (network?.sets ?? []).compactMap { set -> Located<String>? in
            if case .file(let file) = set.content { file } else { nil }
        }
        let routes = (network?.routeFiles ?? []).map(\.file)
        return Set((routes + sets + prices).map { sources.path(of: $0) })
    }
}

extension ApplyReply {
    /// What came of it, in a few words.
    fileprivate var outcome: String {
        if changes == 0 { return "no change needed" }
        let said = changes == 1 ? "1 change" : "\(changes) changes"
        return changes == accepted ? "\(said), all taken by the kernel" : "\(said), \(accepted) taken by the kernel"
    }
}
