/// How a configuration becomes the running one: read, refuse, prepare, hand to the runtime, wait for the kernel's answers.
import ConfigModel
import ConfigSyntax
import ConfigYAML
import Control
import Forwarding
import Foundation
import NetTypes
import PolicyEngine
import Runtime
import Synchronization

/// Serialises applies; everything that can refuse does so before anything is changed.
final class Applier: Sendable {
    typealias Outcome = Result<any Encodable & Sendable, ErrorReply>

    /// How often, and with which pause in seconds, the kernel's answers are looked for before what is known is reported: 5 s.
    private static let patience = 500
    private static let patienceStep = 0.01

    private let queue = DispatchQueue(label: "martlet.apply")
    private let runtime: RuntimeThread
    private let gateway: GatewaySupervisor
    private let generation = Atomic<UInt64>(0)

    init(runtime: RuntimeThread, gateway: GatewaySupervisor) {
        self.runtime = runtime
        self.gateway = gateway
    }

    var currentGeneration: UInt64 { generation.load(ordering: .relaxed) }

    /// What applying the files would change; nothing is.
    func plan(_ files: ConfigurationFiles, _ reply: @escaping @Sendable (Outcome) -> Void) {
        queue.async { [self] in
            let configuration: Configuration
            do throws(ErrorReply) { configuration = try Self.read(files) } catch { return reply(.failure(error)) }
            // What is on its way counts as there already, so its arrival is waited for.
            let running = whenSettled()
            let trial = running.router.trial(of: configuration, at: running.now)
            reply(.success(Answers(router: trial, now: running.now).plan()))
        }
    }

    /// Applies the files; the reply comes when the kernel has answered, or after five seconds with what is known then.
    func apply(_ files: ConfigurationFiles, by: String, _ reply: @escaping @Sendable (Outcome) -> Void) {
        queue.async { [self] in
            do throws(ErrorReply) {
                let configuration = try Self.read(files)
                reply(.success(try apply(configuration)))
            } catch {
                reply(.failure(error))
            }
        }
    }

    /// The first apply, at start.
    func start(with configuration: Configuration) throws(ErrorReply) {
        let outcome = Mutex<Result<Void, ErrorReply>>(.success(()))
        queue.sync {
            do throws(ErrorReply) { try takeOver(configuration) } catch { outcome.withLock { $0 = .failure(error) } }
        }
        try outcome.withLock { $0 }.get()
    }

    private func apply(_ configuration: Configuration) throws(ErrorReply) -> ApplyReply {
        try takeOver(configuration)
        return whenSettled().applied(generation: currentGeneration)
    }

    /// The state once nothing is under way to the kernel any more, or after `patience`.
    private func whenSettled() -> Answers {
        for _ in 0..<Self.patience {
            let (isSettled, answers) = ask { ($0.network?.isSettled ?? true, Answers(router: $0, now: $1)) }
            if isSettled { return answers }
            Thread.sleep(forTimeInterval: Self.patienceStep)
        }
        return ask { Answers(router: $0, now: $1) }
    }

    private func takeOver(_ configuration: Configuration) throws(ErrorReply) {
        if let running = ask({ router, _ in router.network?.configuration.ownership }),
            let wanted = configuration.network?.ownership, wanted != running
        {
            throw ErrorReply(
                errors: [
                    "'network.ownership' cannot change while the daemon runs: what it made under the old numbers would stay"
                ],
                hint: "apply a file without 'network' first, then restart with the new one"
            )
        }
        do {
            try gateway.prepare(configuration.models)
        } catch {
            throw ErrorReply(errors: ["\(error)"], hint: "see who holds the address with: ss -ltnp")
        }
        generation.wrappingAdd(1, ordering: .relaxed)
        runtime.post(.configured(configuration))
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

    /// Parses and checks; refuses what is wrong, and by name what this version does not serve.
    static func read(_ files: ConfigurationFiles) throws(ErrorReply) -> Configuration {
        let loaded = Configuration.check(ConfigLoader.read(files.files.map { ($0.name, Array($0.text.utf8)) }))
        guard loaded.errors.isEmpty, let configuration = loaded.configuration else {
            throw ErrorReply(errors: loaded.errors.map { $0.rendered(with: loaded.sources) })
        }
        guard configuration.unserved.isEmpty else {
            throw ErrorReply(errors: configuration.unserved.map { $0.rendered(with: loaded.sources) })
        }
        return configuration
    }
}
