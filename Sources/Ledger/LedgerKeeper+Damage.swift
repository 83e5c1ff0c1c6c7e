/// What when the database is not whole any more? It is put aside for people to look at, and another one is made and filled with all that
/// segments still hold: a ledger with a gap that is known is worth more than none.
import Foundation
import Inference
import Synchronization

extension LedgerKeeper {
    /// Databases that are put aside, at most: a disk that damages one after the other must not be filled with them.
    private static let mostAside = 5
    /// Notes that are kept, of which each names a file.
    private static let mostNotes = 20

    var databasePath: String { directory + "/ledger.sqlite" }

    /// Puts the database aside if that is what the error calls for and there are not many of such already; whether it did.
    func putAside(after error: LedgerError) -> Bool {
        guard case .damaged(let words) = error, asideCount < Self.mostAside else { return false }
        let wasOpen = work.store != nil
        // Closed before it is renamed: SQLite removes its log by name.
        work.store = nil
        let aside = "\(databasePath).damaged-\(stamp)"
        guard rename(databasePath, aside) == 0 else { return false }
        for end in ["-wal", "-shm"] { rename(databasePath + end, aside + end) }
        work.isRebuilding = work.isRebuilding || wasOpen
        note(
            "the ledger's database was damaged (\(words)) and is now \(aside); sums begin with what segments hold",
            of: aside
        )
        return true
    }

    /// Writes down what the book knows was paid and the segments do not hold any more: a budget that is used up stays so, whoever counts it next.
    func keepLoss(in store: LedgerStore) throws(LedgerError) {
        var left = SpendingBook()
        for part in try store.spending() { left.add(part, isOwn: false) }
        try store.add(books.withLock { $0.spending.parts(missingIn: left) })
    }

    /// Tells of a file what an operator should know; shown until the daemon ends.
    func note(_ words: String, of object: String) {
        let isNew = notes.withLock { notes in
            let place = notes.firstIndex { $0.object == object }
            if let place { notes[place].words = words } else { notes.append((object, words)) }
            if notes.count > Self.mostNotes { notes.removeFirst() }
            return place == nil
        }
        if isNew { said(words) }
    }

    private var asideCount: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return Set(
            names.filter { $0.hasPrefix("ledger.sqlite.damaged-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
        )
        .count
    }

    /// 20261126-235959, and of UTC: the name of a file.
    private var stamp: String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let date = (Int(parts.tm_year) + 1900) * 10_000 + (Int(parts.tm_mon) + 1) * 100 + Int(parts.tm_mday)
        let clock = 1_000_000 + Int(parts.tm_hour) * 10_000 + Int(parts.tm_min) * 100 + Int(parts.tm_sec)
        return "\(date)-" + "\(clock)".dropFirst()
    }
}
