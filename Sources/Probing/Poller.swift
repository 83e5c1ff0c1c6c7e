/// What the prober waits for: answers on its sockets, the next point in time, and a call from another thread.
import CShim
import Glibc
import NetTypes

/// epoll with one timer on the boot clock and one bell that any thread may ring.
final class Poller {
    /// What became ready.
    enum Ready: Hashable {
        case timer
        case bell
        /// A descriptor, by the token it was added with.
        case socket(PollToken)
    }

    /// What a descriptor is watched for.
    enum Interest {
        case reading
        case writing

        fileprivate var events: UInt32 {
            switch self {
            case .reading: EPOLLIN.rawValue
            case .writing: EPOLLOUT.rawValue
            }
        }
    }

    /// Events fetched by one call: what comes beyond them is fetched by the next.
    private static let batch = 64

    private let epoll: Int32
    private let timer: Int32
    private let bell: Bell
    private var armed: Instant?
    private var events = [epoll_event](repeating: epoll_event(), count: batch)

    init(bell: Bell) throws(SocketFailure) {
        self.bell = bell
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        timer = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
        guard epoll >= 0 else { throw SocketFailure(operation: "epoll_create1", code: errno) }
        guard timer >= 0 else { throw SocketFailure(operation: "timerfd_create", code: errno) }
        try add(timer, PollToken(.timer, 0))
        try add(bell.descriptor, PollToken(.bell, 0))
    }

    deinit {
        if timer >= 0 { close(timer) }
        if epoll >= 0 { close(epoll) }
    }

    /// Watches a descriptor until it is closed.
    func add(_ descriptor: Int32, _ token: PollToken, for interest: Interest = .reading) throws(SocketFailure) {
        var event = epoll_event()
        event.events = interest.events
        event.data.u64 = token.value
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
            throw SocketFailure(operation: "epoll_ctl", code: errno)
        }
    }

    /// Watches a descriptor no more that goes on living elsewhere.
    func remove(_ descriptor: Int32) { _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }

    /// Sets the timer; nil stops it. A point that has passed fires at once.
    func arm(_ instant: Instant?) {
        guard instant != armed else { return }
        armed = instant
        var setting = itimerspec()
        if let instant {
            // All zero would stop the timer.
            let nanoseconds = max(instant.nanoseconds, 1)
            setting.it_value.tv_sec = Int(clamping: nanoseconds / 1_000_000_000)
            setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        }
        timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    /// What is ready now; waits for something if told to.
    func ready(waiting: Bool) -> [Ready] {
        let count = epoll_wait(epoll, &events, Int32(Self.batch), waiting ? -1 : 0)
        guard count > 0 else { return [] }
        return events[..<Int(count)].compactMap { event in
            guard let token = PollToken(event.data.u64) else { return nil }
            switch token.kind {
            case .timer:
                silence()
                return .timer
            case .bell:
                bell.silence()
                return .bell
            case .echoes, .exchange, .neighbours, .sessions: return .socket(token)
            }
        }
    }

    private func silence() {
        var expirations: UInt64 = 0
        _ = read(timer, &expirations, MemoryLayout<UInt64>.size)
        armed = nil
    }
}

/// Whose descriptor became ready: which part of the prober, and which of its sockets.
struct PollToken: Hashable {
    enum Kind: UInt8 {
        case timer
        case bell
        case echoes
        case exchange
        case neighbours
        case sessions
    }

    let kind: Kind
    /// Less than 2^56: at a million sockets a second, two thousand years.
    let number: UInt64

    private static let shift: UInt64 = 56

    init(_ kind: Kind, _ number: some BinaryInteger) {
        self.kind = kind
        self.number = UInt64(truncatingIfNeeded: number) & (1 << Self.shift - 1)
    }

    fileprivate init?(_ value: UInt64) {
        guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: value >> Self.shift)) else { return nil }
        self.init(kind, value)
    }

    fileprivate var value: UInt64 { UInt64(kind.rawValue) << Self.shift | number }
}

/// Wakes the prober from another thread.
final class Bell: Sendable {
    let descriptor: Int32

    init() throws(SocketFailure) {
        descriptor = martlet_wake_open()
        guard descriptor >= 0 else { throw SocketFailure(operation: "eventfd", code: -descriptor) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func ring() { martlet_wake_signal(descriptor) }

    fileprivate func silence() { martlet_wake_clear(descriptor) }
}
