/// What the control API answers to everything but `show`, whose rows stand in `Rows.swift`.
///
/// Names on the wire are the property names; what is nil is left out. Times are microseconds since 1970 where a person reads
/// them, spans are nanoseconds. docs/api.yaml says the same for others.
package import NetTypes

/// The daemon on one screen, for `status`.
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
    /// The number of what runs; nil before the first apply.
    package var configuration: Int?
    /// What is on trial.
    package var trial: TrialRow?
    /// In what the configuration file of the next start is not what runs, in words; nil when it is the same.
    package var fileDiffers: String?

    package init(
        version: String,
        startedAt: UInt64,
        generation: UInt64,
        files: [String],
        network: PlaneStatus?,
        models: PlaneStatus?,
        gateway: String,
        groups: [GroupRow],
        alarms: [String],
        configuration: Int? = nil,
        trial: TrialRow? = nil,
        fileDiffers: String? = nil
    ) {
        (self.version, self.startedAt, self.generation, self.files) = (version, startedAt, generation, files)
        (self.network, self.models, self.gateway, self.groups, self.alarms) = (network, models, gateway, groups, alarms)
        (self.configuration, self.trial, self.fileDiffers) = (configuration, trial, fileDiffers)
    }
}

/// A configuration that runs on trial, for `apply` and `status`.
package struct TrialRow: Codable, Sendable, Equatable {
    package var configuration: Int
    /// What comes back unless `confirm` comes first.
    package var previous: Int
    /// Microseconds since 1970, by today's clock.
    package var until: UInt64
    package var remaining: Span
    /// Why a confirmation is wanted, in words.
    package var reasons: [String]

    package init(configuration: Int, previous: Int, until: UInt64, remaining: Span, reasons: [String]) {
        (self.configuration, self.previous, self.until) = (configuration, previous, until)
        (self.remaining, self.reasons) = (remaining, reasons)
    }
}

/// The answer to `confirm`.
package struct ConfirmReply: Codable, Sendable, Equatable {
    package var configuration: Int
    package var words: String

    package init(configuration: Int, words: String) { (self.configuration, self.words) = (configuration, words) }
}

/// One thing that was done or refused, for `history`.
package struct HistoryRow: Codable, Sendable, Equatable {
    /// Microseconds since 1970.
    package var at: UInt64
    package var user: String
    /// Nil: the daemon itself, or a signal.
    package var process: Int?
    package var what: String
    package var result: String
    /// The configuration that ran from then on; nil when it was the same as before.
    package var configuration: Int?
    /// Whether its texts are still there to go back to.
    package var isKept: Bool
    /// `running`, `on trial`, or nil.
    package var state: String?

    package init(
        at: UInt64,
        user: String,
        process: Int?,
        what: String,
        result: String,
        configuration: Int?,
        isKept: Bool,
        state: String?
    ) {
        (self.at, self.user, self.process, self.what, self.result) = (at, user, process, what, result)
        (self.configuration, self.isKept, self.state) = (configuration, isKept, state)
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
    /// What of strangers goes along when this is done, in words: their routes over next hops of ours that are deleted.
    package var losses: [String]
    /// What waits for a link or an address, in words.
    package var pending: [String]
    /// Overrides in force that the file does not show, in words.
    package var overrides: [String]

    package init(
        changes: [Change],
        conflicts: [String],
        losses: [String] = [],
        pending: [String],
        overrides: [String]
    ) {
        (self.changes, self.conflicts, self.losses) = (changes, conflicts, losses)
        (self.pending, self.overrides) = (pending, overrides)
    }
}

/// What became of an apply by the time of the answer.
package struct ApplyReply: Codable, Sendable, Equatable {
    package var generation: UInt64
    /// Its number in the history.
    package var configuration: Int
    /// Set when it waits for its confirmation.
    package var trial: TrialRow?
    /// How many kernel changes were sent, and how many of them the kernel took, by the time of the answer.
    package var changes: Int
    package var accepted: Int
    /// What the kernel refused, in words.
    package var refused: [String]
    package var conflicts: [String]
    /// What of strangers went along, in words.
    package var losses: [String]
    package var pending: [String]

    package init(
        generation: UInt64,
        configuration: Int,
        trial: TrialRow? = nil,
        changes: Int,
        accepted: Int,
        refused: [String],
        conflicts: [String],
        losses: [String] = [],
        pending: [String]
    ) {
        (self.generation, self.configuration, self.trial) = (generation, configuration, trial)
        (self.changes, self.accepted) = (changes, accepted)
        (self.refused, self.conflicts, self.losses, self.pending) = (refused, conflicts, losses, pending)
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
    /// `health`, `presence`, `target`, `shares`, `plan`, `list`, `flows`, `refused`, `conflict`, `drift`, `overrun`, `admin`,
    /// `gateway`, `alarm`, `decision`, `audit`.
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
