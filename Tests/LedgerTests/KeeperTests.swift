/// Rows reach the database once: whoever ends in between, and whatever the disk says.
import Foundation
import Gateway
import Testing

@testable import Inference
@testable import Ledger

/// A directory of its own that goes with the test.
final class LedgerFolder {
    let path = NSTemporaryDirectory() + "ledger-\(getpid())-\(UInt64.random(in: 0 ... .max))"

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var segments: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".segment") }
    }
}

@Suite struct KeeperTests {
    private static let all: Range<UInt64> = 0..<1_000_000_000

    private func total(_ keeper: LedgerKeeper) throws -> UsageSum {
        try #require(try keeper.usage(by: [], hours: Self.all).first)
    }

    @Test func whatALoopSettlesIsAddedUpAndFoundById() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let descriptors = try keeper.segments(2)
        let loops = try descriptors.map { try #require(SegmentWriter(descriptor: $0)) }
        for number in 0..<200 { #expect(loops[number % 2].append(Rows.row(UInt64(number), key: "k\(number % 3)"))) }
        let sum = try total(keeper)
        #expect(sum.requests == 200 && sum.input == 19_900 && sum.output == 39_800)
        #expect(sum.unpriced == 40)
        #expect(sum.picoDollars == Int128((0..<200).filter { $0 % 5 != 0 }.reduce(0) { $0 + 3 * $1 }))
        let byKey = try keeper.usage(by: [.key], hours: Self.all)
        #expect(byKey.map(\.parts) == [["k0"], ["k1"], ["k2"]])
        #expect(byKey.map(\.requests) == [67, 67, 66])
        let row = Rows.row(77, key: "k2")
        let id = DecisionRecord.id(unixMicroseconds: row.at, draw: row.idLow << 16)
        #expect(try keeper.row(id: id) == row)
        #expect(try keeper.row(id: "00") == nil)
        #expect(try keeper.row(id: String(repeating: "0", count: 24)) == nil)
        keeper.stop()
    }

    @Test func aSegmentGoesWhenItsGatewayHasGoneAndAllIsKept() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        var loop = SegmentWriter(descriptor: try keeper.segments(1)[0])
        // Its descriptor is what holds the lock.
        #expect(loop?.append(Rows.row(1)) == true)
        #expect(try total(keeper).requests == 1)
        #expect(folder.segments.count == 1)
        loop = nil
        #expect(try total(keeper).requests == 1)
        #expect(folder.segments.isEmpty)
        keeper.stop()
    }

    /// The daemon is killed at any point between a row and its keeping: a second one, on copies of the files as they were then, finds
    /// every row once.
    @Test func aDaemonThatWasKilledLeavesEverythingToItsSuccessor() throws {
        let folder = LedgerFolder()
        let segmentPath: String
        do {
            let keeper = LedgerKeeper(directory: folder.path)
            let descriptor = try keeper.segments(1)[0]
            let loop = try #require(SegmentWriter(descriptor: dup(descriptor)))
            for number in 0..<100 { _ = loop.append(Rows.row(UInt64(number))) }
            #expect(try total(keeper).requests == 100)
            // Settled behind the daemon's back: as if it had been killed.
            keeper.stop()
            for number in 100..<150 { _ = loop.append(Rows.row(UInt64(number))) }
            segmentPath = try #require(folder.segments.first)
            let second = LedgerKeeper(directory: folder.path)
            #expect(try total(second).requests == 150)
            #expect(folder.segments == [segmentPath], "its gateway still writes it")
            for number in 150..<160 { _ = loop.append(Rows.row(UInt64(number))) }
            #expect(try total(second).requests == 160)
            second.stop()
            close(descriptor)
        }
        let third = LedgerKeeper(directory: folder.path)
        #expect(try total(third).requests == 160)
        #expect(folder.segments.isEmpty)
        third.stop()
    }

