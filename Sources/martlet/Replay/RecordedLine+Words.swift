/// How is a recorded event named for people?
import ConfigModel
import Forwarding
import NetTypes
import Runtime

extension RecordedLine {
    /// The daemon's time at the event; nil for an effect, which has its event's.
    var at: Instant? {
        switch self {
        case .configured(let at, _, _, _, _, _), .fact(let at, _, _): at
        case .effect: nil
        }
    }

    var words: String {
        switch self {
        case .configured(_, _, let files, _, _, _): "configured by " + files.map(\.name).joined(separator: ", ")
        case .fact(_, _, let fact): fact.words
        case .effect: "effect"
        }
    }
}

extension Fact {
    fileprivate var words: String {
        switch self {
        case .kernel(let reports): "kernel: \(counted(reports.count, "report"))"
        case .dumpBegan(let family): "dump of \(family) began"
        case .segments(let found): "dump found \(counted(found.routeCount, "route")) of ours"
        case .list(let reading): "list of \(reading.feed) was read"
        case .set(let reading): "file of the set \(reading.set) was read"
        case .feedsPlanned(_, let plan): "lists compared: \(counted(plan.count, "route"))"
        case .feedsProgress(_, let done): "kernel answered \(counted(done, "route")) of lists so far"
        case .feedsProgrammed(let token, let outcome):
            "kernel answered lists \(token): \(outcome.accepted) taken, \(outcome.refused) refused"
        case .dumpEnded(let family): "dump of \(family) ended"
        case .overrun(let family): "announcements of \(family) were lost"
        case .ruleset(let table): table == nil ? "nftables table is not there" : "nftables table was read"
        case .programmed(let token, let outcomes):
            "kernel answered batch \(token): \(counted(outcomes.count, "outcome"))"
        case .targets(let reports): "targets: \(counted(reports.count, "report"))"
        case .probed(let results): "probes: \(counted(results.count, "result"))"
        case .bfd(let reports): "bfd: \(counted(reports.count, "report"))"
        case .bytesCounted(let counts): "counters: \(counted(counts.devices.count, "device"))"
        case .usage(let usages): "kept usage: \(counted(usages.count, "member"))"
        case .canaries(let uses): "kept canaries: \(counted(uses.count, "member"))"
        case .gateway: "gateway reported"
        case .gatewayStarted: "gateway started"
        case .gatewayEnded(let status): "gateway ended with status \(status)"
        case .overrides(let overrides): "kept overrides: \(overrides.count)"
        case .storedKeys(let keys): "client keys made at run time: \(keys.count)"
        case .admin(let override, let by): "\(by) set \(override.member) \(override.admin)"
        case .localTime(let second): "it is second \(second) of the day"
        case .flowsMoved(let outcome): "flows of \(outcome.member) moved: \(outcome.forgotten)"
        case .woke: "woke"
        }
    }
}
