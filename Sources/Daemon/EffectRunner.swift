/// The one place where the runtime's effects become actions. Called on the runtime's thread; nothing in here waits.
import ConfigModel
import ConfigSyntax
import Forwarding
import Foundation
import Inference
import Kernel
import Liveness
import Logging
import NetTypes
import Probing
import Runtime

/// Confined to the runtime's thread by `RuntimeThread.start`, which is what makes `@unchecked Sendable` safe.
final class EffectRunner: @unchecked Sendable {
    private let runtime: RuntimeThread
    private let notes: NoteHub
    private let overrides: OverrideStore
    private let gateway: GatewaySupervisor
    private let recorder: Recorder?
    private let logger: Logger
    private let disk = DispatchQueue(label: "martlet.disk")
    private var sources = SourceMap()
    private var kernel: KernelEdge?
    private var probing: ProbeService?

    init(
        runtime: RuntimeThread,
        notes: NoteHub,
        overrides: OverrideStore,
        gateway: GatewaySupervisor,
        recorder: Recorder?,
        logger: Logger
    ) {
        (self.runtime, self.notes, self.overrides) = (runtime, notes, overrides)
        (self.gateway, self.recorder, self.logger) = (gateway, recorder, logger)
    }

    func carryOut(_ event: Event, _ effects: [Effect]) {
        if case .configured(let configuration) = event.kind {
            sources = configuration.sources
            if let network = configuration.network { openKernel(markTable: network.ownership.tableName) }
            gateway.configure(configuration.models)
        }
        var said: [Note] = []
        for effect in effects {
            if case .note(let note) = effect { said.append(note) } else { carryOut(effect) }
        }
        notes.say(said, sources: sources, at: WallClock.now())
        recorder?.record(event, effects)
    }

    private func carryOut(_ effect: Effect) {
        switch effect {
        case .program(let lane, let token, let changes): program(lane, token, changes)
        case .reread(let family): kernel?.watcher.requestDump(of: family)
        case .probe(let members): probe(members)
        case .serve(let snapshot): gateway.serve(snapshot)
        case .keep(let kept): keep(kept)
        case .wake(let at): runtime.wake(at: at)
        case .note: return
        }
    }

    private func program(_ lane: Lane, _ token: UInt64, _ changes: [KernelChange]) {
        guard let kernel else {
            runtime.post(.programmed(token: token, changes.map { _ in .unknown }))
            return
        }
        switch lane {
        case .fast: kernel.fast.submit(changes, token: token)
        case .bulk: kernel.bulk.submit(changes, token: token)
        }
    }

    private func probe(_ members: [ProbedMember]) {
        if probing == nil, !members.isEmpty {
            do {
                probing = try ProbeService { [runtime] in runtime.post(.probed($0)) }
            } catch {
                logger.error("probes: cannot start probing: \(error)")
            }
        }
        probing?.configure(members)
    }

    private func keep(_ kept: [Override]) {
        disk.async { [overrides, logger] in
            do {
                try overrides.save(kept)
            } catch {
                logger.error("overrides: not kept, they will be forgotten at the next start: \(error)")
            }
        }
    }

    private func openKernel(markTable: String) {
        guard kernel == nil else { return }
        do {
            kernel = try KernelEdge(markTable: markTable, runtime: runtime)
        } catch {
            logger.critical("kernel: cannot talk to it, nothing will be programmed: \(error)")
        }
    }

    /// Ends everything it started, without touching what the kernel holds.
    func close() {
        probing?.stop()
        kernel?.stop()
        disk.sync {}
        notes.flush()
    }
}

/// The sockets to the kernel: what it says becomes facts, what the lanes did becomes facts.
private struct KernelEdge {
    let watcher: KernelWatcher
    let fast: FastLane
    let bulk: BulkLane

    init(markTable: String, runtime: RuntimeThread) throws {
        let completed: KernelLane.Completion = { runtime.post(.programmed(token: $0, $1)) }
        fast = try FastLane(completion: completed)
        bulk = try BulkLane(completion: completed)
        watcher = try KernelWatcher(markTable: markTable) { observation in
            if let fact = Fact(observation, tableName: markTable) { runtime.post(fact) }
        }
    }

    func stop() {
        watcher.stop()
        fast.stop()
        bulk.stop()
    }
}

extension Fact {
    /// What an observation means to the runtime; nil for what the watcher mends by itself, by reading again.
    init?(_ observation: KernelObservation, tableName: String) {
        switch observation {
        case .dumpBegan(let family): self = .dumpBegan(family)
        case .reports(let reports): self = .kernel(reports)
        case .dumpEnded(let family): self = .dumpEnded(family)
        case .markTable(.absent): self = .markTable(nil)
        case .markTable(.present(let table)): self = .markTable(table)
        // A table by our name that is not as we write it equals no wish, so it is replaced.
        case .markTable(.foreign): self = .markTable(MarkTable(name: tableName, mask: MarkMask(bits: 0), paths: []))
        case .overrun, .failed: return nil
        }
    }
}
