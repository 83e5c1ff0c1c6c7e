/// Who moves what gateways settle from their segments into the database? One queue of the daemon, four times a second.
///
///     gateway loop ─▶ segment ─▶ LedgerKeeper ─▶ LedgerStore ─▶ usage, explain
///
/// A segment stays as long as a gateway has it open or something in it is not kept yet; so nothing is lost or counted twice when either
/// process is killed (decision 22).
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
    private static let pruneEvery: UInt64 = 3600

    /// What the queue works on, and nobody else touches: that makes `@unchecked` right.
    private final class Work: @unchecked Sendable {
        let store: LedgerStore
        var segments: [SegmentReader]
        var terms = LedgerTerms.standard
        var prunedAt: UInt64 = 0
        var isStopped = false

        init(_ store: LedgerStore, _ segments: [SegmentReader]) { (self.store, self.segments) = (store, segments) }
    }

    private let queue = DispatchQueue(label: "martlet.ledger")
    private let work: Work
    private let directory: String
    private let trouble = Mutex<String?>(nil)
    /// Why the newest segments are in memory, where a restart of the daemon loses them; nil: they are not.
    private let inMemory = Mutex<String?>(nil)

    /// Opens the ledger of a directory, which is made if need be. What an earlier daemon left there is kept first.
    package init(directory: String) throws(LedgerError) {
        self.directory = directory
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw .system("cannot make \(directory)", errno: errno)
        }
        let store = try LedgerStore(path: directory + "/ledger.sqlite")
        work = Work(store, try Self.segments(in: directory, store))
        schedule(after: .seconds(0))
    }

    /// The segments that are there, in the order of their names.
    private static func segments(
        in directory: String,
        _ store: LedgerStore
    ) throws(LedgerError) -> [SegmentReader] {
        var readers: [SegmentReader] = []
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted() {
            guard name.hasSuffix(".segment") else { continue }
            let path = "\(directory)/\(name)"
            // What is none of ours, or was torn while it was made, has never been given to a gateway.
            guard let file = try? SegmentFile.open(path) else {
                rename(path, path + ".unreadable")
                continue
            }
            readers.append(SegmentReader(file, from: try store.position(of: file.id)))
        }
        return readers
    }

    /// What keeps it from its work, in words; nil: nothing.
    package var problem: String? { trouble.withLock { $0 } ?? inMemory.withLock { $0 } }

    /// From now on.
    package func follow(_ terms: LedgerTerms) {
        queue.async { [work] in (work.terms, work.prunedAt) = (terms, 0) }
    }

    /// Segments for the loops of a new gateway: their descriptors, which are the caller's to close. On a full disk they are in memory,
    /// and last as long as the daemon does.
    package func segments(_ count: Int) throws(LedgerError) -> [Int32] {
        var made: [(segment: SegmentFile, descriptor: Int32)] = []
        do throws(LedgerError) {
            for _ in 0..<count { made.append(try segment(id: .random(in: 1 ... .max))) }
        } catch {
            for (segment, descriptor) in made {
                close(descriptor)
                segment.remove()
            }
            throw error
        }
        // Handed over whole: nobody here touches them again.
        nonisolated(unsafe) let readers = made.map { SegmentReader($0.segment, from: .start) }
        queue.async { [work] in work.segments += readers }
        return made.map(\.descriptor)
    }

    private func segment(id: UInt64) throws(LedgerError) -> (segment: SegmentFile, descriptor: Int32) {
        do throws(LedgerError) {
            let onDisk = try SegmentFile.make(in: directory, id: id)
            inMemory.withLock { $0 = nil }
            return onDisk
        } catch {
            let unkept = try SegmentFile.make(inMemory: id)
            inMemory.withLock { $0 = "segments of the ledger are in memory: \(error)" }
            return unkept
        }
    }

    /// Bounds the database, as a full disk does.
    func bound(pages: Int) throws(LedgerError) {
        try queue.sync { () -> Result<Void, LedgerError> in
            do throws(LedgerError) { return .success(try work.store.bound(pages: pages)) } catch {
                return .failure(error)
            }
        }.get()
    }

    /// Keeps what is there, and ends. What comes later is kept by the next daemon.
    package func stop() {
        queue.sync {
            _ = keep()
            work.isStopped = true
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
            do throws(LedgerError) { return .success(try question(work.store)) } catch { return .failure(error) }
        }.get()
    }
}

// MARK: - Working, on the queue

extension LedgerKeeper {
    private func schedule(after interval: DispatchTimeInterval) {
        queue.asyncAfter(deadline: .now() + interval) { [weak self] in
            guard let self, !self.work.isStopped else { return }
            self.schedule(after: self.keep() ? Self.every : Self.pause)
        }
    }

    /// Whether everything could be kept.
    private func keep() -> Bool {
        guard !work.isStopped else { return true }
        do throws(LedgerError) {
            for segment in work.segments { try segment.keep(in: work.store) }
            work.segments.removeAll { $0.isOver }
            try prune()
            trouble.withLock { $0 = nil }
            return true
        } catch {
            let words = "the ledger cannot keep what was used, it waits in segments: \(error)"
            trouble.withLock { $0 = words }
            return false
        }
    }

    private func prune() throws(LedgerError) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let second = UInt64(clamping: now.tv_sec)
        guard second >= work.prunedAt + Self.pruneEvery || second < work.prunedAt else { return }
        work.prunedAt = second
        let (requests, sums) = (work.terms.requests, work.terms.sums)
        try work.store.prune(
            segments: work.segments.map(\.id),
            requests: (second - min(second, requests)) * 1_000_000,
            sums: (second - min(second, sums)) / 3600
        )
    }
}
