/// How every member stands and what it has carried so far, for `martlet top`.
import Control
import Foundation
import NetTypes
import PolicyEngine
import Runtime

extension Answers {
    /// Asks the kernel for its counts: not on the runtime's thread.
    func top() -> TopReply {
        let probes = Dictionary(
            probes().map { (Scoped($0.member, $0.scope), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let (counts, requests) = (packetCounts, requestCounts)
        let devices = DeviceTotals.now
        let rows = members().map { member in
            var row = TopRow(member)
            guard member.plane == Plane.network.rawValue else {
                row.requests = requests[member.name, default: 0]
                return row
            }
            let place = Scoped(member.name, member.scope)
            (row.roundTrip, row.lossPermille) = (probes[place]?.roundTrip, probes[place]?.lossPermille)
            (row.packets, row.device) = (counts[place], member.device)
            let device = member.device.flatMap { devices[$0] }
            (row.bytesIn, row.bytesOut) = (device?.bytesIn, device?.bytesOut)
            return row
        }
        return TopReply(at: WallClock.now(), rows: rows)
    }

    private struct Scoped: Hashable {
        let member, scope: String

        init(_ member: String, _ scope: String) { (self.member, self.scope) = (member, scope) }
    }

    /// Of network members, where the kernel counts.
    private var packetCounts: [Scoped: UInt64] {
        groups(withFigures: true).reduce(into: [:]) { counts, group in
            for share in group.shares where group.plane == Plane.network.rawValue {
                counts[Scoped(share.member, group.scope)] = share.packets
            }
        }
    }

    /// Of model members: requests that they had the last word on.
    private var requestCounts: [String: UInt64] {
        (router.models?.counters ?? [:]).reduce(into: [:]) { $0[$1.key.member, default: 0] += $1.value }
    }
}

extension TopRow {
    fileprivate init(_ member: MemberRow) {
        self.init(
            plane: member.plane,
            name: member.name,
            scope: member.scope,
            admin: member.admin,
            health: member.health,
            sharePermille: member.sharePermille
        )
    }
}

/// What has gone in and out of each device, by its name (`/proc/net/dev`, proc(5)).
enum DeviceTotals {
    struct Bytes: Equatable {
        let bytesIn: UInt64
        let bytesOut: UInt64
    }

    static var now: [String: Bytes] {
        parse((try? String(contentsOfFile: "/proc/net/dev", encoding: .utf8)) ?? "")
    }

    /// Two lines of heading, then `name: bytes packets … ` received in eight columns and sent in eight.
    static func parse(_ text: String) -> [String: Bytes] {
        text.split(separator: "\n").reduce(into: [:]) { found, line in
            guard let colon = line.lastIndex(of: ":") else { return }
            let numbers = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) }
            guard numbers.count >= 9, let received = numbers[0], let sent = numbers[8] else { return }
            found[String(line[..<colon].drop { $0 == " " })] = Bytes(bytesIn: received, bytesOut: sent)
        }
    }
}
