/// What have keys and teams paid, day by day? Sums beside those of use, written in the same transaction: budgets count from these, and so
/// agree with the ledger whatever ends when.
package import Inference

extension LedgerStore {
    /// Days whose sums stay: a budget counts a month, and clocks are set back by less than that.
    static let spendingDays: UInt64 = 62

    static let spendingSchema = """
        CREATE TABLE IF NOT EXISTS spending (
            day INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, cost INTEGER NOT NULL,
            PRIMARY KEY (day, kind, name)
        ) WITHOUT ROWID;
        """

    func add(_ part: SpendingBook.Part) throws(LedgerError) {
        try database.run(
            """
            INSERT INTO spending VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET cost = min(cost + excluded.cost, \(Self.mostCost))
            """,
            [
                .integer(Int64(part.day)), .text(part.payer.kind.rawValue), .text(part.payer.name),
                .integer(Int64(min(part.picoDollars, UInt64(Self.mostCost)))),
            ]
        )
    }

    /// All of these or none.
    func add(_ parts: [SpendingBook.Part]) throws(LedgerError) {
        guard !parts.isEmpty else { return }
        try database.transaction { () throws(LedgerError) in for part in parts { try add(part) } }
    }

    /// All that is kept, in order of days.
    package func spending() throws(LedgerError) -> [SpendingBook.Part] {
        var parts: [SpendingBook.Part] = []
        try database.run("SELECT day, kind, name, cost FROM spending ORDER BY day, kind, name") { row in
            guard let kind = LoadSubject.Kind(rawValue: row.text(1)) else { return }
            let payer = SpendingBook.Payer(kind, row.text(2))
            parts.append(.init(payer, day: Int(row.integer(0)), picoDollars: UInt64(clamping: row.integer(3))))
        }
        return parts
    }

    /// Of a database that was made before it kept these sums: from the sums of hours, as exactly as hours are days where the router
    /// stands.
    func fillSpending() throws(LedgerError) {
        var rows: [LedgerRow] = []
        try database.run("SELECT hour, key, team, sum(cost) FROM usage GROUP BY hour, key, team") { found in
            rows.append(
                LedgerRow(
                    at: UInt64(clamping: found.integer(0)) * 3_600_000_000,
                    input: 0,
                    output: 0,
                    picoDollars: UInt64(clamping: found.integer(3)),
                    key: found.text(1),
                    team: found.text(2),
                    model: "",
                    provider: ""
                )
            )
        }
        for part in SpendingBook.parts(of: rows, day: day) { try add(part) }
    }
}
