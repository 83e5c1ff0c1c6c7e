/// Where does the daemon keep what was used? The ledger is opened when the first gateway is started, or when somebody asks.
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
    private let opening = DispatchQueue(label: "martlet.ledger.opening")
    private let keeper = Mutex<LedgerKeeper?>(nil)
    private let failure = Mutex<String?>(nil)
    private let terms = Mutex(LedgerTerms.standard)

    /// - Parameter state: the daemon's own directory.
    init(state: String, logger: Logger) { (directory, self.logger) = (state + "/ledger", logger) }

    /// The open ledger.
    func open() throws(LedgerError) -> LedgerKeeper {
        try opening.sync { () -> Result<LedgerKeeper, LedgerError> in
            if let open = keeper.withLock({ $0 }) { return .success(open) }
            do throws(LedgerError) {
                let made = try LedgerKeeper(directory: directory)
                made.follow(terms.withLock { $0 })
                keeper.withLock { $0 = made }
                failure.withLock { $0 = nil }
                return .success(made)
            } catch {
                logger.error("ledger: cannot be opened, nothing is kept of what is used: \(error)")
                failure.withLock { $0 = "the ledger cannot be opened, nothing is kept of what is used: \(error)" }
                return .failure(error)
            }
        }.get()
    }

    /// How long things are kept, from now on.
    func follow(_ terms: LedgerTerms) {
        self.terms.withLock { $0 = terms }
        keeper.withLock { $0 }?.follow(terms)
    }

    /// What of it needs an operator.
    var alarms: [String] {
        [failure.withLock { $0 }, keeper.withLock { $0 }?.problem].compactMap(\.self)
    }

    /// Keeps what is settled by now.
    func stop() { keeper.withLock { $0 }?.stop() }
}
