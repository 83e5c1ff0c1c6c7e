/// What lies between two looks at the members: the later look, with rates.
import Control
import NetTypes

struct TopFrame: Encodable, Equatable {
    /// Microseconds since 1970.
    let at: UInt64
    /// Since the look before.
    let interval: Span
    let rows: [TopLine]

    /// - Parameter span: between the two, by a clock that nobody sets.
    init(_ now: TopReply, since before: TopReply, after span: Span) {
        let microseconds = UInt64(max(0, span.nanoseconds)) / 1000
        (at, interval) = (now.at, span)
        let old = Dictionary(before.rows.map { (Key($0), $0) }, uniquingKeysWith: { first, _ in first })
        rows = now.rows.map { TopLine($0, since: old[Key($0)], microseconds: microseconds) }
    }

    private struct Key: Hashable {
        let plane, name, scope: String

        init(_ row: TopRow) { (plane, name, scope) = (row.plane, row.name, row.scope) }
    }
}

/// One member in one scope. A rate is left out where nothing is counted, and where the count began anew meanwhile.
struct TopLine: Encodable, Equatable {
    let plane: String
    let member: String
    let scope: String
    let admin: String
    let health: String
    let sharePermille: Int
    let roundTrip: Span?
    let lossPermille: Int?
    let packetsPerSecond: Int?
    let device: String?
    let bitsInPerSecond: Int?
    let bitsOutPerSecond: Int?
    let requestsPerSecond: Double?

    init(_ row: TopRow, since old: TopRow?, microseconds: UInt64) {
        (plane, member, scope, admin) = (row.plane, row.name, row.scope, row.admin)
        (health, sharePermille, roundTrip) = (row.health, row.sharePermille, row.roundTrip)
        (lossPermille, device) = (row.lossPermille, row.device)
        let rate = { (count: KeyPath<TopRow, UInt64?>) -> Double? in
            guard let now = row[keyPath: count], let before = old?[keyPath: count], now >= before, microseconds > 0
            else { return nil }
            return Double(now - before) * 1_000_000 / Double(microseconds)
        }
        packetsPerSecond = rate(\.packets).map { Int($0.rounded()) }
        let isSameDevice = old?.device == row.device
        bitsInPerSecond = isSameDevice ? rate(\.bytesIn).map { Int(($0 * 8).rounded()) } : nil
        bitsOutPerSecond = isSameDevice ? rate(\.bytesOut).map { Int(($0 * 8).rounded()) } : nil
        requestsPerSecond = rate(\.requests).map { ($0 * 10).rounded() / 10 }
    }
}

extension TopLine: ListDisplayable {
    static var columns: [Column] {
        [
            "MEMBER", "SCOPE", "HEALTH", "ADMIN", Column("SHARE", .right), Column("ROUND TRIP", .right),
            Column("LOSS", .right), Column("PACKETS/S", .right), Column("IN", .right), Column("OUT", .right),
            Column("REQUESTS/S", .right),
        ]
    }

    static var none: String { "no members configured" }

    var cells: [Cell] {
        [
            Cell(member, .strong), Cell(scope), .state(health), .state(admin),
            Cell(Percent.text(permille: sharePermille)),
            Cell(roundTrip), Cell(lossPermille.map { Percent.text(permille: $0) }), Cell(packetsPerSecond),
            Cell(bitsInPerSecond.map(BitRate.text)), Cell(bitsOutPerSecond.map(BitRate.text)), Cell(requestsPerSecond),
        ]
    }
}

/// `950 bit/s`, `1.2 Mbit/s`.
enum BitRate {
    private static let units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]

    static func text(_ bits: Int) -> String {
        var (value, unit) = (Double(bits), 0)
        while value >= 999.5, unit + 1 < units.count { (value, unit) = (value / 1000, unit + 1) }
        let tenths = (value * 10).rounded() / 10
        return (unit == 0 || tenths >= 100 ? "\(Int(value.rounded()))" : "\(tenths)") + " " + units[unit]
    }
}
