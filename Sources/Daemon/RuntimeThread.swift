/// The one thread that decides: events in from many producers, turns in order, effects out (docs/architecture.md §5).
///
/// Time and chance enter here, at the moment an event is taken from the queue, and nowhere below.
import Foundation
import NetTypes
import Probing
import Runtime
import Synchronization

final class RuntimeThread: Sendable {
    /// Something to do on the runtime's thread.
    private enum Work: Sendable {
        case event(Event.Kind)
        /// A look at the state; it may not change it, so it is not recorded.
        case ask(@Sendable (Router, Instant) -> Void)
        case stop
    }

    private struct Queue {
        var work: [Work] = []
        var wakeAt: Instant?
        var isStopping = false
    }

    /// Events that may wait before producers that can be made to wait are: at some hundred bytes each, tens of megabytes.
    private static let mostWaiting = 65_536
    /// A turn's budget is 1 ms.
    private static let roomStep: UInt32 = 1000

    private let queue = Mutex(Queue())
    private let signal = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init() {}

    /// Starts the thread. `carryOut` is called on it after every turn, with the event and its effects.
    func start(carryOut: @escaping @Sendable (Event, [Effect]) -> Void) {
        let thread = Thread { [self] in
            run(carryOut)
            ended.signal()
        }
        thread.name = "martlet-runtime"
        thread.stackSize = 8 << 20
        thread.start()
    }

    func post(_ fact: Fact) { push(.event(.fact(fact))) }

    func post(_ kind: Event.Kind) { push(.event(kind)) }

    /// All of them in this order, for the price of one.
    func post(_ kinds: [Event.Kind]) {
        guard !kinds.isEmpty else { return }
        queue.withLock { queue in queue.work += kinds.map(Work.event) }
        signal.signal()
    }

    /// Blocks a producer that has a thread of its own while the queue is full, so that the kernel or the gateway cannot fill our
    /// memory with events faster than turns are made.
    func waitForRoom() {
        while queue.withLock({ $0.work.count >= Self.mostWaiting && !$0.isStopping }) { usleep(Self.roomStep) }
    }

    /// Runs the question on the runtime's thread, after all events posted before it.
    func ask(_ question: @escaping @Sendable (Router, Instant) -> Void) { push(.ask(question)) }

    /// Comes back with `Fact.woke` at the time, or at an earlier one already asked for.
    func wake(at time: Instant) {
        queue.withLock { $0.wakeAt = min($0.wakeAt ?? time, time) }
        signal.signal()
    }

    /// Finishes what is queued, then ends the thread and waits for that.
    func stop() {
        queue.withLock { $0.isStopping = true }
        push(.stop)
        ended.wait()
    }

    private func push(_ work: Work) {
        queue.withLock { $0.work.append(work) }
        signal.signal()
    }

    private func run(_ carryOut: (Event, [Effect]) -> Void) {
        var router = Router()
        var chance = SystemRandomNumberGenerator()
        while true {
            for work in takeAll() {
                switch work {
                case .event(let kind):
                    let event = Event(at: BootClock.now(), draw: chance.next(), kind)
                    carryOut(event, router.turn(event))
                case .ask(let question): question(router, BootClock.now())
                case .stop: return
                }
            }
        }
    }

    /// Waits for work or for the moment asked for; due wake-ups come as an event like any other.
    private func takeAll() -> [Work] {
        while true {
            let now = BootClock.now()
            let (work, wakeAt) = queue.withLock { queue -> ([Work], Instant?) in
                var work = queue.work
                queue.work.removeAll(keepingCapacity: true)
                if let due = queue.wakeAt, due <= now {
                    queue.wakeAt = nil
                    work.append(.event(.fact(.woke)))
                }
                return (work, queue.wakeAt)
            }
            if !work.isEmpty { return work }
            guard let wakeAt else {
                signal.wait()
                continue
            }
            _ = signal.wait(timeout: .now() + .nanoseconds(Int(clamping: (wakeAt - now).nanoseconds)))
        }
    }
}
