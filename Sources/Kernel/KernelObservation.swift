/// What the watcher says, in the order in which it happened.
package import Forwarding

package enum KernelObservation: Hashable, Sendable, Codable {
    /// The family is being read as a whole: what was known of it and is not reported again before `dumpEnded` is gone. May come
    /// again before the end, when the kernel says that what it told is inconsistent: then counting begins anew.
    case dumpBegan(KernelFamily)
    /// Objects of one family, of a dump or of notifications, in the order of their arrival.
    case reports([KernelReport])
    /// Within a dump of the routes, before its end: all of ours in the main table but the defaults. Nothing else tells of them.
    case segments([RouteSegment])
    case dumpEnded(KernelFamily)
    /// Our nftables table as it stands now, read as a whole after a change of somebody else's was announced, and within its dump.
    case ruleset(RulesetReading)
    /// Notifications of the family were lost; a dump follows, rate-limited.
    case overrun(KernelFamily)
    /// The family could not be read; a dump follows, rate-limited.
    case failed(KernelFamily, NetlinkFailure)
}