    @Test func aFileThatIsNoSegmentIsSetAside() throws {
        let folder = LedgerFolder()
        LedgerKeeper(directory: folder.path).stop()
        try Data([1, 2, 3]).write(to: URL(filePath: folder.path + "/x.segment"))
        let keeper = LedgerKeeper(directory: folder.path)
        #expect(try total(keeper).requests == 0)
        #expect(folder.segments.isEmpty && keeper.problem == nil)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/x.segment.unreadable"))
        keeper.stop()
    }

    /// More than both halves hold, while the keeper works as it does.
    @Test func aLongLifeOfASegmentLosesNothing() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let loop = LoopLedger(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        var inputs: UInt64 = 0
        for number in 0..<60_000 {
            let row = Rows.row(UInt64(number))
            inputs += row.input
            _ = loop.settle(row)
            if number % 10_000 == 0 { _ = try total(keeper) }
        }
        while !loop.writeSums() { _ = try total(keeper) }
        let sum = try total(keeper)
        #expect(sum.requests == 60_000 && sum.input == inputs)
        keeper.stop()
    }

    @Test func rowsAreKeptOnceAlsoWhenTheyComeTwice() throws {
        let folder = LedgerFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let store = try LedgerStore(path: folder.path + "/x.sqlite")
        let rows = (0..<10).map { Rows.row(UInt64($0)) }
        try store.keep(rows, of: 7, upTo: .init(epoch: 1, offset: 100))
        try store.keep(rows, of: 7, upTo: .init(epoch: 2, offset: 50))
        #expect(try store.usage(by: [], hours: Self.all)[0].requests == 10)
        #expect(try store.position(of: 7) == .init(epoch: 2, offset: 50))
        #expect(try store.position(of: 8) == nil)
        try store.prune(segments: [], requests: rows[5].at, sums: rows[0].hour)
        #expect(try store.position(of: 7) == nil)
        #expect(try store.usage(by: [], hours: Self.all)[0].requests == 10)
        try store.prune(segments: [], requests: .max >> 2, sums: rows[0].hour + 1)
        #expect(try store.usage(by: [], hours: Self.all)[0].requests == 0)
        #expect(try store.row(id: DecisionRecord.id(unixMicroseconds: rows[9].at, draw: 9 << 16)) == nil)
    }

    @Test func sumsStayWholeNumbersWhateverIsReported() throws {
        let folder = LedgerFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let store = try LedgerStore(path: folder.path + "/x.sqlite")
        for number in 0..<3 {
            var row = Rows.row(UInt64(number))
            (row.input, row.output, row.picoDollars, row.cachedInput) = (.max, .max, .max, .max)
            try store.keep([row], of: 1, upTo: .init(epoch: 1, offset: number))
        }
        let sum = try store.usage(by: [.key, .day], hours: Self.all)[0]
        // Two accounts, one with a team and one without, each at the most that it can hold.
        #expect(sum.requests == 3 && sum.input == 2_000_000_000_000_000)
        #expect(sum.picoDollars == 8_000_000_000_000_000_000)
        #expect(sum.parts == ["ci", "20717"])
    }

    @Test func onAFullDiskWhatWasUsedWaitsAndIsAddedUpAndNothingIsLost() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let loop = LoopLedger(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        #expect(loop.settle(Rows.row(0)))
        #expect(try total(keeper).requests == 1)
        try keeper.bound(pages: 1)
        var (inputs, number) = (UInt64(0), UInt64(1))
        while loop.settle(Rows.row(number)) {
            inputs += number
            number += 1
        }
        // Both halves are full, and more comes.
        for _ in 0..<500 {
            inputs += number
            number += 1
            _ = loop.settle(Rows.row(number))
        }
        inputs += number
        #expect(loop.isHoldingBack)
        #expect(try total(keeper).requests == 1)
        #expect(keeper.problem?.contains("full") == true, "\(keeper.problem ?? "-")")
        try keeper.bound(pages: 1_000_000)
        while !loop.writeSums() { _ = try total(keeper) }
        let sum = try total(keeper)
        #expect(sum.requests == number + 1 && sum.input == inputs)
        #expect(keeper.problem == nil)
        keeper.stop()
    }
}
