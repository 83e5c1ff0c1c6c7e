/// What the control API answers: one row type per table, the same for the CLI's tables, for `--json` and for other clients.
///
/// Names on the wire are the property names. Times are microseconds since 1970 where a person reads them, spans are
/// nanoseconds.
package import Inference
package import NetTypes
package import PolicyEngine

package struct StatusReply: Codable, Sendable, Equatable {
    package struct PlaneStatus: Codable, Sendable, Equatable {
        package var groups: Int
        package var membersUp: Int
        package var members: Int

        package init(groups: Int, membersUp: Int, members: Int) {
            (self.groups, self.membersUp, self.members) = (groups, membersUp, members)
        }
    }

    package var version: String
    /// Microseconds since 1970.
    package var startedAt: UInt64
    /// How many configurations were applied since the start.
    package var generation: UInt64
    /// Files of the running configuration, in order.
    package var files: [String]
    package var network: PlaneStatus?
    package var models: PlaneStatus?
    /// `running`, `starting` or `none`.
    package var gateway: String
    package var groups: [GroupRow]
    /// What needs an operator, in words; empty when all is well.
    package var alarms: [String]

    package init(
        version: String,
        startedAt: UInt64,
        generation: UInt64,
        files: [String],
        network: PlaneStatus?,
        models: PlaneStatus?,
        gateway: String,
        groups: [GroupRow],
        alarms: [String]
    ) {
        (self.version, self.startedAt, self.generation, self.files) = (version, startedAt, generation, files)
        (self.network, self.models, self.gateway, self.groups, self.alarms) = (network, models, gateway, groups, alarms)
    }
}

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

    package init(
        plane: String,
        name: String,
        strategy: String,
        scope: String,
        activeTier: Int?,
        state: String,
        shares: [ShareRow],
        cause: String
    ) {
        (self.plane, self.name, self.strategy, self.scope) = (plane, name, strategy, scope)
        (self.activeTier, self.state, self.shares, self.cause) = (activeTier, state, shares, cause)
    }
}

package struct ShareRow: Codable, Sendable, Equatable {
    package var member: String
    package var weight: UInt32
    /// A code: `eligible`, `standby`, `down`, …
    package var reason: String
    /// The reason in words for people, with the evidence.
    package var words: String

    package init(member: String, weight: UInt32, reason: String, words: String) {
        (self.member, self.weight, self.reason, self.words) = (member, weight, reason, words)
    }
}

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
        place: String
    ) {
        (self.plane, self.name, self.scope, self.admin, self.health) = (plane, name, scope, admin, health)
        (self.since, self.cause, self.tier, self.weight) = (since, cause, tier, weight)
        (self.sharePermille, self.wayOut, self.mark, self.place) = (sharePermille, wayOut, mark, place)
    }
}

/// One kernel object the file asks for, and how it stands: routes and rules share the row.
package struct ObjectRow: Codable, Sendable, Equatable {
    /// `route` or `rule`.
    package var kind: String
    /// `192.0.2.0/24`, or `fwmark 0x1000000/0x7f000000`.
    package var object: String
    /// `ipv4` or `ipv6`.
    package var family: String
    package var table: UInt32
    /// Metric of a route, preference of a rule.
    package var priority: UInt32
    /// `wan (id 1296113664)`, `blackhole`, `lookup 7012`.
    package var action: String
    /// `programmed`, `pending`, `failed`, `foreign-conflict`.
    package var state: String
    /// What the state means here: the kernel's words, what is waited for, whose object is in the way.
    package var detail: String?
    package var cause: String

    package init(
        kind: String,
        object: String,
        family: String,
        table: UInt32,
        priority: UInt32,
        action: String,
        state: String,
        detail: String?,
        cause: String
    ) {
        (self.kind, self.object, self.family, self.table, self.priority) = (kind, object, family, table, priority)
        (self.action, self.state, self.detail, self.cause) = (action, state, detail, cause)
    }
}

package struct ProbeRow: Codable, Sendable, Equatable {
    package var name: String
    package var member: String
    package var scope: String
    package var kind: String
    package var interval: Span
    package var timeout: Span
    package var downAfter: Int
    package var upAfter: Int
    /// `success`, the failure's code, or nil before the first round.
    package var lastResult: String?
    package var roundTrip: Span?
    /// Lost of the last rounds, in thousandths; nil before the first.
    package var lossPermille: Int?
    package var place: String

    package init(
        name: String,
        member: String,
        scope: String,
        kind: String,
        interval: Span,
        timeout: Span,
        downAfter: Int,
        upAfter: Int,
        lastResult: String?,
        roundTrip: Span?,
        lossPermille: Int?,
        place: String
    ) {
        (self.name, self.member, self.scope, self.kind) = (name, member, scope, kind)
        (self.interval, self.timeout, self.downAfter, self.upAfter) = (interval, timeout, downAfter, upAfter)
        (self.lastResult, self.roundTrip, self.lossPermille, self.place) = (lastResult, roundTrip, lossPermille, place)
    }
}

