/// What is left when a file of the ledger is not what it was: a damaged database, rows that cannot be read, a segment by a writer who means
/// harm.
import Foundation
import Gateway
import Testing

@testable import Inference
@testable import Ledger

@Suite struct DamageTests {
    private static let all: Range<UInt64> = 0..<1_000_000_000
    private static let payer = SpendingBook.Payer(.key, "ci")
    private static let day = LocalDates().date(of: Rows.row(0).at / 1_000_000)

    private func requests(_ keeper: LedgerKeeper) throws -> UInt64 {
        try #require(try keeper.usage(by: [], hours: Self.all).first).requests
    }

    private func settle(_ numbers: Range<UInt64>, by writer: SegmentWriter) {
        for number in numbers { #expect(writer.append(Rows.row(number))) }
    }

    private func cost(_ numbers: Range<UInt64>) -> UInt64 {
        numbers.reduce(UInt64(0)) { sum, number in number % 5 == 0 ? sum : sum + 3 * number }
    }

    private func damaged(in folder: LedgerFolder) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
            .filter { $0.hasPrefix("ledger.sqlite.damaged-") }
    }

    /// As a disk leaves it that has lost the first page.
    private func damage(_ folder: LedgerFolder) throws {
        let path = folder.path + "/ledger.sqlite"
        for end in ["-wal", "-shm"] { unlink(path + end) }
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try file.close()
    }

    @Test func aDamagedDatabaseIsPutAsideAndAnotherFilledFromTheSegments() throws {
        let folder = LedgerFolder()
        let first = LedgerKeeper(directory: folder.path)
        let writer = try #require(SegmentWriter(descriptor: try first.segments(1)[0]))
        settle(0..<20, by: writer)
        #expect(try requests(first) == 20)
        first.stop()
        try damage(folder)
        settle(20..<30, by: writer)

        let keeper = LedgerKeeper(directory: folder.path)
        #expect(try requests(keeper) == 30, "its segment has all of them still")
        #expect(damaged(in: folder).count == 1 && keeper.problem == nil)
        let alarm = try #require(keeper.alarms.first)
        #expect(alarm.contains("damaged") && alarm.contains(damaged(in: folder)[0]), "\(alarm)")
        #expect(keeper.paid(by: Self.payer, per: .month, on: Self.day) == cost(0..<30))
        settle(30..<40, by: writer)
        #expect(try requests(keeper) == 40)
        keeper.stop()
    }

    /// Both halves have been turned over: what is left of them begins in the middle.
    @Test func ofALongSegmentAllThatItHoldsIsFoundAgain() throws {
        let folder = LedgerFolder()
        let first = LedgerKeeper(directory: folder.path)
        let writer = try #require(SegmentWriter(descriptor: try first.segments(1)[0]))
        var settled: UInt64 = 0
        for _ in 0..<30 {
            while settled % 2000 != 1999, writer.append(Rows.row(settled)) { settled += 1 }
            _ = try requests(first)
            if writer.append(Rows.row(settled)) { settled += 1 }
        }
        #expect(settled == 60_000)
        #expect(try requests(first) == settled)
        first.stop()
        try damage(folder)
        let keeper = LedgerKeeper(directory: folder.path)
        let left = try requests(keeper)
        #expect(left > 0 && left < settled)
        for number in [settled - 1, settled - left] {
            let id = DecisionRecord.id(unixMicroseconds: Rows.row(number).at, draw: number << 16)
            #expect(try keeper.row(id: id) == Rows.row(number), "the newest, and the oldest of them")
        }
        keeper.stop()
    }

    @Test func whatBudgetsKnowSurvivesTheDatabaseForAsLongAsTheDaemonLives() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let old = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        settle(0..<20, by: old)
        #expect(try requests(keeper) == 20)
        let new = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        settle(20..<30, by: new)
        keeper.look()
        keeper.queue.sync { #expect(keeper.putAside(after: .damaged("a page is gone"))) }
        settle(30..<40, by: new)
        #expect(try requests(keeper) == 40)
        #expect(keeper.paid(by: Self.payer, per: .month, on: Self.day) == cost(0..<40))
        keeper.stop()
    }

