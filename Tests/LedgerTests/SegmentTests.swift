/// What is written into a segment is read there, once, wherever the bytes are cut and whoever wrote them.
import Foundation
import Gateway
import Testing

@testable import Inference

/// A segment's file, as a gateway has it open; gone with the test.
final class SegmentOnDisk {
    static let id: UInt64 = 0x1234_5678_9ABC_DEF0
    private let descriptor: Int32

    init() throws {
        var path = Array((NSTemporaryDirectory() + "segment-XXXXXX").utf8CString)
        descriptor = mkstemp(&path)
        try #require(descriptor >= 0)
        unlink(path)
        try #require(ftruncate(descriptor, off_t(LedgerSegment.fileBytes)) == 0)
        put(LedgerSegment.head(id: Self.id), at: 0)
    }

    deinit { close(descriptor) }

    func writer() -> SegmentWriter? { SegmentWriter(descriptor: dup(descriptor)) }

    /// For a writer under whom the disk is to change.
    func descriptorToLose() throws -> Int32 {
        let copy = dup(descriptor)
        try #require(copy >= 0)
        return copy
    }

    func put(_ bytes: [UInt8], at place: Int) {
        #expect(pwrite(descriptor, bytes, bytes.count, off_t(place)) == bytes.count)
    }

    func put(_ number: UInt64, at place: Int) {
        put((0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }, at: place)
    }

    func bytes(from position: LedgerScan.Position, atMost limit: Int = .max) -> [UInt8] {
        let count = min(limit, LedgerSegment.halfBytes - position.offset)
        let start = LedgerSegment.start(of: position.epoch) + position.offset
        var bytes = [UInt8](repeating: 0, count: count)
        #expect(pread(descriptor, &bytes, count, off_t(start)) == count)
        return bytes
    }

    func scan(from position: LedgerScan.Position = .start) -> LedgerScan {
        LedgerScan(bytes(from: position), from: position, segment: Self.id, isRest: true)
    }

    /// As the daemon does when it has kept everything of an epoch.
    func empty(_ epoch: UInt64) {
        put([UInt8](repeating: 0, count: LedgerSegment.halfBytes), at: LedgerSegment.start(of: epoch))
        put(epoch + 2, at: LedgerSegment.epochPlace(of: epoch))
    }
}

enum Rows {
    static func row(_ number: UInt64, key: String = "ci", model: String = "m") -> LedgerRow {
        var row = LedgerRow(
            at: 1_790_000_000_000_000 + number,
            input: number,
            output: 2 * number,
            picoDollars: number % 5 == 0 ? nil : 3 * number,
            key: key,
            team: number % 3 == 0 ? "" : "platform",
            model: model,
            provider: "one",
            member: "chat.big",
            requestedModel: String(repeating: "x", count: Int(number % 40)),
            prices: "0123abcd"
        )
        (row.idHigh, row.idLow) = (row.at / 1000, number)
        row.unpriced = row.picoDollars == nil ? 1 : 0
        (row.cachedInput, row.reasoning) = (number % 2 == 0 ? number : nil, number % 4 == 0 ? 1 : nil)
        (row.outcome, row.status) = (number % 7 == 0 ? .clientGone : .answered, number % 7 == 0 ? 0 : 200)
        return row
    }
}

@Suite struct SegmentTests {
    @Test func aRowComesBackAsItWas() {
        for number in 0..<100 {
            #expect(LedgerRow(bytes: Rows.row(UInt64(number)).bytes[...]) == Rows.row(UInt64(number)))
        }
        var sum = LedgerRow(sumOf: Rows.row(1).account)
        for number in 0..<10 { sum.add(Rows.row(UInt64(number))) }
        #expect(LedgerRow(bytes: sum.bytes[...]) == sum)
        #expect(sum.isSum && sum.requests == 10 && sum.input == 45 && sum.unpriced == 2)
    }

    @Test func longNamesAreCutBetweenCharacters() throws {
        var row = Rows.row(1)
        row.key = String(repeating: "ä", count: 200)
        let back = try #require(LedgerRow(bytes: row.bytes[...]))
        #expect(back.key == String(repeating: "ä", count: 127))
    }

