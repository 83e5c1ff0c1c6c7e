/// Where are rows of the ledger kept for good, and how are they found again? In one SQLite database: each request by its id, sums by
/// account and hour, what keys and teams paid by day, and how far every segment has been read, all in one transaction, so that a row
/// counts once whenever a process ends.
package import Inference

/// Not to be used from two threads at once.
package final class LedgerStore {
    let database: SQLite
    /// The date that a second since 1970 lies in where the router stands, 20261126.
    let day: (UInt64) -> Int

    /// Opens the database of a path, or makes it.
    /// - Parameter day: the local date of a second since 1970.
    package init(
        path: String,
        day: @escaping (UInt64) -> Int = { CalendarDay(second: $0).date }
    ) throws(LedgerError) {
        self.day = day
        database = try SQLite(path: path)
        // What was read from a segment is emptied there: it must have reached the disk.
        try database.run(script: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + Self.schema)
        try addUnits()
        var hasSpending = false
        try database.run("SELECT 1 FROM sqlite_master WHERE name = 'spending'") { _ in hasSpending = true }
        guard !hasSpending else { return }
        try database.transaction { () throws(LedgerError) in
            try database.run(script: Self.spendingSchema)
            try fillSpending()
        }
    }

    /// `id` is twelve bytes, so that its order is that of time; `row` is written as in segments.
    private static let schema = """
        CREATE TABLE IF NOT EXISTS request (id BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS usage (
            hour INTEGER NOT NULL, key TEXT NOT NULL, team TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
            requests INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cached INTEGER NOT NULL,
            written INTEGER NOT NULL, reasoning INTEGER NOT NULL, cost INTEGER NOT NULL, estimated INTEGER NOT NULL,
            ceiling INTEGER NOT NULL, unpriced INTEGER NOT NULL,
            images INTEGER NOT NULL DEFAULT 0, sound INTEGER NOT NULL DEFAULT 0, spoken INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (hour, key, team, model, provider)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS segment (id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, place INTEGER NOT NULL);
        """

    /// A database of before there were counts of pictures, milliseconds of sound and spoken characters gets places for them.
    private func addUnits() throws(LedgerError) {
        var columns: Set<String> = []
        try database.run("SELECT name FROM pragma_table_info('usage')") { columns.insert($0.text(0)) }
        for name in ["images", "sound", "spoken"] where !columns.contains(name) {
            try database.run(script: "ALTER TABLE usage ADD COLUMN \(name) INTEGER NOT NULL DEFAULT 0")
        }
    }

    /// How many pages the database may have from now on. Beyond them SQLite says what it says when the disk is full.
    func bound(pages: Int) throws(LedgerError) { try database.run(script: "PRAGMA max_page_count = \(pages)") }
}

// MARK: - Keeping

extension LedgerStore {
    /// Keeps rows of a segment, and that it has been read up to there. Either all of it or, when it throws, nothing.
    /// - Returns: what the rows say was paid.
    @discardableResult
    package func keep(
        _ rows: [LedgerRow],
        of segment: UInt64,
        upTo position: LedgerScan.Position
    ) throws(LedgerError) -> [SpendingBook.Part] {
        var parts: [SpendingBook.Part] = []
        try database.transaction { () throws(LedgerError) in
            let new = try insert(rows)
            for sum in Self.sums(of: new) { try add(sum) }
            parts = SpendingBook.parts(of: new, day: day)
            for part in parts { try add(part) }
            try database.run(
                "INSERT OR REPLACE INTO segment VALUES (?, ?, ?)",
                [.integer(Int64(bitPattern: segment)), Self.number(position.epoch), .integer(Int64(position.offset))]
            )
        }
        return parts
    }

