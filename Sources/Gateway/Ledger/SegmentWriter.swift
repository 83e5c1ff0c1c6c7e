/// How does a loop write down what it has settled? Into the pages of its segment's file, which stay when the process is killed: a row
/// is there as soon as its length is stored, and no system call is made for it.
import Glibc
package import Inference
import Synchronization

/// Touched on its own loop only.
package final class SegmentWriter {
    private let memory: UnsafeMutableRawPointer
    private let id: UInt64
    private var epoch: UInt64 = 1
    private var offset = 0
    private let unmapsAtEnd: Bool

    /// Maps the segment of a descriptor, which is closed.
    /// - Returns: nil when it is no segment of ours that nobody has written to.
    package convenience init?(descriptor: Int32) {
        defer { close(descriptor) }
        // Behind the end of a file that is too short there is no memory, only a signal.
        guard lseek(descriptor, 0, SEEK_END) == LedgerSegment.fileBytes else { return nil }
        let bytes = LedgerSegment.fileBytes
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else {
            return nil
        }
        self.init(memory: memory, unmapsAtEnd: true)
    }

    /// Writes to memory with a segment in it, `LedgerSegment.fileBytes` long.
    package init?(memory: UnsafeMutableRawPointer, unmapsAtEnd: Bool = false) {
        self.memory = memory
        self.unmapsAtEnd = unmapsAtEnd
        let head = Array(UnsafeRawBufferPointer(start: memory, count: LedgerSegment.usedHead))
        guard let head = LedgerSegment.read(head: head), head.epochs == [1, 2] else {
            id = 0
            return nil
        }
        id = head.id
    }

    deinit {
        if unmapsAtEnd { munmap(memory, LedgerSegment.fileBytes) }
    }

    /// Writes a row down; false when there is no room: the daemon has not kept yet what was written before.
    package func append(_ row: LedgerRow) -> Bool {
        let room = LedgerSegment.padded(LedgerSegment.recordHead + LedgerRow.largest) + LedgerSegment.recordHead
        if offset + room > LedgerSegment.halfBytes, !turnOver() { return false }
        let place = memory + LedgerSegment.start(of: epoch) + offset
        let body = UnsafeMutableRawBufferPointer(start: place + LedgerSegment.recordHead, count: LedgerRow.largest)
        let count = row.write(to: body)
        let written = UnsafeRawBufferPointer(start: body.baseAddress, count: count)
        let check = LedgerSegment.check(written, segment: id, epoch: epoch)
        place.storeBytes(of: check.littleEndian, toByteOffset: 8, as: UInt64.self)
        // Behind everything else: from here on there is a record.
        Self.store(UInt32(count), at: place)
        offset += LedgerSegment.padded(LedgerSegment.recordHead + count)
        return true
    }

    /// Closes the epoch and goes on in the other half, if that has been emptied for the next one.
    private func turnOver() -> Bool {
        let next = epoch + 1
        guard Self.load(at: memory + LedgerSegment.epochPlace(of: next)) == next else { return false }
        Self.store(LedgerSegment.closed, at: memory + LedgerSegment.start(of: epoch) + offset)
        (epoch, offset) = (next, 0)
        return true
    }

    // The file is read by another process: what is stored must be seen after what it announces.

    private static func store(_ value: UInt32, at place: UnsafeMutableRawPointer) {
        place.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.store(value.littleEndian, ordering: .releasing)
    }

    private static func load(at place: UnsafeMutableRawPointer) -> UInt64 {
        UInt64(littleEndian: place.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .acquiring))
    }
}
