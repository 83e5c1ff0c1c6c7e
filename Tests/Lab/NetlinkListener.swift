package import LabText

/// What did the kernel announce? A listener of the lab's own inside a namespace: links, routes, rules and next hops of both families.
package final class NetlinkListener: Sendable {
    /// One notification.
    package struct Announcement: Sendable {
        package var at: Moment
        /// `new-nexthop`, `del-route`, `new-link`, …
        package var type: String
        /// nil when it is about neither family.
        package var family: Family?
        /// All it says, by the names `lab-tool listen` gives.
        package var details: JSON

        /// The id of a next hop, or the one a route names.
        package var nexthop: Int? { details["id"]?.integer ?? details["nhid"]?.integer }
        /// The members' ids, when it is about a group.
        package var group: [Int]? { details["group"]?.elements?.compactMap(\.integer) }
    }

    private let tool: LabTool

    /// Begins to listen; what is announced after this returns is not missed.
    package init(in namespace: Namespace) throws {
        tool = try LabTool(["listen"], in: namespace)
    }

    /// What was announced so far, in order, from `moment` on.
    package func announcements(since moment: Moment = Moment(nanoseconds: 0)) -> [Announcement] {
        tool.lines.compactMap { line in
            guard line["event"]?.string == "message", let type = line["type"]?.string,
                let at = line["at_ns"]?.integer, at >= moment.nanoseconds
            else { return nil }
            let family = line["family"]?.string.flatMap { Family(rawValue: $0) }
            return Announcement(at: Moment(nanoseconds: at), type: type, family: family, details: line)
        }
    }

    /// How many of `type` there were from `moment` on.
    package func count(_ type: String, family: Family? = nil, since moment: Moment = Moment(nanoseconds: 0)) -> Int {
        announcements(since: moment).count { $0.type == type && (family == nil || $0.family == family) }
    }

    /// Whether the kernel had to drop announcements: counts mean nothing then.
    package var isOverrun: Bool {
        tool.lines.contains { $0["event"]?.string == "overrun" }
    }

    /// Reads what still waits, then ends. The announcements stay readable.
    package func finish() throws {
        _ = try tool.finish()
    }
}