    /// Puts single requests down.
    /// - Returns: the rows that are new.
    private func insert(_ rows: [LedgerRow]) throws(LedgerError) -> [LedgerRow] {
        var new: [LedgerRow] = []
        new.reserveCapacity(rows.count)
        for row in rows {
            if !row.isSum {
                let values: [SQLite.Value] = [Self.id(row.idHigh, row.idLow), .bytes(row.bytes)]
                try database.run("INSERT OR IGNORE INTO request VALUES (?, ?)", values)
                // Of a segment whose place was forgotten, which nothing short of a lost database does.
                guard database.changes > 0 else { continue }
            }
            new.append(row)
        }
        return new
    }

    private static func sums(of rows: [LedgerRow]) -> [LedgerRow] {
        var sums: [LedgerRow.Account: LedgerRow] = [:]
        for row in rows { sums[row.account, default: LedgerRow(sumOf: row.account)].add(row) }
        return sums.values.sorted { $0.account < $1.account }
    }

    /// Adding up never leaves whole numbers: beyond 64 bits SQLite would go on in floating point.
    private static let upsert = """
        INSERT INTO usage (hour, key, team, model, provider, requests, input, output, cached, written, reasoning, cost,
            estimated, ceiling, unpriced, images, sound, spoken)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
            input = min(input + excluded.input, \(most)), output = min(output + excluded.output, \(most)),
            cached = min(cached + excluded.cached, \(most)), written = min(written + excluded.written, \(most)),
            reasoning = min(reasoning + excluded.reasoning, \(most)), cost = min(cost + excluded.cost, \(mostCost)),
            estimated = estimated + excluded.estimated, ceiling = ceiling + excluded.ceiling,
            unpriced = unpriced + excluded.unpriced,
            images = min(images + excluded.images, \(most)), sound = min(sound + excluded.sound, \(most)),
            spoken = min(spoken + excluded.spoken, \(most))
        """

    /// Tokens of one hour of one account; no provider sells as many.
    private static let most: Int64 = 1_000_000_000_000_000
    /// Four million dollars in an hour of one account.
    static let mostCost: Int64 = 4_000_000_000_000_000_000

    private func add(_ sum: LedgerRow) throws(LedgerError) {
        let account: [SQLite.Value] = [
            Self.number(sum.hour), .text(sum.key), .text(sum.team), .text(sum.model), .text(sum.provider),
        ]
        let counts = [
            sum.requests, sum.input, sum.output, sum.cachedInput ?? 0, sum.cacheWrite ?? 0, sum.reasoning ?? 0,
        ]
        let cost = SQLite.Value.integer(Int64(min(sum.picoDollars ?? 0, UInt64(Self.mostCost))))
        let doubts = [sum.estimated, sum.atCeiling, sum.unpriced]
        let units = [sum.units.images, sum.units.milliseconds, sum.units.characters]
        let values = account + counts.map(Self.count) + [cost] + (doubts + units).map(Self.count)
        try database.run(Self.upsert, values)
    }

    private static func count(_ value: UInt64) -> SQLite.Value { .integer(Int64(min(value, UInt64(most)))) }

    private static func number(_ value: UInt64) -> SQLite.Value { .integer(Int64(clamping: value)) }

    /// Big-endian, 48 bits of each half.
    private static func id(_ high: UInt64, _ low: UInt64) -> SQLite.Value {
        var bytes: [UInt8] = []
        for half in [high, low] {
            for shift in stride(from: UInt64(40), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: half >> shift))
            }
        }
        return .bytes(bytes)
    }

    /// How far a segment was read; nil when nothing is known of it.
    package func position(of segment: UInt64) throws(LedgerError) -> LedgerScan.Position? {
        var position: LedgerScan.Position?
        let id = SQLite.Value.integer(Int64(bitPattern: segment))
        try database.run("SELECT epoch, place FROM segment WHERE id = ?", [id]) { row in
            position = LedgerScan.Position(epoch: UInt64(clamping: row.integer(0)), offset: Int(row.integer(1)))
        }
        return position
    }

    /// Forgets the places of segments that are no more, and what is older than it has to be kept.
    /// - Parameters:
    ///   - requests: microseconds since 1970 before which single requests go.
    ///   - sums: hours since 1970 before which sums go.
    ///   - spending: the date before which it is forgotten who paid, 20261126.
    package func prune(
        segments present: [UInt64],
        requests: UInt64,
        sums: UInt64,
        spending: Int = 0
    ) throws(LedgerError) {
        try database.transaction { () throws(LedgerError) in
            var known: [Int64] = []
            try database.run("SELECT id FROM segment") { known.append($0.integer(0)) }
            for id in known where !present.contains(UInt64(bitPattern: id)) {
                try database.run("DELETE FROM segment WHERE id = ?", [.integer(id)])
            }
            try database.run("DELETE FROM request WHERE id < ?", [Self.id(requests / 1000, 0)])
            try database.run("DELETE FROM usage WHERE hour < ?", [Self.number(sums)])
            try database.run("DELETE FROM spending WHERE day < ?", [.integer(Int64(spending))])
        }
    }
}

