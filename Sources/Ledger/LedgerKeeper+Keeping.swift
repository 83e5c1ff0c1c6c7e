/// How does the keeper do its work, a quarter of a second at a time, and what when some of it cannot be done? Each thing that fails is
/// tried again with the next round; nothing that may pass is given up, and the rest goes on.
import Foundation
import Inference
import Synchronization

extension LedgerKeeper {
    private static let pruneEvery: UInt64 = 3600

    /// Whether everything could be kept.
    func keep() -> Bool {
        guard !work.isStopped else { return true }
        work.hasBegun = true
        var failures = findSegments()
        do throws(LedgerError) { try keepAll(&failures) } catch {
            failures.append(error)
            if putAside(after: error) {
                failures = []
                do throws(LedgerError) { try keepAll(&failures) } catch { failures.append(error) }
            }
        }
        // Budgets do not wait for the disk.
        if !failures.isEmpty { lookAtAll() }
        for segment in work.segments where segment.unreadable > 0 { note(segment) }
        work.segments.removeAll { $0.isOver }
        let words = failures.first.map { "the ledger cannot keep what was used, it waits in segments: \($0)" }
        let before = trouble.withLock { trouble -> String? in
            defer { trouble = words }
            return trouble
        }
        if words != before { said(words ?? "the ledger is kept again") }
        return failures.isEmpty
    }

    private func keepAll(_ failures: inout [LedgerError]) throws(LedgerError) {
        let store = try openStore()
        failures += try keepSegments(in: store)
        if work.isRebuilding, failures.isEmpty {
            try keepLoss(in: store)
            work.isRebuilding = false
        }
        try prune(store)
    }

    private func note(_ segment: SegmentReader) {
        let (count, path) = (segment.unreadable, segment.path)
        note("\(count) rows of \(path) cannot be read and are in no sum; it is kept as .unreadable", of: path)
    }

    /// What one segment says of its disk holds up no other; what the database says holds for all.
    private func keepSegments(in store: LedgerStore) throws(LedgerError) -> [LedgerError] {
        var failures: [LedgerError] = []
        for segment in work.segments {
            do throws(LedgerError) {
                try segment.keep(in: store) { book($0, of: segment) }
            } catch {
                guard case .system = error else { throw error }
                failures.append(error)
            }
        }
        return failures
    }

    func lookAtAll() {
        for segment in work.segments {
            // What cannot be read now is said by who keeps it.
            try? segment.look(work.dates.date) { book($0, of: segment) }
        }
    }

    private func book(_ parts: [SpendingBook.Part], of segment: SegmentReader) {
        guard !parts.isEmpty else { return }
        let isOwn = books.withLock { books in
            let isOwn = segment.gateway == books.newest
            for part in parts { books.spending.add(part, isOwn: isOwn) }
            return isOwn
        }
        if !isOwn { settledElsewhere() }
    }
}

// MARK: - What is there

extension LedgerKeeper {
    /// Takes up the segments that earlier daemons left, in the order of their names.
    private func findSegments() -> [LedgerError] {
        var failures: [LedgerError] = []
        if !work.isListed {
            do throws(LedgerError) {
                work.unopened = try waitingSegments()
                work.isListed = true
            } catch {
                failures.append(error)
            }
        }
        for path in work.unopened {
            do throws(LedgerError) {
                try take(path)
                work.unopened.removeAll { $0 == path }
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    private func waitingSegments() throws(LedgerError) -> [String] {
        guard let folder = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw .system("cannot list \(directory)", errno: errno)
        }
        defer { closedir(folder) }
        let known = Set(work.segments.map(\.path))
        var found: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let path = "\(directory)/\(name)"
            if name.hasSuffix(".segment"), !known.contains(path) { found.append(path) }
        }
        return found.sorted()
    }

    private func take(_ path: String) throws(LedgerError) {
        // What is none of ours, or was torn while it was made, has never been given to a gateway.
        guard let file = try SegmentFile.open(path) else {
            SegmentFile.setAside(path)
            return
        }
        let reader = SegmentReader(file, gateway: 0)
        if let store = work.store { try reader.resume(at: try store.position(of: reader.id)) }
        work.segments.append(reader)
    }
}

// MARK: - The database

extension LedgerKeeper {
    /// The database, opened when it is not: then it is known how far each segment is kept, and what was paid before.
    private func openStore() throws(LedgerError) -> LedgerStore {
        if let open = work.store { return open }
        try makeDirectory()
        let store = try LedgerStore(path: databasePath, day: work.dates.date)
        if work.isRebuilding {
            // The book knows more than is left.
            for segment in work.segments { try segment.keepAnew() }
            work.store = store
            return store
        }
        let kept = try store.spending()
        var places: [LedgerScan.Position?] = []
        for segment in work.segments { places.append(try store.position(of: segment.id)) }
        var unkept: [(parts: [SpendingBook.Part], gateway: Int)] = []
        for (segment, place) in zip(work.segments, places) {
            try segment.resume(at: place)
            try? segment.look(work.dates.date) { unkept.append(($0, segment.gateway)) }
        }
        books.withLock { books in
            books.spending.forget()
            for part in kept { books.spending.add(part, isOwn: false) }
            for (parts, gateway) in unkept {
                for part in parts { books.spending.add(part, isOwn: gateway == books.newest) }
            }
        }
        work.store = store
        settledElsewhere()
        return store
    }

    private func prune(_ store: LedgerStore) throws(LedgerError) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let second = UInt64(clamping: now.tv_sec)
        guard second >= work.prunedAt + Self.pruneEvery || second < work.prunedAt else { return }
        // What was not found yet has its place all the same.
        guard work.isListed, work.unopened.isEmpty else { return }
        work.prunedAt = second
        let (requests, sums) = (work.terms.requests, work.terms.sums)
        try store.prune(
            segments: work.segments.map(\.id),
            requests: (second - min(second, requests)) * 1_000_000,
            sums: (second - min(second, sums)) / 3600,
            spending: work.dates.date(of: second - min(second, LedgerStore.spendingDays * 86_400))
        )
    }
}