    @Test func noPieceOfARowIsARow() {
        let bytes = Rows.row(33).bytes
        for count in 0..<bytes.count { #expect(LedgerRow(bytes: bytes[..<count]) == nil, "\(count)") }
        #expect(LedgerRow(bytes: bytes[...] + [0]) == nil)
    }

    @Test func whatIsWrittenIsReadInOrder() throws {
        let segment = try SegmentOnDisk()
        let writer = try #require(segment.writer())
        #expect(segment.scan().rows.isEmpty && segment.scan().end == .open)
        for number in 0..<50 {
            #expect(writer.append(Rows.row(UInt64(number))))
            #expect(segment.scan().rows.count == number + 1)
        }
        let scan = segment.scan()
        #expect(scan.rows == (0..<50).map { Rows.row($0) } && scan.end == .open && scan.unreadable == 0)
        #expect(segment.scan(from: scan.position).rows.isEmpty)
    }

    /// As a crash of the machine may leave it: everything from some byte on is not there.
    @Test func cutAtEveryByteItHoldsTheRowsBeforeTheCut() throws {
        let segment = try SegmentOnDisk()
        let writer = try #require(segment.writer())
        var ends: [Int] = [0]
        for number in 0..<6 {
            _ = writer.append(Rows.row(UInt64(number)))
            ends.append(segment.scan().position.offset)
        }
        let whole = segment.bytes(from: .start, atMost: ends[6] + 64)
        for cut in 0...ends[6] {
            // What is behind the cut reads as zeros.
            let torn = whole[..<cut] + Array(repeating: 0, count: whole.count - cut)
            let scan = LedgerScan(Array(torn), from: .start, segment: SegmentOnDisk.id, isRest: true)
            // Padding behind a row is zeros anyway, so that a row may be whole a few bytes before its end.
            let least = ends.lastIndex { $0 <= cut } ?? 0
            #expect((least...least + 1).contains(scan.rows.count), "\(cut)")
            #expect(scan.rows == (0..<scan.rows.count).map { Rows.row(UInt64($0)) }, "\(cut)")
            #expect(scan.position.offset == ends[scan.rows.count], "\(cut)")
            // The same bytes as a piece that goes on: nothing is called torn for being cut.
            let piece = LedgerScan(Array(whole[..<cut]), from: .start, segment: SegmentOnDisk.id, isRest: false)
            #expect(piece.end == .cut && piece.rows.count == least, "\(cut)")
        }
    }

    @Test func aByteThatChangedEndsTheReading() throws {
        let segment = try SegmentOnDisk()
        let writer = try #require(segment.writer())
        for number in 0..<3 { _ = writer.append(Rows.row(UInt64(number))) }
        let whole = segment.bytes(from: .start, atMost: segment.scan().position.offset)
        let first = LedgerSegment.padded(LedgerSegment.recordHead + Rows.row(0).bytes.count)
        for place in 0..<first {
            var bytes = whole
            bytes[place] ^= 0x40
            let scan = LedgerScan(bytes, from: .start, segment: SegmentOnDisk.id, isRest: true)
            let isPadding = place >= LedgerSegment.recordHead + Rows.row(0).bytes.count || (4..<8).contains(place)
            #expect(scan.rows.isEmpty != isPadding, "\(place)")
        }
    }

    @Test func whatIsLeftOfAnotherEpochOrSegmentIsNoRecord() throws {
        let segment = try SegmentOnDisk()
        let writer = try #require(segment.writer())
        _ = writer.append(Rows.row(1))
        let bytes = segment.bytes(from: .start)
        let later = LedgerScan.Position(epoch: 3, offset: 0)
        #expect(LedgerScan(bytes, from: later, segment: SegmentOnDisk.id, isRest: true).end == .torn)
        #expect(LedgerScan(bytes, from: .start, segment: 5, isRest: true).end == .torn)
    }

    @Test func theHalvesAreWrittenInTurnAndNotBeforeTheyAreEmptied() throws {
        let segment = try SegmentOnDisk()
        let writer = try #require(segment.writer())
        var (written, read, position) = (UInt64(0), UInt64(0), LedgerScan.Position.start)
        for round in 0..<3 {
            while writer.append(Rows.row(written)) { written += 1 }
            // Both halves are full, but for the first round, which fills two.
            var closed = 0
            while true {
                let scan = segment.scan(from: position)
                for row in scan.rows {
                    #expect(row.idLow == read)
                    read += 1
                }
                position = scan.position
                guard scan.end == .closed, closed == 0 else { break }
                segment.empty(position.epoch)
                position = LedgerScan.Position(epoch: position.epoch + 1, offset: 0)
                closed += 1
            }
            #expect(closed == 1, "\(round)")
            #expect(read == written, "\(round)")
        }
        #expect(position.epoch == 4)
        // Four halves of 4 MiB have gone through, in records of at most 300 bytes.
        #expect(written > 50_000)
    }

    @Test func aFileWithoutAFreshSegmentIsNotWrittenTo() throws {
        let segment = try SegmentOnDisk()
        segment.put(7, at: 24)
        #expect(segment.writer() == nil)
        segment.put(0, at: 0)
        #expect(segment.writer() == nil)
        #expect(SegmentWriter(descriptor: -1) == nil)
    }

    @Test func withoutRoomRowsAreAddedUpAndWrittenWhenThereIsSome() throws {
        let segment = try SegmentOnDisk()
        let ledger = LoopLedger(segment.writer())
        var kept: UInt64 = 0
        while ledger.settle(Rows.row(kept)) { kept += 1 }
        for number in 1..<1000 { #expect(!ledger.settle(Rows.row(kept + UInt64(number), key: "k\(number % 10)"))) }
        #expect(ledger.isHoldingBack && !ledger.writeSums())
        segment.empty(1)
        #expect(ledger.writeSums() && !ledger.isHoldingBack)
        let scan = segment.scan(from: .init(epoch: 3, offset: 0))
        // One key of the first row, ten of the others; with and without a team.
        #expect(scan.rows.allSatisfy(\.isSum) && scan.rows.count <= 22)
        #expect(scan.rows.reduce(0) { $0 + $1.requests } == 1000)
        let inputs = (kept..<kept + 1000).reduce(0) { $0 + $1 }
        #expect(scan.rows.reduce(0) { $0 + $1.input } == inputs)
        #expect(ledger.settle(Rows.row(1)))
    }

    /// A disk without room, as a file system tells it that promised none: an error, and no signal that ends the gateway.
    @Test func aDiskThatTakesNoMoreEndsNothing() throws {
        let full = open("/dev/full", O_RDWR)
        defer { close(full) }
        let segment = try SegmentOnDisk()
        let descriptor = try segment.descriptorToLose()
        let ledger = LoopLedger(SegmentWriter(descriptor: descriptor))
        #expect(ledger.settle(Rows.row(1)))
        let kept = dup(descriptor)
        defer { close(kept) }
        try #require(dup2(full, descriptor) == descriptor)
        for number in 2..<10 { #expect(!ledger.settle(Rows.row(UInt64(number)))) }
        #expect(ledger.isHoldingBack && !ledger.writeSums())
        try #require(dup2(kept, descriptor) == descriptor)
        #expect(ledger.writeSums() && ledger.settle(Rows.row(10)))
        let rows = segment.scan().rows
        #expect(rows.reduce(0) { $0 + $1.requests } == 10 && rows.reduce(0) { $0 + $1.input } == 55)
    }

    @Test func sumsAreBoundedWhateverComes() {
        var sums = LedgerSums()
        for number in 0..<10_000 { sums.add(Rows.row(UInt64(number), key: "key \(number)")) }
        let all = sums.takeAll()
        #expect(all.count <= LedgerSums.mostAccounts + 64)
        #expect(all.reduce(0) { $0 + $1.requests } == 10_000)
        #expect(all.contains { $0.key == LedgerSums.rest })
        #expect(sums.isEmpty)
    }
}
