/// How is SQLite spoken to? Statements that are prepared once, values by their place, and every refusal an error with its words.
import CSQLite

/// One connection. Not to be used from two threads at once.
final class SQLite {
    enum Value {
        case integer(Int64)
        case text(String)
        case bytes([UInt8])
    }

    /// A row while it is looked at.
    struct Row {
        fileprivate let statement: OpaquePointer

        func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }

        func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }

        /// Of a text or a blob.
        func bytes(_ column: Int) -> [UInt8] {
            guard let start = sqlite3_column_blob(statement, Int32(column)) else { return [] }
            let count = Int(sqlite3_column_bytes(statement, Int32(column)))
            return Array(UnsafeRawBufferPointer(start: start, count: count))
        }
    }

    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]
    /// How long another program that looks into the database, an operator's `sqlite3`, may hold us up.
    private static let patience: Int32 = 2000

    /// Opens the database, or makes it.
    init(path: String) throws(LedgerError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &opened, flags, nil)
        guard status == SQLITE_OK, let opened else {
            defer { sqlite3_close_v2(opened) }
            throw .database("\(path): \(String(cString: sqlite3_errstr(status)))")
        }
        handle = opened
        sqlite3_busy_timeout(handle, Self.patience)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// Runs several statements that take no values and whose rows nobody wants.
    func run(script: String) throws(LedgerError) {
        guard sqlite3_exec(handle, script, nil, nil, nil) == SQLITE_OK else { throw refusal }
    }

    /// Runs one statement, and looks at its rows.
    func run(_ sql: String, _ values: [Value] = [], each: (Row) -> Void = { _ in }) throws(LedgerError) {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            guard bind(value, to: statement, Int32(index + 1)) == SQLITE_OK else { throw refusal }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: each(Row(statement: statement))
            case SQLITE_DONE: return
            default: throw refusal
            }
        }
    }

    /// All of it or, when it throws, nothing.
    func transaction(_ body: () throws(LedgerError) -> Void) throws(LedgerError) {
        try run(script: "BEGIN IMMEDIATE")
        do throws(LedgerError) {
            try body()
            try run(script: "COMMIT")
        } catch {
            // After some failures SQLite has rolled back itself.
            if sqlite3_get_autocommit(handle) == 0 { try? run(script: "ROLLBACK") }
            throw error
        }
    }

    private func prepared(_ sql: String) throws(LedgerError) -> OpaquePointer {
        if let known = statements[sql] { return known }
        var made: OpaquePointer?
        guard sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil) == SQLITE_OK, let made
        else { throw refusal }
        statements[sql] = made
        return made
    }

    /// SQLite copies what it is given.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private func bind(_ value: Value, to statement: OpaquePointer, _ place: Int32) -> Int32 {
        switch value {
        case .integer(let number): sqlite3_bind_int64(statement, place, number)
        case .text(let text): sqlite3_bind_text(statement, place, text, Int32(clamping: text.utf8.count), Self.copied)
        case .bytes(let bytes): sqlite3_bind_blob(statement, place, bytes, Int32(clamping: bytes.count), Self.copied)
        }
    }

    private var refusal: LedgerError {
        let words = String(cString: sqlite3_errmsg(handle))
        // Extended codes have the plain one in their last byte.
        return switch sqlite3_errcode(handle) & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged(words)
        default: .database(words)
        }
    }
}
