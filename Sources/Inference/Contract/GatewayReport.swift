/// What do the daemon and its gateway tell each other over their socket pair, besides snapshots?
package import NetTypes
package import PolicyEngine

/// From the daemon to the gateway.
package enum GatewayCommand: Sendable, Codable {
    /// All that the gateway decides on; replaces the one before as a whole.
    case snapshot(GatewaySnapshot)
    /// Take no new connection, finish what runs, then leave.
    case drain
    /// Ask this member whether it works, at once, and pay for it.
    case canary(member: String)
    /// This path carries nothing now: move what has not begun to answer, watch the rest.
    case pathDown(Mark)
    /// Say `alive`, from every event loop together: whoever hangs does not.
    case ping
    /// What other gateways have settled for these budgets, as the ledger has it; of others it is as it was.
    case spending([SpendingUse])
}

/// From the gateway to the daemon.
package enum GatewayReport: Hashable, Sendable, Codable {
    /// It serves by this snapshot.
    case ready(generation: UInt64)
    /// Passive health: what real traffic showed of a model member, and the path it used. Names, not numbers: the daemon may be
    /// a generation ahead.
    case signal(member: String, path: String?, Signal, at: Instant)
    /// How often the member answered besides since its success was last told.
    case answered(member: String, count: UInt64, at: Instant)
    /// The member works, and wants to be left alone until then.
    case pause(member: String, Cause, until: Instant)
    /// A round of probes of a provider, one outcome for each path that carries its load; never empty.
    case probed(provider: String, [ProbeOutcome], at: Instant)
    /// What was decided since the last time, in the order of the answers' ends.
    case decisions([DecisionRecord])
    case alarm(GatewayAlarm)
    /// All that is wrong with what the snapshot names outside of itself: secrets, certificates. What was said so before and is not
    /// among it has been mended.
    case standing([GatewayAlarm])
    /// So many requests are being served by this event loop now. Told when it has changed, about once a second.
    case serving(loop: Int, requests: Int)
    /// Requests that members have under way, over all event loops; those that have any. Told with `serving`.
    case underWay([MemberCount])
    /// So many reports could not be told, since the last time.
    case dropped(reports: Int)
    /// All event loops are: the answer to a ping.
    case alive
    /// What was to be mended is.
    case mended(GatewayAlarm.Code, object: String)
}

/// How many of something a member has.
package struct MemberCount: Hashable, Sendable, Codable {
    package var member: String
    package var count: Int

    package init(_ member: String, _ count: Int) { (self.member, self.count) = (member, count) }
}

/// Something that an operator has to mend.
package struct GatewayAlarm: Hashable, Sendable, Codable {
    package enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// The provider refused our key, or wants to be paid.
        case upstreamUnauthorised = "upstream-unauthorised"
        /// The provider does not know the configured model.
        case upstreamModelUnknown = "upstream-model-unknown"
        /// The provider's key cannot be read, or others may read it too.
        case secretUnavailable = "secret-unavailable"
        /// A listener has no certificate to show, or not the one that is configured.
        case listenerUnserved = "listener-unserved"
        /// A listener's certificate ends within days.
        case certificateEnding = "certificate-ending"
        /// Nothing is there to check a provider's certificate by.
        case trustUnavailable = "trust-unavailable"
        /// The snapshot holds something that cannot be; the old one stays.
        case snapshotRefused = "snapshot-refused"
        /// Reports were dropped because the daemon did not read them.
        case reportsDropped = "reports-dropped"
        /// The gateway did not answer for so long that it was ended, and another one began.
        case gatewayHung = "gateway-hung"
        /// The ledger has no room for single requests: they are added up by key, model and hour until it has.
        case ledgerFull = "ledger-full"
        /// As many clients are connected to a listener as the descriptors of the process allow: others wait.
        case clientsWait = "clients-wait"
        /// A loop keeps as much of long requests and unread answers as its share of the memory: further ones are refused, or cut.
        case memoryShort = "memory-short"

        /// Whether it is told by `GatewayReport.standing`, and so ends by not being told again.
        package var isStanding: Bool {
            switch self {
            case .secretUnavailable, .listenerUnserved, .certificateEnding, .trustUnavailable: true
            case .upstreamUnauthorised, .upstreamModelUnknown, .snapshotRefused, .reportsDropped, .gatewayHung,
                .ledgerFull, .clientsWait, .memoryShort:
                false
            }
        }
    }

    package var code: Code
    /// What it is about: a member, a provider.
    package var object: String
    /// One line with the particulars, without secrets.
    package var detail: String

    package init(_ code: Code, object: String, detail: String) {
        self.code = code
        self.object = object
        self.detail = detail
    }
}