// MARK: - Finding

extension LedgerStore {
    /// The row of a decision; nil when none is kept.
    /// - Parameter id: 24 hexadecimal digits.
    package func row(id: String) throws(LedgerError) -> LedgerRow? {
        let digits = id.utf8.count == 24 ? id : ""
        guard let high = UInt64(digits.prefix(12), radix: 16), let low = UInt64(digits.suffix(12), radix: 16) else {
            return nil
        }
        var found: LedgerRow?
        try database.run("SELECT row FROM request WHERE id = ?", [Self.id(high, low)]) { row in
            found = LedgerRow(bytes: row.bytes(0)[...])
        }
        return found
    }

    /// What was used, added up.
    /// - Parameters:
    ///   - parts: what is told apart, in this order; none: everything is one row.
    ///   - hours: since 1970.
    package func usage(by parts: [UsagePart], hours: Range<UInt64>) throws(LedgerError) -> [UsageSum] {
        let columns = parts.map(\.column)
        let order = columns.joined(separator: ", ")
        let counts =
            ["requests", "input", "output", "cached", "written", "reasoning", "estimated", "ceiling", "unpriced"]
            // Of the cost in two parts: the sum of all may need more than 64 bits.
            + ["cost / 1000000000", "cost % 1000000000", "images", "sound", "spoken"]
        let wanted = columns + counts.map { "coalesce(sum(\($0)), 0)" }
        let sql =
            "SELECT \(wanted.joined(separator: ", ")) FROM usage WHERE hour >= ? AND hour < ? "
            + (columns.isEmpty ? "" : "GROUP BY \(order) ORDER BY \(order) ") + "LIMIT \(Self.mostRows)"
        var sums: [UsageSum] = []
        try database.run(sql, [Self.number(hours.lowerBound), Self.number(hours.upperBound)]) { row in
            sums.append(UsageSum(row, parts: parts.count))
        }
        return sums
    }

    /// Of one answer: a year of hours.
    package static let mostRows = 10_000
}

extension UsagePart {
    /// Hours are of UTC.
    fileprivate var column: String {
        switch self {
        case .key: "key"
        case .team: "team"
        case .model: "model"
        case .provider: "provider"
        case .day: "hour / 24"
        case .hour: "hour"
        }
    }
}

extension UsageSum {
    /// The parts, and behind them the counts, in the order of the question.
    fileprivate init(_ row: SQLite.Row, parts: Int) {
        let count = { (place: Int) in UInt64(clamping: row.integer(parts + place)) }
        self.init(
            parts: (0..<parts).map { row.text($0) },
            requests: count(0),
            input: count(1),
            output: count(2),
            cachedInput: count(3),
            cacheWrite: count(4),
            reasoning: count(5),
            units: MediaUnits(images: count(11), milliseconds: count(12), characters: count(13)),
            picoDollars: Int128(row.integer(parts + 9)) * 1_000_000_000 + Int128(row.integer(parts + 10)),
            estimated: count(6),
            atCeiling: count(7),
            unpriced: count(8)
        )
    }
}
