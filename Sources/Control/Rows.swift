/// What the control API shows: one row type a table, the same for the CLI's tables, for `--json` and for other clients.
///
/// `show decisions` answers with `DecisionRecord`s as the gateway wrote them.
package import NetTypes

/// One group in one scope, for `show groups` and `status`.
package struct GroupRow: Codable, Sendable, Equatable {
    /// `network` or `models`.
    package var plane: String
    package var name: String
    package var strategy: String
    /// `ipv4`, `ipv6` or `any`.
    package var scope: String
    /// The tier that carries the load; nil when nothing does.
    package var activeTier: Int?
    /// `carrying`, `kept-last` or `down`.
    package var state: String
    package var shares: [ShareRow]
    /// `martlet.yaml:14`.
    package var cause: String
    /// The kernel's group: `id 1296113664 resilient 128`; nil where there is none.
    package var object: String?
    /// How that stands: `programmed`, `pending`, `failed`, `foreign-conflict`, `drifted`.
    package var objectState: String?

    package init(
        plane: String,
        name: String,
        strategy: String,
        scope: String,
        activeTier: Int?,
        state: String,
        shares: [ShareRow],
        cause: String,
        object: String? = nil,
        objectState: String? = nil
    ) {
        (self.object, self.objectState) = (object, objectState)
        (self.plane, self.name, self.strategy, self.scope) = (plane, name, strategy, scope)
        (self.activeTier, self.state, self.shares, self.cause) = (activeTier, state, shares, cause)
    }
}

/// One member's part of its group's load, and why.
package struct ShareRow: Codable, Sendable, Equatable {
    package var member: String
    package var weight: UInt32
    /// A code: `eligible`, `standby`, `down`, …
    package var reason: String
    /// The reason in words for people, with the evidence.
    package var words: String
    /// In millionths, by the group's strategy; nil where it does not judge, or knows too little.
    package var score: Int?
    /// Buckets of a resilient group that are with the member now.
    package var buckets: Int?
    /// Packets that the kernel's group has sent by the member since it was made; nil where the kernel does not count (before 6.9).
    package var packets: UInt64?
    /// Of a model: percent of its provider's limit that are left, as the provider said last; nil where it says nothing.
    package var headroom: Int?

    package init(
        member: String,
        weight: UInt32,
        reason: String,
        words: String,
        score: Int? = nil,
        buckets: Int? = nil,
        packets: UInt64? = nil,
        headroom: Int? = nil
    ) {
        (self.member, self.weight, self.reason, self.words) = (member, weight, reason, words)
        (self.score, self.buckets, self.packets) = (score, buckets, packets)
        self.headroom = headroom
    }
}

/// One member in one scope, for `show members`.
package struct MemberRow: Codable, Sendable, Equatable {
    package var plane: String
    /// `group.member`.
    package var name: String
    package var scope: String
    package var admin: String
    /// `unknown`, `up`, `degraded`, `down` or `absent`.
    package var health: String
    /// Nanoseconds since the verdict changed.
    package var since: Span
    /// Why, as a code; nil when there is nothing to say.
    package var cause: String?
    package var tier: Int
    package var weight: Int
    /// Part of the group's load now, in thousandths.
    package var sharePermille: Int
    /// Device and gateway, or provider and model.
    package var wayOut: String
    /// `0x1000000`; nil for members that are no path.
    package var mark: String?
    package var place: String
    /// The device that it leaves by now; nil for members that have none.
    package var device: String?
    /// The bits of the mark that count: `0xff000000`.
    package var markMask: String?
    /// The kernel's neighbour entry for the gateway: `reachable 02:00:00:00:00:01`, `failed`, or `none`; nil for members without a
    /// gateway.
    package var neighbour: String?

    package init(
        plane: String,
        name: String,
        scope: String,
        admin: String,
        health: String,
        since: Span,
        cause: String?,
        tier: Int,
        weight: Int,
        sharePermille: Int,
        wayOut: String,
        mark: String?,
        place: String,
        device: String? = nil,
        markMask: String? = nil,
        neighbour: String? = nil
    ) {
        (self.plane, self.name, self.scope, self.admin, self.health) = (plane, name, scope, admin, health)
        (self.since, self.cause, self.tier, self.weight) = (since, cause, tier, weight)
        (self.sharePermille, self.wayOut, self.mark, self.place) = (sharePermille, wayOut, mark, place)
        (self.device, self.markMask, self.neighbour) = (device, markMask, neighbour)
    }
}

