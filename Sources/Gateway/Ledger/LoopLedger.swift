/// What becomes of a settled request? It is written into the loop's segment; while there is no room, because the daemon cannot keep
/// what it reads there, it is added up by account and hour, and the sums are written when there is room again.
package import Inference

/// Touched on its own loop only.
package final class LoopLedger {
    private let writer: SegmentWriter?
    private var sums = LedgerSums()

    /// - Parameter writer: nil: there is no ledger, and nothing is kept.
    package init(_ writer: SegmentWriter?) { self.writer = writer }

    /// Whether rows wait that could not be written.
    package var isHoldingBack: Bool { !sums.isEmpty }

    /// Keeps a row.
    /// - Returns: false when it was only added to a sum.
    package func settle(_ row: LedgerRow) -> Bool {
        guard let writer else { return true }
        // Sums that wait go first, and are tried now and then: not with each request.
        if sums.isEmpty, writer.append(row) { return true }
        sums.add(row)
        return false
    }

    /// Writes the sums that wait, as many as there is room for.
    /// - Returns: whether none is left.
    @discardableResult
    package func writeSums() -> Bool {
        guard !sums.isEmpty, let writer else { return true }
        var waiting = sums.takeAll()[...]
        while let row = waiting.first, writer.append(row) { waiting.removeFirst() }
        for row in waiting { sums.add(row) }
        return waiting.isEmpty
    }
}
