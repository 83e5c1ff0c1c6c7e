/// Who moves what gateways settle from their segments into the database? One queue of the daemon, four times a second.
///
///     gateway loop ─▶ segment ─▶ LedgerKeeper ─▶ LedgerStore ─▶ usage, explain
///                                     └────────▶ SpendingBook ─▶ budgets
///
/// A segment stays as long as a gateway has it open or something in it is not kept yet; so nothing is lost or counted twice when either
/// process is killed (decision 22). Segments are written and read, and budgets counted, also while there is no database: it is filled when
/// it can be opened (decision 30).
import Foundation
package import Inference
import Synchronization

/// What has to be kept for how long.
package struct LedgerTerms: Hashable, Sendable {
    /// Seconds that single requests, and sums by the hour, are kept.
    package var requests: UInt64
    package var sums: UInt64

    /// Both in seconds.
    package init(requests: UInt64, sums: UInt64) { (self.requests, self.sums) = (requests, sums) }

    package static let standard = LedgerTerms(requests: 90 * 86_400, sums: 1100 * 86_400)
}

package final class LedgerKeeper: Sendable {
    private static let every = DispatchTimeInterval.milliseconds(250)
    /// After a failure, so that a full disk is not written to all the time.
    private static let pause = DispatchTimeInterval.seconds(3)

    /// What the queue works on, and nobody else touches: that makes `@unchecked` right.
    final class Work: @unchecked Sendable {
        /// Nil: it could not be opened yet.
        var store: LedgerStore?
        var segments: [SegmentReader] = []
        /// Whether it was open and is lost: what is known of who paid is more than what is left.
        var isRebuilding = false
        /// Whether those of earlier daemons have been looked for.
        var isListed = false
        /// Found, but not opened yet.
        var unopened: [String] = []
        var terms = LedgerTerms.standard
        var prunedAt: UInt64 = 0
        /// Whether it was tried at least once to open and keep what is there.
        var hasBegun = false
        var isStopped = false
        let dates = LocalDates()
    }

    /// What budgets count from; asked from several threads.
    struct Books {
        var spending = SpendingBook()
        /// Which of this daemon's gateways is the newest, counted from 1.
        var newest = 0
    }

    let queue = DispatchQueue(label: "martlet.ledger")
    let work = Work()
    let directory: String
    let books = Mutex(Books())
    let trouble = Mutex<String?>(nil)
    /// What was said of files, oldest first.
    let notes = Mutex<[(object: String, words: String)]>([])
    /// Told when something was settled by others than the newest gateway, on the keeper's queue.
    let settledElsewhere: @Sendable () -> Void
    /// Told when trouble begins, changes and ends.
    let said: @Sendable (String) -> Void
    /// Why the newest segments are in memory, where a restart of the daemon loses them; nil: they are not.
    private let inMemory = Mutex<String?>(nil)

    /// Begins to keep the ledger of a directory, which is made if need be. What an earlier daemon left there is kept first.
    /// - Parameters:
    ///   - settledElsewhere: told on a queue of the keeper's when what `elsewhere` answers has changed.
    ///   - said: told when what keeps it from its work begins, changes and ends.
    package init(
        directory: String,
        settledElsewhere: @escaping @Sendable () -> Void = {},
        said: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        (self.directory, self.settledElsewhere, self.said) = (directory, settledElsewhere, said)
        schedule(after: .seconds(0))
    }

    /// What keeps it from its work, in words; nil: nothing.
    package var problem: String? { trouble.withLock { $0 } ?? inMemory.withLock { $0 } }

    /// All that an operator should know of it.
    package var alarms: [String] { [problem].compactMap(\.self) + notes.withLock { $0.map(\.words) } }

    /// From now on.
    package func follow(_ terms: LedgerTerms) {
        queue.async { [work] in (work.terms, work.prunedAt) = (terms, 0) }
    }

    /// Segments for the loops of a new gateway, which is the newest from now on: their descriptors, which are the caller's to close. Where
    /// none can be made on the disk they are in memory, and last as long as the daemon does.
    package func segments(_ count: Int) throws(LedgerError) -> [Int32] {
        // On the queue: else they could be found in the directory, as those of an earlier daemon, before they are known to be ours.
        try queue.sync { () -> Result<[Int32], LedgerError> in
            var made: [(segment: SegmentFile, descriptor: Int32)] = []
            do throws(LedgerError) {
                for _ in 0..<count { made.append(try segment(id: .random(in: 1 ... .max))) }
            } catch {
                for (segment, descriptor) in made {
                    close(descriptor)
                    segment.remove()
                }
                return .failure(error)
            }
            take(made.map(\.segment))
            return .success(made.map(\.descriptor))
        }.get()
    }

    /// They are those of the newest gateway from now on.
    private func take(_ segments: [SegmentFile]) {
        let gateway = books.withLock { books -> Int in
            books.spending.beginGateway()
            books.newest += 1
            return books.newest
        }
        let readers = segments.map { SegmentReader($0, gateway: gateway) }
        // That gives no position for which a file would have to be read.
        if work.store != nil { for reader in readers { try? reader.resume(at: .start) } }
        work.segments += readers
    }

    private func segment(id: UInt64) throws(LedgerError) -> (segment: SegmentFile, descriptor: Int32) {
        do throws(LedgerError) {
            try makeDirectory()
            let onDisk = try SegmentFile.make(in: directory, id: id)
            inMemory.withLock { $0 = nil }
            return onDisk
        } catch {
            let unkept = try SegmentFile.make(inMemory: id)
            inMemory.withLock { $0 = "segments of the ledger are in memory: \(error)" }
            return unkept
        }
    }

    func makeDirectory() throws(LedgerError) {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw .system("cannot make \(directory)", errno: errno)
        }
    }

    /// Bounds the database, as a full disk does.
    func bound(pages: Int) throws(LedgerError) {
        try asked { store throws(LedgerError) in try store.bound(pages: pages) }
    }

    /// Keeps what is there, and ends. What comes later is kept by the next daemon.
    package func stop() {
        queue.sync {
            _ = keep()
            work.isStopped = true
        }
    }

    private func schedule(after interval: DispatchTimeInterval) {
        queue.asyncAfter(deadline: .now() + interval) { [weak self] in
            guard let self, !self.work.isStopped else { return }
            self.schedule(after: self.keep() ? Self.every : Self.pause)
        }
    }
}

