/// What is read of one segment, and when is it done with?
///
/// Read twice over, mostly in one go: into the *book* that budgets count from, which cannot wait, and into the database, which may have to
/// wait for the disk.
///
///     [ kept … | seen … | not yet seen … ]
import Foundation
import Inference

/// Touched by the keeper alone.
final class SegmentReader {
    /// Looked at first: enough to see that there is nothing.
    private static let glance = 4096
    /// Read at once: enough rows for a transaction to be worth its sync, and bounded.
    private static let piece = 1 << 20
    /// Halves that are read in one go: there are no more, whatever a writer says of his that may be somebody else's.
    private static let mostHalves = 2

    /// What is told of rows that were not seen before: who paid what.
    typealias Booking = ([SpendingBook.Part]) -> Void

    private let file: SegmentFile
    /// Which of this daemon's gateways writes it, counted from 1; 0: one of a daemon before.
    let gateway: Int
    /// Up to where rows are in the database; nil: the database has not been asked yet.
    private var kept: LedgerScan.Position?
    /// Up to where rows are in the book; nil: nothing is. Never before `kept`.
    private var seen: LedgerScan.Position?
    /// Whole records that hold no row which we can read, among those that were seen.
    private(set) var unreadable = 0
    /// Nobody writes it any more, and everything in it is kept.
    private(set) var isOver = false

    var id: UInt64 { file.id }
    var path: String { file.path }

    init(_ file: SegmentFile, gateway: Int) { (self.file, self.gateway) = (file, gateway) }

    /// The database says how far it has it; nil: it knows nothing of it, and gets all that is there. What it has is in the book by other
    /// ways.
    func resume(at position: LedgerScan.Position?) throws(LedgerError) {
        let place = if let position { position } else { try file.oldest() }
        (kept, seen, unreadable) = (place, place, 0)
    }

    /// The database is lost: another one gets all that is there. The book stays as it is.
    func keepAnew() throws(LedgerError) { kept = try file.oldest() }

    /// Tells of all rows that were not seen before.
    func look(_ day: (UInt64) -> Int, _ book: Booking) throws(LedgerError) {
        guard !isOver else { return }
        var place: LedgerScan.Position
        if let seen { place = seen } else { place = try file.oldest() }
        var (size, halves) = (Self.glance, 1)
        while halves <= Self.mostHalves {
            let scan = try scan(from: place, size)
            if !scan.rows.isEmpty { book(SpendingBook.parts(of: scan.rows, day: day)) }
            unreadable += scan.unreadable
            if scan.end == .closed { halves += 1 }
            place = scan.end == .closed ? scan.position.ofNextEpoch : scan.position
            seen = place
            size = Self.piece
            guard scan.end == .cut || scan.end == .closed else { return }
        }
    }

    /// Keeps what is new, and tells of it. When it throws, what was kept before stays kept, and the rest is kept later.
    func keep(in store: LedgerStore, _ book: Booking) throws(LedgerError) {
        guard !isOver, var place = kept else { return }
        // Before reading: what was written until then is read below.
        let isBeingWritten = file.isBeingWritten
        try emptyOtherHalf()
        var (size, halves) = (Self.glance, 1)
        while halves <= Self.mostHalves {
            let ahead = rowsAhead(of: place)
            // Not across the border: rows on one side of it are in the book.
            let scan = try scan(from: place, ahead.map { min($0, size) } ?? size)
            size = Self.piece
            if scan.position != place {
                let parts = try store.keep(scan.rows, of: file.id, upTo: scan.position)
                if ahead == nil {
                    book(parts)
                    unreadable += scan.unreadable
                }
            }
            place = scan.position
            advance(to: place)
            if scan.end == .closed {
                halves += 1
                place = place.ofNextEpoch
                try store.keep([], of: file.id, upTo: place)
                advance(to: place)
                try emptyOtherHalf()
            } else if scan.end != .cut {
                break
            }
        }
        guard !isBeingWritten else { return }
        // What is torn now stays so: it is cut off, with the file. What could not be read may be of use to somebody.
        if unreadable > 0 { file.setAside() } else { file.remove() }
        isOver = true
    }

    /// How many bytes from there on have been seen but not kept, within the same half; nil: none.
    private func rowsAhead(of place: LedgerScan.Position) -> Int? {
        guard let seen, seen.epoch >= place.epoch else { return nil }
        if seen.epoch > place.epoch { return LedgerSegment.halfBytes }
        return seen.offset > place.offset ? seen.offset - place.offset : nil
    }

    private func advance(to place: LedgerScan.Position) {
        kept = place
        if let seen, (seen.epoch, seen.offset) >= (place.epoch, place.offset) { return }
        seen = place
    }

    private func scan(from position: LedgerScan.Position, _ size: Int) throws(LedgerError) -> LedgerScan {
        let (bytes, isRest) = try file.bytes(from: position, atMost: size)
        return LedgerScan(bytes, from: position, segment: file.id, isRest: isRest)
    }

    /// The half of the epoch before is kept; if it is not empty yet, because the daemon was killed in between or this is the moment, it
    /// gets its next epoch.
    private func emptyOtherHalf() throws(LedgerError) {
        guard let kept, kept.epoch > 1 else { return }
        let before = kept.epoch - 1
        if try file.epochOfHalf(of: before) == before { try file.empty(before) }
    }
}
