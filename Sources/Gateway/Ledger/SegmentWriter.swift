/// How does a loop write down what it has settled? With one `pwrite` to its segment's file: what that has taken stays when the process is
/// killed, and a disk that is full, slow to allocate or broken is an error of that call. A mapping would save the call and make such a disk
/// a signal that ends all streams (decision 30).
import Glibc
package import Inference

/// Touched on its own loop only.
package final class SegmentWriter {
    /// Stays open: the daemon's lock on the file is its sign that somebody writes here.
    private let descriptor: Int32
    private let id: UInt64
    private var epoch: UInt64 = 1
    private var offset = 0
    /// The record that is being made: head, row, and zeros up to the next record's place.
    private let record = UnsafeMutableRawBufferPointer.allocate(byteCount: largestRecord, alignment: 8)

    private static let largestRecord = LedgerSegment.padded(LedgerSegment.recordHead + LedgerRow.largest)

    /// Writes to the segment of a descriptor, which it takes over.
    /// - Returns: nil when it is no segment of ours that nobody has written to; the descriptor is closed then.
    package init?(descriptor: Int32) {
        self.descriptor = descriptor
        let head = Self.head(of: descriptor)
        id = head?.id ?? 0
        guard head?.epochs == [1, 2], lseek(descriptor, 0, SEEK_END) == LedgerSegment.fileBytes else { return nil }
    }

    deinit {
        record.deallocate()
        close(descriptor)
    }

    private static func head(of descriptor: Int32) -> (id: UInt64, epochs: [UInt64])? {
        var bytes = [UInt8](repeating: 0, count: LedgerSegment.usedHead)
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else { return nil }
        return LedgerSegment.read(head: bytes)
    }

    /// Writes a row down; false when there is no room: the daemon has not kept yet what was written before, or the disk takes no more.
    package func append(_ row: LedgerRow) -> Bool {
        let room = Self.largestRecord + LedgerSegment.recordHead
        if offset + room > LedgerSegment.halfBytes, !turnOver() { return false }
        let body = UnsafeMutableRawBufferPointer(rebasing: record[LedgerSegment.recordHead...])
        let count = row.write(to: body)
        let length = LedgerSegment.padded(LedgerSegment.recordHead + count)
        for place in (LedgerSegment.recordHead + count)..<length { record[place] = 0 }
        let written = UnsafeRawBufferPointer(rebasing: body[..<count])
        let check = LedgerSegment.check(written, segment: id, epoch: epoch)
        record.storeBytes(of: UInt64(count).littleEndian, as: UInt64.self)
        record.storeBytes(of: check.littleEndian, toByteOffset: 8, as: UInt64.self)
        // Half a record, after a disk that took no more of it, has no check that holds, and the next one takes its place.
        guard write(length, at: LedgerSegment.start(of: epoch) + offset) else { return false }
        offset += length
        return true
    }

    /// Closes the epoch and goes on in the other half, if that has been emptied for the next one.
    private func turnOver() -> Bool {
        let next = epoch + 1
        guard let head = Self.head(of: descriptor), head.epochs.contains(next) else { return false }
        record.storeBytes(of: UInt64(LedgerSegment.closed).littleEndian, as: UInt64.self)
        guard write(8, at: LedgerSegment.start(of: epoch) + offset) else { return false }
        (epoch, offset) = (next, 0)
        return true
    }

    private func write(_ count: Int, at place: Int) -> Bool {
        pwrite(descriptor, record.baseAddress, count, off_t(place)) == count
    }
}