// MARK: - Asking

extension LedgerKeeper {
    /// What was used, added up, with everything that is settled by now.
    package func usage(by parts: [UsagePart], hours: Range<UInt64>) throws(LedgerError) -> [UsageSum] {
        try asked { store throws(LedgerError) in try store.usage(by: parts, hours: hours) }
    }

    /// The row of a decision; nil when none is kept.
    package func row(id: String) throws(LedgerError) -> LedgerRow? {
        try asked { store throws(LedgerError) in try store.row(id: id) }
    }

    private func asked<Value: Sendable>(
        _ question: (LedgerStore) throws(LedgerError) -> Value
    ) throws(LedgerError) -> Value {
        try queue.sync { () -> Result<Value, LedgerError> in
            _ = keep()
            let answer = answer(question)
            if case .failure(let error) = answer, putAside(after: error) { _ = keep() }
            return answer
        }.get()
    }

    /// Holds the database no longer than it takes.
    private func answer<Value>(
        _ question: (LedgerStore) throws(LedgerError) -> Value
    ) -> Result<Value, LedgerError> {
        guard let store = work.store else {
            return .failure(.database(trouble.withLock { $0 } ?? "the ledger is not open"))
        }
        do throws(LedgerError) { return .success(try question(store)) } catch { return .failure(error) }
    }

    /// Sees what is settled by now, whether it can be kept or not: for who asks next what was paid.
    package func look() {
        queue.sync {
            if work.hasBegun { lookAtAll() } else { _ = keep() }
        }
    }

    /// What a payer paid in the period that a local date lies in.
    package func paid(by payer: SpendingBook.Payer, per span: SpendingLimit.Span, on day: Int) -> UInt64 {
        books.withLock { $0.spending.paid(by: payer, per: span, on: day) }
    }

    /// What the newest gateway has to be told of these budgets: what others have settled.
    package func elsewhere(_ budgets: [SpendingBook.Payer]) -> [SpendingUse] {
        books.withLock { books in
            books.spending.follow(budgets)
            return budgets.compactMap { books.spending.elsewhere($0) }
        }
    }
}
