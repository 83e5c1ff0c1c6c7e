/// What is read of one segment, and when is it done with?
import Foundation
import Inference

/// Touched by the keeper alone.
final class SegmentReader {
    /// Looked at first: enough to see that there is nothing.
    private static let glance = 4096
    /// Read at once: enough rows for a transaction to be worth its sync, and bounded.
    private static let piece = 1 << 20

    private let file: SegmentFile
    private var position: LedgerScan.Position
    /// Nobody writes it any more, and everything in it is kept.
    private(set) var isOver = false

    var id: UInt64 { file.id }

    init(_ file: SegmentFile, from position: LedgerScan.Position) { (self.file, self.position) = (file, position) }

    /// Keeps what is new. When it throws, what was kept before stays kept, and the rest is kept later.
    func keep(in store: LedgerStore) throws(LedgerError) {
        guard !isOver else { return }
        // Before reading: what was written until then is read below.
        let isBeingWritten = file.isBeingWritten
        try emptyOtherHalf()
        var size = Self.glance
        while true {
            // What cannot be read now is not over: it may be read another time.
            guard let scan = scan(size) else { throw .system("cannot read a segment of the ledger", errno: errno) }
            size = Self.piece
            if scan.position != position { try store.keep(scan.rows, of: file.id, upTo: scan.position) }
            position = scan.position
            if scan.end == .closed {
                let next = LedgerScan.Position(epoch: position.epoch + 1, offset: 0)
                try store.keep([], of: file.id, upTo: next)
                position = next
                try emptyOtherHalf()
            } else if scan.end != .cut {
                break
            }
        }
        guard !isBeingWritten else { return }
        // What is torn now stays so: it is cut off, with the file.
        file.remove()
        isOver = true
    }

    private func scan(_ size: Int) -> LedgerScan? {
        file.bytes(from: position, atMost: size).map {
            LedgerScan($0.bytes, from: position, segment: file.id, isRest: $0.isRest)
        }
    }

    /// The half of the epoch before is kept; if it is not empty yet, because the daemon was killed in between or this is the moment, it
    /// gets its next epoch.
    private func emptyOtherHalf() throws(LedgerError) {
        guard position.epoch > 1 else { return }
        let before = position.epoch - 1
        if file.epochOfHalf(of: before) == before { try file.empty(before) }
    }
}
