/// The sockets to the kernel: what it says becomes facts, what the lanes did becomes facts.
///
/// They are opened before a configuration with a network plane is taken over, so that a process that may not program the kernel
/// is told so at its start, and does not look as if it routed.
import ConfigSyntax
import Forwarding
import Foundation
import Kernel
import NetTypes
import PolicyEngine
import Runtime
import Synchronization

final class KernelEdge: Sendable {
    private struct Sockets: Sendable {
        let watcher: KernelWatcher
        let fast: FastLane
        let bulk: BulkLane
        let feeds: FeedLane
    }

    private let sockets = Mutex<Sockets?>(nil)
    private let runtime: RuntimeThread

    init(runtime: RuntimeThread) { self.runtime = runtime }

    /// Opens the sockets unless they are open, or none are needed. Nothing is read before a network plane asks for it (`reread`).
    /// Throws `DaemonError` with what the process lacks and where it gets that.
    func prepare(_ network: NetworkConfiguration?) throws {
        guard let network, sockets.withLock({ $0 == nil }) else { return }
        let missing = Capability.missing()
        guard missing.isEmpty else {
            throw DaemonError.plain(
                """
                a 'network' block needs \(missing.joined(separator: " and ")), which this process lacks: start it by \
                martletd.service, which grants them, or as root; without the block no privilege is needed
                """
            )
        }
        try Self.checkRelease()
        do {
            let opened = try open(network)
            sockets.withLock { $0 = opened }
        } catch NetlinkFailure.system(let call, let errno) {
            throw DaemonError.system("cannot talk to the kernel's netlink (\(call))", errno: errno)
        } catch {
            throw DaemonError.plain("cannot talk to the kernel's netlink: \(error)")
        }
    }

    private static func checkRelease() throws {
        guard let running = KernelRelease.running, running < .minimum else { return }
        throw DaemonError.plain(
            "a 'network' block needs Linux \(KernelRelease.minimum) or later, and this kernel is \(running)"
        )
    }

    /// Throws what this kernel cannot do of the configuration, by name.
    func check(_ network: NetworkConfiguration) throws {
        let wide = network.groups.flatMap { group in
            group.definition.members.filter { $0.weight > NetworkGroup.largestNarrowWeight }.map {
                "\(group.name).\($0.name.value)"
            }
        }
        guard !wide.isEmpty, let features = try? KernelFeatures.probe(), !features.hasWideWeights else { return }
        throw DaemonError.plain(
            """
            the weight of \(wide.joined(separator: ", ")) is above \(NetworkGroup.largestNarrowWeight), which needs Linux 6.12 or \
            later: this kernel keeps weights in one byte
            """
        )
    }

    private func open(_ network: NetworkConfiguration) throws -> Sockets {
        let window = network.ownership
        let completed: KernelLane.Completion = { [runtime] in runtime.post(.programmed(token: $0, $1)) }
        let fast = try FastLane(completion: completed)
        let bulk = try BulkLane(completion: completed)
        let feeds = try FeedLane {
            [runtime] in
            runtime.post(.feedsProgress(token: $0, done: $1))
        } completion: {
            [runtime] in
            runtime.post(.feedsProgrammed(token: $0, $1))
        }
        let table = KernelWatcher.Table(name: window.tableName, ownPorts: [fast.nftablesPort, bulk.nftablesPort])
        let watcher = try KernelWatcher(
            table: table,
            window: window,
            watch: RouteWatch(network),
            silent: feeds.port
        ) { [self] observation in
            if let fact = Fact(observation) { hear(fact) }
        }
        return Sockets(watcher: watcher, fast: fast, bulk: bulk, feeds: feeds)
    }

    /// On the watcher's thread. While it waits for room, notifications pile up in the kernel's buffers, which are bounded too.
    private func hear(_ fact: Fact) {
        runtime.waitForRoom()
        runtime.post(fact)
    }

    func submit(_ changes: [KernelChange], to lane: Lane, token: UInt64) {
        guard let sockets = sockets.withLock({ $0 }) else {
            runtime.post(.programmed(token: token, changes.map { _ in .unknown }))
            return
        }
        switch lane {
        case .fast: sockets.fast.submit(changes, token: token)
        case .bulk: sockets.bulk.submit(changes, token: token)
        }
    }

    func submit(_ job: FeedJob, token: UInt64) {
        guard let sockets = sockets.withLock({ $0 }) else {
            let unsent = FeedOutcome(ending: .unanswered, accepted: 0, refused: 0, refusals: [], standing: job.before)
            runtime.post(.feedsProgrammed(token: token, unsent))
            return
        }
        sockets.feeds.submit(job, token: token)
    }

    func cancelFeeds(token: UInt64) { sockets.withLock { $0 }?.feeds.cancel(token: token) }

    /// Which routes of strangers the configuration in force looks at.
    func look(at watch: RouteWatch) { sockets.withLock { $0 }?.watcher.look(at: watch) }

    func reread(_ family: KernelFamily) { sockets.withLock { $0 }?.watcher.requestDump(of: family) }

    /// Carries out what is queued, then closes the sockets. The kernel keeps what it holds.
    func stop() {
        guard let sockets = sockets.withLock({ $0.take() }) else { return }
        sockets.watcher.stop()
        sockets.fast.stop()
        sockets.bulk.stop()
        sockets.feeds.stop()
    }
}

/// What the network plane needs of capabilities(7).
enum Capability: Int, CaseIterable {
    case netAdmin = 12
    case netRaw = 13

    private var name: String {
        switch self {
        case .netAdmin: "CAP_NET_ADMIN"
        case .netRaw: "CAP_NET_RAW"
        }
    }

    /// Those of them that are not in the effective set (proc(5): `CapEff`); none where that cannot be read.
    static func missing() -> [String] {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
            let held = UInt64(line.dropFirst("CapEff:".count).drop { $0 == "\t" || $0 == " " }, radix: 16)
        else { return [] }
        return allCases.filter { held >> UInt64($0.rawValue) & 1 == 0 }.map(\.name)
    }
}

extension Fact {
    /// What an observation means to the runtime; nil for what the watcher mends by itself, by reading again.
    fileprivate init?(_ observation: KernelObservation) {
        switch observation {
        case .dumpBegan(let family): self = .dumpBegan(family)
        case .reports(let reports): self = .kernel(reports)
        case .segments(let found): self = .segments(found)
        case .dumpEnded(let family): self = .dumpEnded(family)
        case .ruleset(let reading): self = .ruleset(reading.state)
        case .overrun(let family): self = .overrun(family)
        case .failed: return nil
        }
    }
}
