/// Who is told of what happens: hooks of the operator's own, each with a queue and a thread, so that none holds up another or us.
import ConfigSyntax
import Control
import Forwarding
import Foundation
import Logging
import NIOCore
import Runtime
import Synchronization

/// How one hook fares, for metrics and alarms.
struct HookState: Sendable {
    /// `exec /usr/local/bin/page`, `webhook http://10.0.0.9:9000/martlet`.
    let name: String
    var delivered: UInt64 = 0
    /// Given up after the last try.
    var failed: UInt64 = 0
    /// Pushed out of a full queue by newer ones.
    var dropped: UInt64 = 0
    /// Why the last event was not delivered; nil after one that was.
    var failure: String?
}

final class NotifyService: Sendable {
    private let hooks = Mutex<[HookWorker]>([])
    private let group: any EventLoopGroup
    private let logger: Logger

    init(on group: any EventLoopGroup, logger: Logger) { (self.group, self.logger) = (group, logger) }

    /// Tells exactly these hooks from now on. One that stays goes on undisturbed, with what it has queued.
    func configure(_ definitions: [NotifyDefinition]) {
        let gone = hooks.withLock { hooks -> [HookWorker] in
            var before = hooks
            hooks = definitions.map { definition in
                guard let index = before.firstIndex(where: { $0.definition.tells(like: definition) }) else {
                    return HookWorker(definition, on: group, logger: logger)
                }
                return before.remove(at: index)
            }
            return before
        }
        for hook in gone { hook.stop() }
    }

    /// Queues the event for everybody who asked for its subject; never waits.
    func tell(_ subject: NotifyDefinition.Subject, _ event: WatchEvent) {
        for hook in hooks.withLock({ $0 }) where hook.definition.subjects.contains(subject) {
            hook.queue(Notice(subject: subject, event: event))
        }
    }

    var states: [HookState] { hooks.withLock { $0.map(\.state) } }

    var alarms: [String] { states.compactMap { state in state.failure.map { "\(state.name): \($0)" } } }

    /// Ends all hooks, and programs that still run; what is queued is not told any more.
    func stop() {
        let all = hooks.withLock { hooks in
            defer { hooks = [] }
            return hooks
        }
        for hook in all { hook.stop() }
        for hook in all { hook.waitForEnd() }
    }
}

extension NotifyDefinition {
    var name: String {
        switch channel {
        case .exec(let path): "exec \(path.value)"
        case .webhook(let url): "webhook \(url.value)"
        }
    }

    /// Whether it is the same but for its place in the file.
    fileprivate func tells(like other: NotifyDefinition) -> Bool {
        name == other.name && subjects == other.subjects && timeout == other.timeout
    }
}
