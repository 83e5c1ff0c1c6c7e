/// How is a segment made, read and emptied by the daemon? Only by pread and pwrite: the gateway has it open too and could cut it, which
/// must not become a signal here.
import Foundation
import Inference

/// Owns its descriptor; touched by the keeper alone.
final class SegmentFile {
    let path: String
    let id: UInt64
    private let descriptor: Int32

    private init(path: String, id: UInt64, descriptor: Int32) {
        (self.path, self.id, self.descriptor) = (path, id, descriptor)
    }

    deinit { close(descriptor) }

    /// Makes a segment with its room allocated, so that a disk that is full, or becomes so, is noticed here and not with each request. Where
    /// a file system cannot promise room, writing fails later, and the gateway adds up.
    /// - Returns: the segment, and a descriptor for the gateway, which holds the file locked as long as anybody has it open.
    static func make(in directory: String, id: UInt64) throws(LedgerError) -> (segment: SegmentFile, descriptor: Int32)
    {
        let path = "\(directory)/\(String(id, radix: 16)).segment"
        let writing = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard writing >= 0 else { throw .system("cannot make \(path)", errno: errno) }
        do throws(LedgerError) {
            return (try prepare(writing, path, id), writing)
        } catch {
            unlink(path)
            close(writing)
            throw error
        }
    }

    /// The same without a disk: it lasts as long as somebody has it open.
    static func make(inMemory id: UInt64) throws(LedgerError) -> (segment: SegmentFile, descriptor: Int32) {
        let name = "/martlet-ledger-\(String(id, radix: 16))"
        let writing = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard writing >= 0 else { throw .system("cannot make a segment in memory", errno: errno) }
        shm_unlink(name)
        do throws(LedgerError) {
            return (try prepare(writing, "/proc/self/fd/\(writing)", id), writing)
        } catch {
            close(writing)
            throw error
        }
    }

    private static func prepare(_ writing: Int32, _ path: String, _ id: UInt64) throws(LedgerError) -> SegmentFile {
        let failure = posix_fallocate(writing, 0, off_t(LedgerSegment.fileBytes))
        guard failure == 0 else { throw .system("there is no room for \(path)", errno: failure) }
        let head = LedgerSegment.head(id: id)
        guard pwrite(writing, head, head.count, 0) == head.count else {
            throw .system("cannot write \(path)", errno: errno)
        }
        guard flock(writing, LOCK_EX | LOCK_NB) == 0 else { throw .system("cannot lock \(path)", errno: errno) }
        guard let file = try open(path) else { throw .damaged("\(path) is no segment of a ledger") }
        return file
    }

    /// Opens a segment that is there. Throws what may pass: too many descriptors, a disk that does not answer.
    /// - Returns: nil when what is there can be read and is no segment, or was torn while it was made and never given to a gateway.
    static func open(_ path: String) throws(LedgerError) -> SegmentFile? {
        let descriptor = Foundation.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot open \(path)", errno: errno) }
        do throws(LedgerError) {
            let bytes = try read(descriptor, LedgerSegment.usedHead, at: 0, of: path)
            if let head = LedgerSegment.read(head: bytes) {
                return SegmentFile(path: path, id: head.id, descriptor: descriptor)
            }
        } catch {
            close(descriptor)
            throw error
        }
        close(descriptor)
        return nil
    }

    /// Whether a gateway still has it open.
    var isBeingWritten: Bool {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return true }
        flock(descriptor, LOCK_UN)
        return false
    }

    /// At most so many bytes from a position on, and whether the half ends with them. What is behind the end of a file that was cut
    /// reads as nothing: zeros.
    func bytes(
        from position: LedgerScan.Position,
        atMost limit: Int
    ) throws(LedgerError) -> (bytes: [UInt8], isRest: Bool) {
        let rest = max(0, LedgerSegment.halfBytes - position.offset)
        let count = min(limit, rest)
        let place = LedgerSegment.start(of: position.epoch) + position.offset
        let bytes = try Self.read(descriptor, count, at: place, of: path)
        return (bytes + Array(repeating: 0, count: count - bytes.count), count == rest)
    }

    /// Empties the half of an epoch that is kept, and gives it its next one.
    func empty(_ epoch: UInt64) throws(LedgerError) {
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        for offset in stride(from: 0, to: LedgerSegment.halfBytes, by: zeros.count) {
            try write(zeros, at: LedgerSegment.start(of: epoch) + offset)
        }
        let next = epoch + 2
        try write(
            (0..<8).map { UInt8(truncatingIfNeeded: next >> UInt64($0 * 8)) },
            at: LedgerSegment.epochPlace(of: epoch)
        )
    }

    /// The epoch that the half of this one is for.
    func epochOfHalf(of epoch: UInt64) throws(LedgerError) -> UInt64? {
        let bytes = try Self.read(descriptor, LedgerSegment.usedHead, at: 0, of: path)
        return LedgerSegment.read(head: bytes)?.epochs[epoch & 1 == 0 ? 1 : 0]
    }

    /// Turns of a segment: with one in a second, more than it can have.
    private static let mostEpochs: UInt64 = 1 << 48

    /// Where the oldest rows stand that are still there.
    func oldest() throws(LedgerError) -> LedgerScan.Position {
        let bytes = try Self.read(descriptor, LedgerSegment.usedHead, at: 0, of: path)
        // A head that others may have written too: what no writer reaches counts as the beginning.
        let epoch = LedgerSegment.read(head: bytes)?.epochs.min() ?? 1
        return LedgerScan.Position(epoch: epoch < Self.mostEpochs ? epoch : 1, offset: 0)
    }

    /// Files that are set aside, at most; they are for people to look at, and must not fill the disk.
    private static let mostAside = 16
    private static let aside = ".unreadable"

    /// Keeps it under another name, unless there are many of such already.
    func setAside() {
        if !isInMemory, Self.asideCount(in: path) < Self.mostAside { rename(path, path + Self.aside) } else { remove() }
    }

    /// Sets a file aside that is no segment.
    static func setAside(_ path: String) { rename(path, path + aside) }

    private static func asideCount(in path: String) -> Int {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.count { $0.hasSuffix(aside) }
    }

    /// Of one in memory nothing stays anyway.
    func remove() { if !isInMemory { unlink(path) } }

    private var isInMemory: Bool { path.hasPrefix("/proc/") }

    private func write(_ bytes: [UInt8], at place: Int) throws(LedgerError) {
        guard pwrite(descriptor, bytes, bytes.count, off_t(place)) == bytes.count else {
            throw .system("cannot write \(path)", errno: errno)
        }
    }

    /// So many bytes; fewer where the file ends before.
    private static func read(
        _ descriptor: Int32,
        _ count: Int,
        at place: Int,
        of path: String
    ) throws(LedgerError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, taken in
            while taken < count {
                let next = pread(
                    descriptor,
                    buffer.baseAddress.map { $0 + taken },
                    count - taken,
                    off_t(place + taken)
                )
                if next < 0 { failure = errno }
                guard next > 0 else { return }
                taken += next
            }
        }
        guard failure == 0 else { throw .system("cannot read \(path)", errno: failure) }
        return bytes
    }
}

/// Why the ledger cannot do what it is for.
package enum LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A call failed with this errno.
    case system(String, errno: Int32)
    /// The database said so.
    case database(String)
    case damaged(String)

    package var description: String {
        switch self {
        case .system(let what, let errno): "\(what): \(String(cString: strerror(errno)))"
        case .database(let words): words
        case .damaged(let words): words
        }
    }
}
