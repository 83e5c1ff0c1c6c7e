/// The one place where the runtime's effects become actions. Called on the runtime's thread; nothing in here waits.
import ConfigModel
import ConfigSyntax
import Forwarding
import Foundation
import Inference
import Liveness
import Logging
import NetTypes
import Probing
import Runtime

/// Confined to the runtime's thread by `RuntimeThread.start`, which is what makes `@unchecked Sendable` safe.
final class EffectRunner: @unchecked Sendable {
    private let runtime: RuntimeThread
    private let flows: FlowMover
    private let notes: NoteHub
    private let notify: NotifyService
    private let overrides: OverrideStore
    private let usage: UsageStore
    private let canaries: CanaryStore
    private let gateway: GatewaySupervisor
    private let kernel: KernelEdge
    private let probes: ProbeDesk
    private let recorder: Recorder?
    private let logger: Logger
    private let disk = DispatchQueue(label: "martlet.disk")
    /// Where long lists are compared.
    private let planning = DispatchQueue(label: "martlet.planning")
    private let listWatch: ListWatch
    private var sources = SourceMap()
    private let counter: DeviceCounter
    private var bfd: BFDService?

    init(
        runtime: RuntimeThread,
        notes: NoteHub,
        notify: NotifyService,
        overrides: OverrideStore,
        usage: UsageStore,
        canaries: CanaryStore,
        gateway: GatewaySupervisor,
        kernel: KernelEdge,
        probes: ProbeDesk,
        recorder: Recorder?,
        logger: Logger
    ) {
        (self.runtime, self.notes, self.overrides, self.usage) = (runtime, notes, overrides, usage)
        self.canaries = canaries
        flows = FlowMover(runtime: runtime)
        counter = DeviceCounter { [runtime] in runtime.post(.bytesCounted($0)) }
        self.notify = notify
        (self.gateway, self.kernel, self.recorder, self.logger) = (gateway, kernel, recorder, logger)
        self.probes = probes
        listWatch = ListWatch { [runtime] in runtime.post($0) }
    }

    func carryOut(_ event: Event, _ effects: [Effect]) {
        if case .configured(let configuration) = event.kind {
            sources = configuration.sources
            if let network = configuration.network { kernel.look(at: RouteWatch(network)) }
            gateway.configure(configuration.models)
            notify.configure(configuration.network?.notify ?? [])
            followLists(of: configuration)
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
        case .program(let lane, let token, let changes): kernel.submit(changes, to: lane, token: token)
        case .planFeeds(let generation, let question):
            planning.async { [runtime] in
                runtime.post(.feedsPlanned(generation: generation, FeedPlan.answering(question)))
            }
        case .programFeeds(let token, let job): kernel.submit(job, token: token)
        case .cancelFeeds(let token): kernel.cancelFeeds(token: token)
        case .reread(let family): kernel.reread(family)
        case .probe(let members): probe(members)
        case .bfd(let subjects): keep(subjects)
        case .serve(let snapshot): gateway.serve(snapshot)
        case .canary(let member): gateway.ask(member)
        case .keep(let kept): keep(kept)
        case .tellLocalTime: runtime.post(.localTime(WallClock.secondOfDay()))
        case .moveFlows(let move): flows.move(move)
        case .count(let devices): counter.count(devices)
        case .keepUsage(let used): keep(used)
        case .keepCanaries(let uses): keep(uses)
        case .decided(let records): notes.say(records, at: WallClock.now())
        case .wake(let at): runtime.wake(at: at)
        case .note: return
        }
    }

    private func followLists(of configuration: Configuration) {
        let sources = configuration.sources
        var files = (configuration.network?.routeFiles ?? []).map {
            ListWatch.File(use: .feed($0.name.value), path: sources.path(of: $0.file))
        }
        for set in configuration.network?.sets ?? [] {
            guard case .file(let file) = set.content else { continue }
            files.append(ListWatch.File(use: .set(set.name.value), path: sources.path(of: file)))
        }
        do {
            try listWatch.follow(files)
        } catch {
            logger.error("lists: changes of their files will not be seen until the next apply: \(error)")
        }
    }

    private func probe(_ members: [ProbedMember]) {
        do {
            try probes.configure(members)
        } catch {
            logger.error("probes: cannot start probing, every member counts as it did: \(error)")
        }
    }

    private func keep(_ sessions: [BFDSubject]) {
        if bfd == nil, !sessions.isEmpty {
            do {
                bfd = try BFDService { [runtime] in runtime.post(.bfd($0)) }
            } catch {
                logger.error("bfd: cannot start, every member counts as it did: \(error)")
            }
        }
        for failure in bfd?.configure(sessions) ?? [] { logger.error("bfd: key unreadable: \(failure)") }
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

    private func keep(_ used: [AllowanceUse]) {
        disk.async { [usage, logger] in
            do {
                try usage.save(used)
            } catch {
                logger.error("usage: not kept, what was used will be forgotten at the next start: \(error)")
            }
        }
    }

    private func keep(_ uses: [CanaryUse]) {
        disk.async { [canaries, logger] in
            do {
                try canaries.save(uses, at: BootClock.now(), WallClock.now())
            } catch {
                logger.error("canaries: not kept, a day's will count from nothing at the next start: \(error)")
            }
        }
    }

    /// Ends everything it started, without touching what the kernel holds.
    func close() {
        probes.stop()
        bfd?.stop()
        counter.stop()
        listWatch.stop()
        kernel.stop()
        disk.sync {}
        recorder?.finish()
        notes.flush()
        notify.stop()
    }
}
