/// Signals as things that are waited for, not handlers that interrupt: SIGTERM, SIGINT and SIGHUP.
import Foundation

/// Made before any other thread, so that all of them inherit the blocked mask.
struct SignalWaiter {
    private var set = sigset_t()

    init() {
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// The next signal; nil when none came within the seconds. Without seconds it waits for ever.
    ///
    /// A wait can end without a signal of the set (EINTR): at the end of a child, for one. That means nothing.
    func next(within seconds: Double?) -> Int32? {
        var set = set
        guard let seconds else {
            while true {
                let number = sigwaitinfo(&set, nil)
                if number > 0 { return number }
            }
        }
        var limit = timespec()
        limit.tv_sec = Int(seconds)
        limit.tv_nsec = Int((seconds - Double(Int(seconds))) * 1e9)
        let number = sigtimedwait(&set, nil, &limit)
        return number > 0 ? number : nil
    }
}
