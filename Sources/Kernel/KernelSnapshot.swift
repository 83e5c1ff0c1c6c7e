/// What the kernel has right now, asked once and without a watcher: for an offline plan and for tests.
package import Forwarding
package import NetTypes

package struct KernelSnapshot: Sendable {
    /// Every object as if it had just been added, families in the order of `KernelFamily.allCases`.
    package let reports: [KernelReport]
    /// Our routes in the main table, if it was told what is ours; they are not among the reports then.
    package let segments: [RouteSegment]
    /// Our nftables table; nil when it was not asked for.
    package let ruleset: RulesetReading?

    /// How often a family is asked again when its objects change under the dump.
    private static let attempts = 5
    private static let receiveBuffer: Int32 = 1 << 20

    /// Reads all links, addresses, next hops, routes and rules of the calling thread's network namespace, and our nftables table.
    ///
    /// - Parameter table: the table's name; nil leaves nftables out, which alone of all needs CAP_NET_ADMIN.
    /// - Parameter window: what is ours; nil reports every route.
    /// - Parameter watch: which routes of strangers are reported besides.
    /// - Parameter limit: how long each answer may take.
    ///
    /// Throws the first failure: a snapshot is whole or not at all.
    package static func read(
        table: String?,
        window: OwnershipWindow? = nil,
        watch: RouteWatch = RouteWatch(),
        within limit: Span = .seconds(5)
    ) throws(NetlinkFailure) -> KernelSnapshot {
        var (reports, segments): ([KernelReport], [RouteSegment]) = ([], [])
        for family in KernelFamily.allCases where family != .nftables {
            let read = try readConsistently(family, window, watch, within: limit)
            (reports, segments) = (reports + read.reports, segments + read.segments)
        }
        let reading: RulesetReading? =
            if let table { try NftSession().readRuleset(table, within: limit) } else { nil }
        return KernelSnapshot(reports: reports, segments: segments, ruleset: reading)
    }

    /// The rules alone, in the kernel's order within each family.
    package static func rules(within limit: Span = .seconds(5)) throws(NetlinkFailure) -> [Rule] {
        try readConsistently(.rules, nil, RouteWatch(), within: limit).reports.compactMap {
            if case .rule(let rule) = $0 { rule } else { nil }
        }
    }

    private typealias Reading = (reports: [KernelReport], segments: [RouteSegment])

    private static func readConsistently(
        _ family: KernelFamily,
        _ window: OwnershipWindow?,
        _ watch: RouteWatch,
        within limit: Span
    ) throws(NetlinkFailure) -> Reading {
        let session = try FamilySession(
            family,
            follows: false,
            receiveBuffer: receiveBuffer,
            window: window,
            watched: family == .routes ? window.map { WatchedRoutes($0, watch) } : nil
        )
        for _ in 0..<attempts {
            try session.beginDump()
            if let reading = try finishDump(session, within: limit) { return reading }
        }
        throw .interrupted
    }

    /// All reports of the running dump; nil when it was inconsistent.
    private static func finishDump(_ session: FamilySession, within limit: Span) throws(NetlinkFailure) -> Reading? {
        var all: [KernelReport] = []
        var batch: [KernelReport] = []
        while true {
            let progress = try session.read(into: &batch, until: .after(limit))
            let isSilent = batch.isEmpty
            all += batch
            batch.removeAll(keepingCapacity: true)
            switch progress {
            case .dumpEnded(let segments): return (all, segments ?? [])
            case .dumpInterrupted: return nil
            case .more: continue
            case .upToDate: if isSilent { throw .deadline }
            }
        }
    }
}
