/// Pictures, time and characters are kept as tokens are, also in a database of before there were any.
import Foundation
import Testing

@testable import Inference
@testable import Ledger

@Suite struct MediaUnitTests {
    private static let all: Range<UInt64> = 0..<1_000_000_000

    private static func row(_ number: UInt64) -> LedgerRow {
        var row = Rows.row(number)
        row.units = MediaUnits(images: number, milliseconds: 1000 * number, characters: .max - number)
        return row
    }

    @Test func aRowComesBackAsItWas() {
        for number in 1..<50 {
            let row = Self.row(UInt64(number))
            #expect(LedgerRow(bytes: row.bytes[...]) == row)
            #expect(
                row.bytes.count <= LedgerRow.largest && row.bytes.count == Rows.row(UInt64(number)).bytes.count + 16
            )
            // Cut anywhere it is none.
            for end in 0..<row.bytes.count { #expect(LedgerRow(bytes: row.bytes[..<end]) == nil) }
        }
    }

    @Test func unitsAreAddedUp() throws {
        let folder = LedgerFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let store = try LedgerStore(path: folder.path + "/x.sqlite")
        var rows = (1..<4).map { Rows.row(UInt64($0)) }
        for place in rows.indices { rows[place].units = MediaUnits(images: 2, milliseconds: 1500, characters: 7) }
        try store.keep(rows, of: 7, upTo: .init(epoch: 1, offset: 100))
        let sum = try store.usage(by: [], hours: Self.all)[0]
        #expect(sum.units == MediaUnits(images: 6, milliseconds: 4500, characters: 21))
        #expect(sum.input == rows.reduce(0) { $0 + $1.input })
        var total = LedgerRow(sumOf: rows[0].account)
        for row in rows { total.add(row) }
        #expect(total.units == sum.units)
    }

    @Test func anOlderDatabaseGetsPlacesForThem() throws {
        let folder = LedgerFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = folder.path + "/x.sqlite"
        let old = try SQLite(path: path)
        try old.run(
            script: """
                CREATE TABLE usage (
                    hour INTEGER NOT NULL, key TEXT NOT NULL, team TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
                    requests INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cached INTEGER NOT NULL,
                    written INTEGER NOT NULL, reasoning INTEGER NOT NULL, cost INTEGER NOT NULL, estimated INTEGER NOT NULL,
                    ceiling INTEGER NOT NULL, unpriced INTEGER NOT NULL,
                    PRIMARY KEY (hour, key, team, model, provider)
                ) WITHOUT ROWID;
                INSERT INTO usage VALUES (497222, 'ci', '', 'm', 'one', 1, 2, 3, 0, 0, 0, 4, 0, 0, 0);
                """
        )
        for round in 1..<3 {
            let store = try LedgerStore(path: path)
            var row = Rows.row(UInt64(round))
            row.units = MediaUnits(images: 1)
            try store.keep([row], of: 7, upTo: .init(epoch: 1, offset: 100 * round))
            let sum = try store.usage(by: [], hours: Self.all)[0]
            #expect(sum.requests == UInt64(1 + round) && sum.units.images == UInt64(round))
        }
    }
}