    /// The segment of what was paid first has gone with its gateway: it stood in the database alone.
    @Test func whatWasPaidSurvivesTheDatabaseAndThenTheDaemon() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        var old = SegmentWriter(descriptor: try keeper.segments(1)[0])
        for number in 0..<20 as Range<UInt64> { #expect(old?.append(Rows.row(number)) == true) }
        #expect(try requests(keeper) == 20)
        old = nil
        #expect(try requests(keeper) == 20 && folder.segments.isEmpty)
        let new = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        settle(20..<30, by: new)
        keeper.queue.sync { #expect(keeper.putAside(after: .damaged("a page is gone"))) }
        settle(30..<40, by: new)
        #expect(try requests(keeper) == 20, "single requests are lost with the database")
        keeper.stop()
        let next = LedgerKeeper(directory: folder.path)
        #expect(try requests(next) == 20)
        for span in [SpendingLimit.Span.day, .month] {
            #expect(next.paid(by: Self.payer, per: span, on: Self.day) == cost(0..<40), "\(span)")
        }
        next.stop()
    }

    private struct Dice: RandomNumberGenerator {
        var state: UInt64 = 7

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    /// Of the last day that somebody paid on, and of its month: no budget asks for others.
    @Test func aBookThatIsFilledWithWhatItMissesKnowsWhatTheOtherKnows() {
        var random = Dice()
        for _ in 0..<500 {
            var (all, left) = (SpendingBook(), SpendingBook())
            var last: [SpendingBook.Payer: Int] = [:]
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let payer = SpendingBook.Payer(.key, "k\(Int.random(in: 0...2, using: &random))")
                let month = 20_261_000 + 100 * Int.random(in: 0...1, using: &random)
                let day = month + Int.random(in: 1...3, using: &random)
                let part = SpendingBook.Part(payer, day: day, picoDollars: .random(in: 1...9, using: &random))
                last[payer] = max(last[payer] ?? 0, day)
                all.add(part, isOwn: false)
                if Bool.random(using: &random) { left.add(part, isOwn: false) }
            }
            for part in all.parts(missingIn: left) { left.add(part, isOwn: false) }
            for (payer, day) in last {
                for span in [SpendingLimit.Span.day, .month] {
                    let known = all.paid(by: payer, per: span, on: day)
                    #expect(known > 0 && left.paid(by: payer, per: span, on: day) == known)
                }
            }
        }
    }

    @Test func noDiskIsFilledWithDamagedDatabases() throws {
        let folder = LedgerFolder()
        LedgerKeeper(directory: folder.path).stop()
        for number in 0..<5 {
            try Data().write(to: URL(filePath: folder.path + "/ledger.sqlite.damaged-2026110\(number)-000000"))
        }
        try damage(folder)
        let keeper = LedgerKeeper(directory: folder.path)
        #expect(throws: LedgerError.self) { try requests(keeper) }
        #expect(damaged(in: folder).count == 5 && keeper.problem != nil)
        keeper.stop()
    }

    /// A record whose check holds and whose row is of a form that nobody knows.
    private func strangeRecord(_ segment: UInt64, _ row: LedgerRow) -> [UInt8] {
        var body = row.bytes
        body[0] = 99
        let check = body.withUnsafeBytes { LedgerSegment.check($0, segment: segment, epoch: 1) }
        let head = [UInt64(body.count), check].flatMap(Self.bytes)
        let record = head + body
        return record + Array(repeating: 0, count: LedgerSegment.padded(record.count) - record.count)
    }

    private static func bytes(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }

    private static func id(of descriptor: Int32) throws -> UInt64 {
        var head = [UInt8](repeating: 0, count: LedgerSegment.usedHead)
        try #require(pread(descriptor, &head, head.count, 0) == head.count)
        return try #require(LedgerSegment.read(head: head)).id
    }

    private func put(_ bytes: [UInt8], _ place: Int, _ descriptor: Int32) {
        #expect(pwrite(descriptor, bytes, bytes.count, off_t(place)) == bytes.count)
    }

    @Test func rowsThatCannotBeReadAreCountedAndTheirFileIsKept() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let descriptor = try keeper.segments(1)[0]
        let id = try Self.id(of: descriptor)
        let records = strangeRecord(id, Rows.row(1)) + strangeRecord(id, Rows.row(2))
        put(records, LedgerSegment.start(of: 1), descriptor)
        #expect(try requests(keeper) == 0)
        let path = try #require(folder.segments.first)
        let alarm = try #require(keeper.alarms.first)
        #expect(alarm.hasPrefix("2 rows of ") && alarm.contains(path), "\(alarm)")
        _ = try requests(keeper)
        #expect(keeper.alarms == [alarm], "each is counted once")
        close(descriptor)
        _ = try requests(keeper)
        #expect(folder.segments.isEmpty && keeper.alarms == [alarm])
        #expect(FileManager.default.fileExists(atPath: folder.path + "/" + path + ".unreadable"))
        keeper.stop()
    }

    /// Heads and halves that a gateway could write which is not ours any more: with a database, and without.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [[1, 2], [.max, .max], [2, 1], [.max - 1, 3]] as [[UInt64]],
        [true, false]
    )
    func aSegmentOfClosedHalvesIsReadToItsEnd(_ epochs: [UInt64], _ hasDatabase: Bool) throws {
        let folder = LedgerFolder()
        if !hasDatabase {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/ledger.sqlite",
                withIntermediateDirectories: true
            )
        }
        let keeper = LedgerKeeper(directory: folder.path)
        let descriptor = try keeper.segments(1)[0]
        for (place, epoch) in zip(LedgerSegment.epochPlaces, epochs) { put(Self.bytes(epoch), place, descriptor) }
        for epoch in [UInt64(1), 2] {
            put(Self.bytes(UInt64(LedgerSegment.closed)), LedgerSegment.start(of: epoch), descriptor)
        }
        for _ in 0..<3 {
            keeper.look()
            if hasDatabase { #expect(try requests(keeper) == 0) }
        }
        close(descriptor)
        keeper.stop()
    }
}
