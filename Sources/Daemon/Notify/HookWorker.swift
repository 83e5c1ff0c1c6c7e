/// One hook: its queue, its thread, one event after the other in order.
import ConfigSyntax
import Forwarding
import Foundation
import Logging
import NIOCore
import NetTypes
import Synchronization

final class HookWorker: Sendable {
    /// An outage of a large site is some hundred events; a hook that is further behind is told the newest.
    private static let mostQueued = 256
    /// A webhook is tried this often, with pauses of 1, 2, 4 and 8 s: half a minute's outage of the receiver loses nothing.
    private static let mostTries = 5
    private static let firstPause = Duration.seconds(1)
    /// How long a stopping daemon waits for a program to be ended.
    private static let farewell = DispatchTimeInterval.seconds(3)

    let definition: NotifyDefinition

    private struct State {
        var queue: [Notice] = []
        var isStopping = false
        var known: HookState
    }

    private let shared: Mutex<State>
    private let signal = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let group: any EventLoopGroup
    private let logger: Logger

    init(_ definition: NotifyDefinition, on group: any EventLoopGroup, logger: Logger) {
        (self.definition, self.group, self.logger) = (definition, group, logger)
        shared = Mutex(State(known: HookState(name: definition.name)))
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "martlet-hook"
        thread.start()
    }

    var state: HookState { shared.withLock { $0.known } }

    func queue(_ notice: Notice) {
        shared.withLock { state in
            guard !state.isStopping else { return }
            if state.queue.count >= Self.mostQueued {
                state.queue.removeFirst()
                state.known.dropped += 1
            }
            state.queue.append(notice)
        }
        signal.signal()
    }

    /// Asks the thread to end, and a program that runs with it.
    func stop() {
        shared.withLock { $0.isStopping = true }
        signal.signal()
    }

    func waitForEnd() { _ = ended.wait(timeout: .now() + Self.farewell) }

    private var isStopping: Bool { shared.withLock { $0.isStopping } }

    private func run() {
        let channel = HookChannel(definition, on: group) { [self] in isStopping }
        while !isStopping {
            guard let notice = shared.withLock({ $0.queue.isEmpty ? nil : $0.queue.removeFirst() }) else {
                signal.wait()
                continue
            }
            settle(deliver(notice, by: channel))
        }
    }

    private func deliver(_ notice: Notice, by channel: HookChannel) -> HookOutcome {
        var pause = Self.firstPause
        for attempt in 1...Self.mostTries {
            let outcome = channel.deliver(notice)
            for line in outcome.output { logger.info("notify: \(definition.name) says: \(line)") }
            guard case .again(let why) = outcome.result, attempt < Self.mostTries, !isStopping else { return outcome }
            logger.debug("notify: \(definition.name): \(why), trying again in \(pause)")
            rest(pause)
            pause = pause * 2
        }
        return HookOutcome(.again("it was not tried"))
    }

    /// A pause that `stop` cuts short.
    private func rest(_ pause: Duration) {
        let step = Duration.milliseconds(100)
        var left = pause
        while left > .zero, !isStopping {
            Thread.sleep(forTimeInterval: 0.1)
            left -= step
        }
    }

    /// Said once when it begins to fail and once when it works again, not for each event: it is no hook's business.
    private func settle(_ outcome: HookOutcome) {
        let (before, now) = shared.withLock { state -> (String?, String?) in
            let before = state.known.failure
            switch outcome.result {
            case .done:
                state.known.delivered += 1
                state.known.failure = nil
            case .refused(let why), .again(let why):
                state.known.failed += 1
                state.known.failure = why
            }
            return (before, state.known.failure)
        }
        if let now, before == nil { logger.error("notify: \(definition.name) does not work: \(now)") }
        if now == nil, before != nil { logger.notice("notify: \(definition.name) works again") }
    }
}

/// What came of one try.
struct HookOutcome: Sendable {
    enum Result: Sendable {
        case done
        /// Trying again would give the same.
        case refused(String)
        /// It may work another time.
        case again(String)
    }

    let result: Result
    /// What a program said, in lines.
    let output: [String]

    init(_ result: Result, output: [String] = []) { (self.result, self.output) = (result, output) }
}

/// How an event is delivered: by a program or to a web server. Used on its hook's thread only.
struct HookChannel {
    private let definition: NotifyDefinition
    private let webhook: WebhookClient?
    private let isStopping: @Sendable () -> Bool

    init(_ definition: NotifyDefinition, on group: any EventLoopGroup, isStopping: @escaping @Sendable () -> Bool) {
        (self.definition, self.isStopping) = (definition, isStopping)
        switch definition.channel {
        case .exec: webhook = nil
        case .webhook(let url): webhook = WebhookClient(url.value, on: group)
        }
    }

    func deliver(_ notice: Notice) -> HookOutcome {
        switch definition.channel {
        case .exec(let path): ExecHook(path: path.value, limit: definition.timeout).run(notice, isStopping)
        case .webhook:
            webhook?.post(notice.json, within: definition.timeout) ?? HookOutcome(.refused("its address is no URL"))
        }
    }
}
