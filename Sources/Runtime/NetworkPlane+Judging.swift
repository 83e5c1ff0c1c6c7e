/// How measurements, counters and time change what members are worth (`PolicyEngine/Scoring`).
import ConfigSyntax
import Forwarding
import Liveness
import NetTypes
import PolicyEngine

extension NetworkPlane {
    mutating func measure(_ result: ProbeResult, _ member: MemberID, at now: Instant) {
        let figures = result.figures
        let loss = figures.sent > 0 ? Fraction(millionths: UInt32(clamping: figures.lossMillionths)) : nil
        let sample = Sample(latency: result.rtt, loss: loss)
        guard groups.measure(sample, of: member, in: result.scope, at: now) else { return }
        judgedAnew(groups[member].group)
    }

    /// Lets time pass over what is believed, held down and damped.
    mutating func advance(to now: Instant) { for group in groups.advance(to: now) { judgedAnew(group) } }

    private mutating func judgedAnew(_ group: GroupID) {
        touched.insert(group)
        revision += 1
    }

    /// Comes back when time alone may change shares.
    mutating func askToBeWokenToJudge(_ effects: inout [Effect]) {
        guard let next = groups.nextMoment, wakeAt.map({ next < $0 }) ?? true else { return }
        wakeAt = next
        effects.append(.wake(at: next))
    }
}

// MARK: - Allowances

extension NetworkPlane {
    /// Takes over what was used so far.
    mutating func meter(_ meters: Meters) {
        for member in groups.members where member.allowance != nil { _ = groups.set(nil, of: member.id) }
        for (name, _, allowance) in configuration.metered {
            setAllowance(of: name, meters.used(by: name), allowance.amount.bytes)
        }
    }

    /// In order of their names.
    var countedDevices: [String] { Set(configuration.metered.map(\.device)).sorted() }

    mutating func counted(_ counts: DeviceCounts, _ meters: inout Meters, _ effects: inout [Effect]) {
        var allowances: [String: UInt64] = [:]
        for (name, device, allowance) in configuration.metered {
            allowances[name] = allowance.amount.bytes
            guard let found = counts.devices.first(where: { $0.name == device }) else { continue }
            meters.count(counts, found, of: name, every: allowance.unit)
            setAllowance(of: name, meters.used(by: name), allowance.amount.bytes)
        }
        if meters.needKeeping(allowances) { effects.append(.keepUsage(meters.all)) }
    }

    private mutating func setAllowance(of name: String, _ used: UInt64, _ allowance: UInt64) {
        guard let member = groups.member(named: name),
            groups.set(AllowanceLeft(used: used, of: allowance), of: member.id)
        else { return }
        judgedAnew(member.group)
    }
}
