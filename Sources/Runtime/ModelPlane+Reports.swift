/// What of a report may stay in the daemon, and under which names? The gateway reads what strangers send, and could one day speak for
/// them: what it says counts members in or out, as it must, but neither fills the memory nor makes names.
import ConfigSyntax
import Inference
import NetTypes
import PolicyEngine

extension ModelPlane {
    /// Alarms that stand at once: a file of a hundred members has fewer codes and objects to complain of.
    static let mostAlarms = 200
    /// Characters of an alarm's object, and of what it says.
    static let longestObject = 300
    static let longestDetail = 1000
    /// Event loops of a gateway: more than any machine has cores.
    static let mostLoops = 4096
    /// Of all kept decisions together, roughly; two thousand usual ones have a twentieth of it.
    package static let mostDecisionBytes = 64 << 20

    /// Said once for as long as it stands.
    mutating func raise(_ alarm: GatewayAlarm, _ effects: inout [Effect]) {
        var alarm = alarm
        alarm.object = String(alarm.object.prefix(Self.longestObject))
        alarm.detail = String(alarm.detail.prefix(Self.longestDetail))
        let isNew = !alarms.contains { $0.code == alarm.code && $0.object == alarm.object }
        guard !isNew || alarms.count < Self.mostAlarms else {
            droppedReports &+= 1
            return
        }
        alarms.removeAll { $0.code == alarm.code && $0.object == alarm.object }
        alarms.append(alarm)
        if isNew { effects.append(.note(.alarm(alarm))) }
    }

    /// What is passed on unread raises an alarm in its provider's name, and members' signals do not end it. A provider that does what it is asked
    /// takes the credentials; an error may come before it looks at them.
    private mutating func mend(by record: DecisionRecord) {
        guard alarms.contains(where: { $0.code == .upstreamUnauthorised }) else { return }
        for attempt in record.attempts {
            guard let status = attempt.status, (200..<300).contains(status) else { continue }
            let name = groups.member(named: attempt.member).flatMap { provider(of: $0.id) } ?? attempt.member
            alarms.removeAll { $0.code == .upstreamUnauthorised && $0.object == name }
        }
    }

    mutating func noteUnderWay(_ counts: [MemberCount]) {
        underWay = counts.filter { $0.count > 0 && groups.member(named: $0.member) != nil }
    }

    mutating func noteServing(_ loop: Int, _ requests: Int) {
        guard (0..<Self.mostLoops).contains(loop) else { return }
        serving[loop] = max(0, requests)
    }

    mutating func keep(_ records: [DecisionRecord], _ effects: inout [Effect]) {
        decisions += records
        decisionBytes += records.reduce(0) { $0 + $1.roughBytes }
        let isLong = decisions.count > Self.mostDecisions + Self.mostDecisions / 4
        if isLong || decisionBytes > Self.mostDecisionBytes {
            cutDecisions(to: isLong ? Self.mostDecisions : decisions.count)
        }
        for record in records {
            mend(by: record)
            count(record)
        }
        effects.append(.decided(records))
    }

    /// The oldest go.
    private mutating func cutDecisions(to count: Int) {
        var surplus = decisions.count - count
        decisionBytes -= decisions.prefix(surplus).reduce(0) { $0 + $1.roughBytes }
        while decisionBytes > Self.mostDecisionBytes, surplus < decisions.count {
            decisionBytes -= decisions[surplus].roughBytes
            surplus += 1
        }
        decisions.removeFirst(surplus)
    }

    private mutating func count(_ record: DecisionRecord) {
        let key = CounterKey(
            group: names.group(record.group ?? ""),
            member: names.member(record.attempts.last?.member ?? ""),
            outcome: record.outcome
        )
        counters[key, default: 0] += 1
        measures.observe(record, by: names)
        guard let key = record.key, lastUsed[key] != nil || isKey(key) else { return }
        lastUsed[key] = record.startedUnix
    }

    private func isKey(_ name: String) -> Bool { declaresKey(name) || storedKeys.contains { $0.name == name } }
}

extension MeasuredNames {
    /// All that a gateway can be asked to serve by.
    /// - Parameter found: models that were read from servers.
    init(_ configuration: ModelsConfiguration, found: [String] = []) {
        let groups = configuration.groups
        self.init(
            groups: groups.map(\.definition.name.value),
            // What is passed on unread has its provider in the member's place.
            members: groups.flatMap { group in
                group.members.map { "\(group.definition.name.value).\($0.name.value)" }
            } + configuration.providers.map(\.name.value),
            models: groups.flatMap { $0.members.compactMap(\.model?.value) } + found
        )
    }
}

extension DecisionRecord {
    /// What it takes in memory, for a bound: its rows and its longer texts.
    fileprivate var roughBytes: Int {
        let head = [key, team, requestedModel, policy, arm, group, errorCode, cost?.provider, cost?.prices, cost?.text]
        let ofCandidates = candidates.reduce(0) { sum, row in
            sum + 128 + row.member.utf8.count + row.reason.utf8.count + (row.path?.utf8.count ?? 0)
                + (row.cause?.utf8.count ?? 0)
        }
        let ofAttempts = attempts.reduce(0) { sum, row in
            sum + 384 + row.member.utf8.count + row.upstreamModel.utf8.count + row.endpoint.utf8.count
                + (row.path?.utf8.count ?? 0) + (row.detail?.utf8.count ?? 0)
        }
        return head.reduce(768 + id.utf8.count + ofCandidates + ofAttempts) { $0 + ($1?.utf8.count ?? 0) }
    }
}
