/// What budgets count from is what the ledger has: across gateways, daemons, and while the database cannot be written or opened.
import Foundation
import Gateway
import Testing

@testable import Inference
@testable import Ledger

@Suite struct SpendingTests {
    private static let payer = SpendingBook.Payer(.key, "ci")
    private static let team = SpendingBook.Payer(.team, "platform")
    /// Of all rows here, wherever the tests run.
    private static let day = LocalDates().date(of: Rows.row(0).at / 1_000_000)

    private func paid(_ keeper: LedgerKeeper, _ payer: SpendingBook.Payer = payer) -> UInt64 {
        keeper.look()
        return keeper.paid(by: payer, per: .month, on: Self.day)
    }

    private func elsewhere(_ keeper: LedgerKeeper) -> UInt64 {
        keeper.look()
        return keeper.elsewhere([Self.payer]).first?.ofDay ?? 0
    }

    /// What rows cost, as `Rows` makes them.
    private func cost(_ numbers: Range<UInt64>) -> UInt64 {
        numbers.reduce(UInt64(0)) { sum, number in number % 5 == 0 ? sum : sum + 3 * number }
    }

    private func settle(_ numbers: Range<UInt64>, by writer: SegmentWriter) {
        for number in numbers { #expect(writer.append(Rows.row(number))) }
    }

    @Test func theNewestGatewayIsToldWhatOthersSettledAndNotWhatItDidItself() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let old = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        #expect(elsewhere(keeper) == 0)
        settle(0..<100, by: old)
        #expect(elsewhere(keeper) == 0 && paid(keeper) == cost(0..<100))
        let new = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        #expect(elsewhere(keeper) == cost(0..<100))
        // The old one finishes its streams while the new one serves.
        settle(100..<150, by: new)
        settle(150..<200, by: old)
        #expect(elsewhere(keeper) == cost(0..<100) + cost(150..<200))
        #expect(paid(keeper) == cost(0..<200))
        #expect(try keeper.usage(by: [], hours: 0..<1_000_000_000)[0].picoDollars == Int128(cost(0..<200)))
        var ofTeam: UInt64 = 0
        for number in UInt64(0)..<200 where number % 3 != 0 && number % 5 != 0 { ofTeam += 3 * number }
        #expect(paid(keeper, Self.team) == ofTeam)
        keeper.stop()
        // Settled behind the daemon's back; its successor has all of it from the ledger.
        settle(200..<210, by: old)
        let next = LedgerKeeper(directory: folder.path)
        _ = try next.segments(1).map { close($0) }
        #expect(elsewhere(next) == cost(0..<210) && paid(next) == cost(0..<210), "before anything else")
        #expect(try next.usage(by: [], hours: 0..<1_000_000_000)[0].requests == 210)
        next.stop()
    }

