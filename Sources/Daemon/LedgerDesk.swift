/// Where does the daemon keep what was used? The ledger is begun when the first gateway is started, or when somebody asks.
import Foundation
import Inference
import Ledger
import Logging
import NetTypes
import Synchronization

extension LedgerTerms {
    /// As configured.
    init(_ kept: LedgerRetention) {
        let seconds = { (span: Span) in UInt64(clamping: span.nanoseconds / 1_000_000_000) }
        self.init(requests: seconds(kept.requests), sums: seconds(kept.usage))
    }
}

final class LedgerDesk: Sendable {
    private let directory: String
    private let logger: Logger
    private let keeper = Mutex<LedgerKeeper?>(nil)
    private let terms = Mutex(LedgerTerms.standard)
    /// Who is told when something was settled by another gateway than the newest.
    private let listener = Mutex<@Sendable () -> Void>({})

    /// - Parameter state: the daemon's own directory.
    init(state: String, logger: Logger) { (directory, self.logger) = (state + "/ledger", logger) }

    /// The ledger. What keeps it from its work is an alarm, and tried again.
    func open() -> LedgerKeeper {
        keeper.withLock { keeper in
            if let open = keeper { return open }
            let made = LedgerKeeper(
                directory: directory,
                settledElsewhere: { [weak self] in
                    let listener = self?.listener.withLock { $0 }
                    listener?()
                },
                said: { [logger] in logger.error("ledger: \($0)") }
            )
            made.follow(terms.withLock { $0 })
            keeper = made
            return made
        }
    }

    /// From now on this is told when something was settled by another gateway than the newest.
    func tell(_ listener: @escaping @Sendable () -> Void) { self.listener.withLock { $0 = listener } }

    /// How long things are kept, from now on.
    func follow(_ terms: LedgerTerms) {
        self.terms.withLock { $0 = terms }
        keeper.withLock { $0 }?.follow(terms)
    }

    /// What of it needs an operator.
    var alarms: [String] { keeper.withLock { $0 }?.alarms ?? [] }

    /// Keeps what is settled by now.
    func stop() { keeper.withLock { $0 }?.stop() }
}
