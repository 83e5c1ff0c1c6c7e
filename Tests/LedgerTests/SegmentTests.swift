/// What is written into a segment is read there, once, wherever the bytes are cut and whoever wrote them.
import Gateway
import Testing

@testable import Inference

/// A segment in memory, as a gateway has it mapped.
final class MemorySegment {
    static let id: UInt64 = 0x1234_5678_9ABC_DEF0
    let memory = UnsafeMutableRawPointer.allocate(byteCount: LedgerSegment.fileBytes, alignment: 4096)

    init() {
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: LedgerSegment.fileBytes)
        memory.copyMemory(from: LedgerSegment.head(id: Self.id), byteCount: LedgerSegment.usedHead)
    }

    deinit { memory.deallocate() }

    func bytes(from position: LedgerScan.Position, atMost limit: Int = .max) -> [UInt8] {
        let count = min(limit, LedgerSegment.halfBytes - position.offset)
        let start = LedgerSegment.start(of: position.epoch) + position.offset
        return Array(UnsafeRawBufferPointer(start: memory + start, count: count))
    }

    func scan(from position: LedgerScan.Position = .start) -> LedgerScan {
        LedgerScan(bytes(from: position), from: position, segment: Self.id, isRest: true)
    }

    /// As the daemon does when it has kept everything of an epoch.
    func empty(_ epoch: UInt64) {
        let half = memory + LedgerSegment.start(of: epoch)
        half.initializeMemory(as: UInt8.self, repeating: 0, count: LedgerSegment.halfBytes)
        memory.storeBytes(of: epoch + 2, toByteOffset: LedgerSegment.epochPlace(of: epoch), as: UInt64.self)
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
        let segment = MemorySegment()
        let writer = try #require(SegmentWriter(memory: segment.memory))
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
        let segment = MemorySegment()
        let writer = try #require(SegmentWriter(memory: segment.memory))
        var ends: [Int] = [0]
        for number in 0..<6 {
            _ = writer.append(Rows.row(UInt64(number)))
            ends.append(segment.scan().position.offset)
        }
        let whole = segment.bytes(from: .start, atMost: ends[6] + 64)
        for cut in 0...ends[6] {
            // What is behind the cut reads as zeros.
            let torn = whole[..<cut] + Array(repeating: 0, count: whole.count - cut)
            let scan = LedgerScan(Array(torn), from: .start, segment: MemorySegment.id, isRest: true)
            // Padding behind a row is zeros anyway, so that a row may be whole a few bytes before its end.
            let least = ends.lastIndex { $0 <= cut } ?? 0
            #expect((least...least + 1).contains(scan.rows.count), "\(cut)")
            #expect(scan.rows == (0..<scan.rows.count).map { Rows.row(UInt64($0)) }, "\(cut)")
            #expect(scan.position.offset == ends[scan.rows.count], "\(cut)")
            // The same bytes as a piece that goes on: nothing is called torn for being cut.
            let piece = LedgerScan(Array(whole[..<cut]), from: .start, segment: MemorySegment.id, isRest: false)
            #expect(piece.end == .cut && piece.rows.count == least, "\(cut)")
        }
    }

    @Test func aByteThatChangedEndsTheReading() throws {
        let segment = MemorySegment()
        let writer = try #require(SegmentWriter(memory: segment.memory))
        for number in 0..<3 { _ = writer.append(Rows.row(UInt64(number))) }
        let whole = segment.bytes(from: .start, atMost: segment.scan().position.offset)
        let first = LedgerSegment.padded(LedgerSegment.recordHead + Rows.row(0).bytes.count)
        for place in 0..<first {
            var bytes = whole
            bytes[place] ^= 0x40
            let scan = LedgerScan(bytes, from: .start, segment: MemorySegment.id, isRest: true)
            let isPadding = place >= LedgerSegment.recordHead + Rows.row(0).bytes.count || (4..<8).contains(place)
            #expect(scan.rows.isEmpty != isPadding, "\(place)")
        }
    }

    @Test func whatIsLeftOfAnotherEpochOrSegmentIsNoRecord() throws {
        let segment = MemorySegment()
        let writer = try #require(SegmentWriter(memory: segment.memory))
        _ = writer.append(Rows.row(1))
        let bytes = segment.bytes(from: .start)
        let later = LedgerScan.Position(epoch: 3, offset: 0)
        #expect(LedgerScan(bytes, from: later, segment: MemorySegment.id, isRest: true).end == .torn)
        #expect(LedgerScan(bytes, from: .start, segment: 5, isRest: true).end == .torn)
    }

    @Test func theHalvesAreWrittenInTurnAndNotBeforeTheyAreEmptied() throws {
        let segment = MemorySegment()
        let writer = try #require(SegmentWriter(memory: segment.memory))
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

    @Test func memoryWithoutAFreshSegmentIsNotWrittenTo() {
        let segment = MemorySegment()
        segment.memory.storeBytes(of: 7, toByteOffset: 24, as: UInt64.self)
        #expect(SegmentWriter(memory: segment.memory) == nil)
        segment.memory.storeBytes(of: 0, toByteOffset: 0, as: UInt64.self)
        #expect(SegmentWriter(memory: segment.memory) == nil)
    }

    @Test func withoutRoomRowsAreAddedUpAndWrittenWhenThereIsSome() throws {
        let segment = MemorySegment()
        let ledger = LoopLedger(SegmentWriter(memory: segment.memory))
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