    /// A key that gets a budget later, or is made anew, has paid what the ledger says.
    @Test func whoIsNewToTheGatewayHasPaidWhatTheLedgerSays() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let writer = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        settle(0..<50, by: writer)
        #expect(elsewhere(keeper) == cost(0..<50), "its gateway did not count for it")
        settle(50..<80, by: writer)
        #expect(elsewhere(keeper) == cost(0..<50))
        #expect(keeper.elsewhere([]).isEmpty)
        #expect(elsewhere(keeper) == cost(0..<80), "it was no budget meanwhile")
        keeper.stop()
    }

    @Test func withoutADatabaseSegmentsAreWrittenAndBudgetsCountAndItIsFilledLater() throws {
        let folder = LedgerFolder()
        let old = try aGatewayOfADaemonBefore(folder)
        settle(20..<30, by: old)
        let (path, aside) = (folder.path + "/ledger.sqlite", folder.path + "/aside")
        for end in ["", "-wal", "-shm"] { rename(path + end, aside + end) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)

        let keeper = LedgerKeeper(directory: folder.path)
        let new = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        settle(30..<40, by: new)
        #expect(throws: LedgerError.self) { try keeper.usage(by: [], hours: 0..<1) }
        #expect(keeper.problem?.contains("waits in segments") == true, "\(keeper.problem ?? "-")")
        #expect(folder.segments.count == 2)
        // What the segments hold still, though nothing says what of it was kept before.
        #expect(paid(keeper) == cost(0..<40) && elsewhere(keeper) == cost(0..<40))
        settle(40..<50, by: new)
        #expect(paid(keeper) == cost(0..<50) && elsewhere(keeper) == cost(0..<40))

        try FileManager.default.removeItem(atPath: path)
        for end in ["", "-wal", "-shm"] { rename(aside + end, path + end) }
        let sum = try keeper.usage(by: [], hours: 0..<1_000_000_000)[0]
        #expect(sum.requests == 50 && sum.picoDollars == Int128(cost(0..<50)))
        #expect(paid(keeper) == cost(0..<50) && keeper.problem == nil)
        keeper.stop()
    }

    /// Twenty rows of it are kept.
    private func aGatewayOfADaemonBefore(_ folder: LedgerFolder) throws -> SegmentWriter {
        let daemon = LedgerKeeper(directory: folder.path)
        let writer = try #require(SegmentWriter(descriptor: try daemon.segments(1)[0]))
        settle(0..<20, by: writer)
        #expect(try daemon.usage(by: [], hours: 0..<1_000_000_000)[0].requests == 20)
        daemon.stop()
        return writer
    }

    @Test func budgetsCountWhatAFullDiskHoldsBackOnce() throws {
        let folder = LedgerFolder()
        let keeper = LedgerKeeper(directory: folder.path)
        let writer = try #require(SegmentWriter(descriptor: try keeper.segments(1)[0]))
        settle(0..<10, by: writer)
        _ = try keeper.usage(by: [], hours: 0..<1)
        try keeper.bound(pages: 1)
        settle(10..<3000, by: writer)
        #expect(try keeper.usage(by: [], hours: 0..<1_000_000_000)[0].requests < 3000)
        #expect(paid(keeper) == cost(0..<3000))
        settle(3000..<3010, by: writer)
        try keeper.bound(pages: 1_000_000)
        #expect(try keeper.usage(by: [], hours: 0..<1_000_000_000)[0].requests == 3010)
        #expect(paid(keeper) == cost(0..<3010))
        keeper.stop()
    }

    /// A descriptor too few or a disk that does not answer is no reason to give a file up.
    @Test func whatCannotBeOpenedNowIsTriedAgainAndNotSetAside() throws {
        let folder = LedgerFolder()
        let first = LedgerKeeper(directory: folder.path)
        let writer = try #require(SegmentWriter(descriptor: try first.segments(1)[0]))
        first.stop()
        settle(0..<20, by: writer)
        let path = folder.path + "/" + (try #require(folder.segments.first))
        rename(path, folder.path + "/hidden")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let keeper = LedgerKeeper(directory: folder.path)
        #expect(try keeper.usage(by: [], hours: 0..<1_000_000_000)[0].requests == 0)
        #expect(keeper.problem?.contains("cannot open") == true, "\(keeper.problem ?? "-")")
        #expect(folder.segments.count == 1)
        rmdir(path)
        rename(folder.path + "/hidden", path)
        #expect(try keeper.usage(by: [], hours: 0..<1_000_000_000)[0].requests == 20)
        #expect(keeper.problem == nil && paid(keeper) == cost(0..<20))
        keeper.stop()
    }

    @Test func aDatabaseOfEarlierDaysTellsWhatWasPaid() throws {
        let folder = LedgerFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        do {
            let store = try LedgerStore(path: folder.path + "/ledger.sqlite")
            try store.keep((0..<30).map { Rows.row($0) }, of: 1, upTo: .start)
            try store.database.run(script: "DROP TABLE spending")
        }
        let keeper = LedgerKeeper(directory: folder.path)
        #expect(try keeper.usage(by: [], hours: 0..<1_000_000_000)[0].requests == 30)
        #expect(paid(keeper) == cost(0..<30))
        keeper.stop()
    }
}
