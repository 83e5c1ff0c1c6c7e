/// Which numbers in the kernel are ours (`network.ownership`); whatever lies outside is a stranger's and never touched.
package import NetTypes

package struct OwnershipWindow: Hashable, Sendable, Codable {
    /// `rtm_protocol` of our routes, next hops and rules.
    package let routeProtocol: UInt8
    /// Metric (priority) of our routes.
    package let metric: UInt32
    package let nexthopIDs: ClosedRange<UInt32>
    /// Rule preferences (`ip rule` priorities).
    package let rulePreferences: ClosedRange<UInt32>
    package let tables: ClosedRange<UInt32>
    package let markMask: MarkMask
    /// Name of our nftables table in family `inet`.
    package let tableName: String

    /// docs/architecture.md §7, where it is said who else uses which numbers.
    package static let standard = OwnershipWindow(
        routeProtocol: 219,
        metric: 77,
        nexthopIDs: 0x4D41_0000...0x4D41_FFFF,
        rulePreferences: 7000...7999,
        tables: 7000...7999,
        markMask: MarkMask(bits: 0xFF00_0000),
        tableName: "martlet"
    )

    /// The preferences are divided into four parts of this size: paths, then the rule that keeps the LAN reachable and the targets of
    /// policies behind it, then two that are free.
    package var preferenceBand: UInt32 { UInt32(rulePreferences.count / 4) }

    /// Of `lookup main suppress_prefixlength 0`.
    package var lanPreference: UInt32 { rulePreferences.lowerBound + preferenceBand }

    /// How many paths and targets there can be. Number p (from 1) has mark p, table first + p and preference first + p of its part, so
    /// the narrowest decides.
    package var pathCapacity: Int {
        max(0, min(markMask.capacity, tables.count - 1, Int(preferenceBand) - 1))
    }

    package init(
        routeProtocol: UInt8,
        metric: UInt32,
        nexthopIDs: ClosedRange<UInt32>,
        rulePreferences: ClosedRange<UInt32>,
        tables: ClosedRange<UInt32>,
        markMask: MarkMask,
        tableName: String
    ) {
        self.routeProtocol = routeProtocol
        self.metric = metric
        self.nexthopIDs = nexthopIDs
        self.rulePreferences = rulePreferences
        self.tables = tables
        self.markMask = markMask
        self.tableName = tableName
    }
}