package struct ProviderRow: Codable, Sendable, Equatable {
    package var name: String
    package var dialect: String
    package var url: String
    /// Where the key comes from (`credential openai`), never the key; nil when there is none.
    package var key: String?
    /// The network group or member its connections leave by; nil: the host's own routing.
    package var path: String?
    /// Members that use it, `group.member`.
    package var members: [String]
    package var place: String

    package init(
        name: String,
        dialect: String,
        url: String,
        key: String?,
        path: String?,
        members: [String],
        place: String
    ) {
        (self.name, self.dialect, self.url, self.key) = (name, dialect, url, key)
        (self.path, self.members, self.place) = (path, members, place)
    }
}

/// The ordered changes of a plan.
package struct PlanReply: Codable, Sendable, Equatable {
    package struct Change: Codable, Sendable, Equatable {
        /// `set`, `add` or `delete`.
        package var verb: String
        /// `next hop`, `group`, `route`, `rule`, `nft table`.
        package var kind: String
        /// The object in `ip`'s own way of writing.
        package var object: String
        /// The line that asks for it; nil when no line asks for it any more.
        package var cause: String?

        package init(verb: String, kind: String, object: String, cause: String?) {
            (self.verb, self.kind, self.object, self.cause) = (verb, kind, object, cause)
        }
    }

    package var changes: [Change]
    /// What of strangers is in the way, in words.
    package var conflicts: [String]
    /// What waits for a link or an address, in words.
    package var pending: [String]
    /// Overrides in force that the file does not show, in words.
    package var overrides: [String]

    package init(changes: [Change], conflicts: [String], pending: [String], overrides: [String]) {
        (self.changes, self.conflicts, self.pending, self.overrides) = (changes, conflicts, pending, overrides)
    }
}

package struct ApplyReply: Codable, Sendable, Equatable {
    package var generation: UInt64
    /// How many kernel changes were sent, and how many of them the kernel took, by the time of the answer.
    package var changes: Int
    package var accepted: Int
    /// What the kernel refused, in words.
    package var refused: [String]
    package var conflicts: [String]
    package var pending: [String]

    package init(
        generation: UInt64,
        changes: Int,
        accepted: Int,
        refused: [String],
        conflicts: [String],
        pending: [String]
    ) {
        (self.generation, self.changes, self.accepted) = (generation, changes, accepted)
        (self.refused, self.conflicts, self.pending) = (refused, conflicts, pending)
    }
}

/// An explanation: numbered steps from the question to the answer, each with its evidence and configuration line.
package struct ExplainReply: Codable, Sendable, Equatable {
    package struct Step: Codable, Sendable, Equatable {
        /// `rule`, `route`, `group`, `member`, `policy`, `candidate`, `attempt`, …
        package var subject: String
        package var words: String
        /// `martlet.yaml:14`, if a line stands behind it.
        package var cause: String?

        package init(_ subject: String, _ words: String, cause: String? = nil) {
            (self.subject, self.words, self.cause) = (subject, words, cause)
        }
    }

    /// The answer in one line.
    package var answer: String
    /// Whether the thing explained works: exit status 0, else 1.
    package var works: Bool
    package var steps: [Step]
    /// What would change the answer.
    package var wouldChange: [String]

    package init(answer: String, works: Bool, steps: [Step], wouldChange: [String]) {
        (self.answer, self.works, self.steps, self.wouldChange) = (answer, works, steps, wouldChange)
    }
}

/// The answer to `drain`, `undrain`, `up`, `down`.
package struct AdminReply: Codable, Sendable, Equatable {
    package var member: String
    package var admin: String
    package var words: String

    package init(member: String, admin: String, words: String) {
        (self.member, self.admin, self.words) = (member, admin, words)
    }
}

/// One line of `watch`.
package struct WatchEvent: Codable, Sendable, Equatable {
    /// Microseconds since 1970.
    package var at: UInt64
    /// `health`, `presence`, `shares`, `plan`, `refused`, `conflict`, `drift`, `admin`, `gateway`, `alarm`, `decision`.
    package var kind: String
    package var words: String
    /// The same as fields, in order.
    package var fields: [Field]

    package struct Field: Codable, Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    package init(at: UInt64, kind: String, words: String, fields: [Field]) {
        (self.at, self.kind, self.words, self.fields) = (at, kind, words, fields)
    }
}

/// Why a call was refused. `errors` are whole messages, for configuration errors with line and caret.
package struct ErrorReply: Codable, Sendable, Error, Equatable {
    package var errors: [String]
    package var hint: String?

    package init(errors: [String], hint: String? = nil) { (self.errors, self.hint) = (errors, hint) }
}