/// One kernel object the file asks for, and how it stands: next hops, groups, routes and rules share the row.
package struct ObjectRow: Codable, Sendable, Equatable {
    /// `next hop`, `group`, `route`, `list` (of routes) or `rule`.
    package var kind: String
    /// `192.0.2.0/24`, the name of a list, or `fwmark 0x1000000/0xff000000`.
    package var object: String
    /// `ipv4` or `ipv6`.
    package var family: String
    /// Of routes and rules.
    package var table: UInt32?
    /// Metric of a route, preference of a rule.
    package var priority: UInt32?
    /// `wan (id 1296113664)`, `blackhole`, `lookup 7012`.
    package var action: String
    /// `programmed`, `pending`, `failed`, `foreign-conflict`, or `drifted`: programmed, but it had to be put back.
    package var state: String
    /// What the state means here: the kernel's words, what is waited for, whose object is in the way.
    package var detail: String?
    package var cause: String
    /// What forwarding hardware made of it: `offload`, `trap`, `offload-failed`; nil where none said anything.
    package var offload: String?

    package init(
        kind: String,
        object: String,
        family: String,
        table: UInt32?,
        priority: UInt32?,
        action: String,
        state: String,
        detail: String?,
        cause: String,
        offload: String? = nil
    ) {
        (self.kind, self.object, self.family, self.table, self.priority) = (kind, object, family, table, priority)
        (self.action, self.state, self.detail, self.cause) = (action, state, detail, cause)
        self.offload = offload
    }
}

/// One probe of one member in one scope, for `show probes`.
package struct ProbeRow: Codable, Sendable, Equatable {
    package var name: String
    package var member: String
    package var scope: String
    /// `icmp`, `tcp`, `http`, `https`, `dns`, `neighbour`.
    package var kind: String
    /// Addresses, with ports where the kind has them.
    package var targets: [String]
    package var interval: Span
    package var timeout: Span
    package var downAfter: Int
    package var upAfter: Int
    /// `success`, the code of the failure or of the exceeded limit, or nil before the first round.
    package var lastResult: String?
    /// What the code does not say.
    package var detail: String?
    /// Of the fastest answer of the last round.
    package var roundTrip: Span?
    /// Whose clock measured it: `kernel`, or `process`, which includes what it took to be woken.
    package var clock: String?
    /// Lost requests of those in the window, in thousandths; nil before the first.
    package var lossPermille: Int?
    /// Requests in the window.
    package var sent: Int
    /// Mean round trip over the window.
    package var latency: Span?
    package var percentile95: Span?
    /// Mean difference between one round trip and the next.
    package var jitter: Span?
    package var place: String

    package init(
        name: String,
        member: String,
        scope: String,
        kind: String,
        targets: [String],
        interval: Span,
        timeout: Span,
        downAfter: Int,
        upAfter: Int,
        lastResult: String?,
        detail: String?,
        roundTrip: Span?,
        clock: String?,
        lossPermille: Int?,
        sent: Int,
        latency: Span?,
        percentile95: Span?,
        jitter: Span?,
        place: String
    ) {
        (self.name, self.member, self.scope, self.kind, self.targets) = (name, member, scope, kind, targets)
        (self.interval, self.timeout, self.downAfter, self.upAfter) = (interval, timeout, downAfter, upAfter)
        (self.lastResult, self.detail, self.roundTrip, self.clock) = (lastResult, detail, roundTrip, clock)
        (self.lossPermille, self.sent, self.latency) = (lossPermille, sent, latency)
        (self.percentile95, self.jitter, self.place) = (percentile95, jitter, place)
    }
}

/// One model provider, for `show providers`.
package struct ProviderRow: Codable, Sendable, Equatable {
    package var name: String
    package var dialect: String
    package var url: String
    /// Where the key comes from (`credential openai`), never the key; nil when there is none.
    package var key: String?
    /// The network group or member its connections leave by; nil: the host's own routing.
    package var path: String?
    /// What its probe last showed; nil: it has none.
    package var probe: String?
    /// When what is written of it was held against the real one: a day, or `never`; nil: nobody said.
    package var tried: String?
    /// Members that use it, `group.member`.
    package var members: [String]
    package var place: String
    /// What its local server says of itself; nil: it is not read, or was not yet.
    package var server: ServerRow?

    package init(
        name: String,
        dialect: String,
        url: String,
        key: String?,
        path: String?,
        probe: String?,
        tried: String?,
        members: [String],
        place: String,
        server: ServerRow? = nil
    ) {
        (self.name, self.dialect, self.url, self.key) = (name, dialect, url, key)
        (self.path, self.probe, self.tried, self.members, self.place) = (path, probe, tried, members, place)
        self.server = server
    }
}

/// One operator override in force, for `show overrides`.
package struct OverrideRow: Codable, Sendable, Equatable {
    package var plane: String
    package var member: String
    package var admin: String

    package init(plane: String, member: String, admin: String) {
        (self.plane, self.member, self.admin) = (plane, member, admin)
    }
}
