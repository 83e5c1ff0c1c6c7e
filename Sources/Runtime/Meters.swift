/// How much of each allowance is used? Bytes that the kernel counted on a member's device, summed over a calendar day or month.
///
/// The last count is kept with the sum. So what passed while no daemon ran is counted at the next start, as long as the host was not
/// started anew in between; then the kernel's counters begin at zero and so does the difference.
package import ConfigSyntax
package import Forwarding
import PolicyEngine

/// The kernel's counters of devices, read at one moment.
package struct DeviceCounts: Hashable, Sendable, Codable {
    package struct Device: Hashable, Sendable, Codable {
        package let name: String
        /// Received and sent, since the device was made.
        package let bytes: UInt64

        package init(name: String, bytes: UInt64) { (self.name, self.bytes) = (name, bytes) }
    }

    /// Names this run of the kernel.
    package let boot: String
    /// The local date: 20261126.
    package let day: Int
    package let devices: [Device]

    package init(boot: String, day: Int, devices: [Device]) {
        (self.boot, self.day, self.devices) = (boot, day, devices)
    }
}

/// What a member has used in one day or month, as it is kept over restarts.
package struct AllowanceUse: Hashable, Sendable, Codable {
    /// `group.member`.
    package let member: String
    /// The day or month: 20261126 or 202611.
    package internal(set) var period: Int
    package internal(set) var bytes: UInt64
    /// The period before, which a clock that is set back may return to.
    package internal(set) var earlierPeriod: Int?
    package internal(set) var earlierBytes: UInt64
    package internal(set) var boot: String
    package internal(set) var counter: UInt64
}

package struct Meters: Sendable, Hashable {
    /// By member.
    package private(set) var usages: [String: AllowanceUse] = [:]
    /// As last handed out for keeping.
    private var kept: [String: AllowanceUse] = [:]

    package init(_ kept: [AllowanceUse] = []) {
        for usage in kept { usages[usage.member] = usage }
        self.kept = usages
    }

    package func used(by member: String) -> UInt64 { usages[member]?.bytes ?? 0 }

    /// In order of their names, as they are kept.
    var all: [AllowanceUse] { usages.values.sorted { $0.member < $1.member } }

    /// Adds what was counted for one member.
    mutating func count(_ counts: DeviceCounts, _ device: DeviceCounts.Device, of member: String, every unit: Period) {
        let period = unit == .month ? counts.day / 100 : counts.day
        guard var usage = usages[member] else {
            // What passed before anybody counted is not held against the member.
            usages[member] = AllowanceUse(
                member: member,
                period: period,
                bytes: 0,
                earlierPeriod: nil,
                earlierBytes: 0,
                boot: counts.boot,
                counter: device.bytes
            )
            return
        }
        // A counter that went back belongs to a device that was made anew.
        let isContinued = usage.boot == counts.boot && usage.counter <= device.bytes
        let grown = isContinued ? device.bytes - usage.counter : device.bytes
        usage.turn(to: period)
        let (sum, overflow) = usage.bytes.addingReportingOverflow(grown)
        usage.bytes = overflow ? .max : sum
        (usage.boot, usage.counter) = (counts.boot, device.bytes)
        usages[member] = usage
    }

    /// Whether so much has changed since it was last kept that it is worth a write: a period's turn, or a 64th of an allowance.
    mutating func needKeeping(_ allowances: [String: UInt64]) -> Bool {
        let isDue = usages.values.contains { usage in
            guard let before = kept[usage.member], before.period == usage.period else { return true }
            return usage.bytes - min(usage.bytes, before.bytes) >= max(1, (allowances[usage.member] ?? .max) / 64)
        }
        if isDue { kept = usages }
        return isDue
    }
}

extension AllowanceUse {
    fileprivate mutating func turn(to next: Int) {
        guard next != period else { return }
        let returned = next == earlierPeriod ? earlierBytes : 0
        (earlierPeriod, earlierBytes) = (period, bytes)
        (period, bytes) = (next, returned)
    }
}

extension NetworkConfiguration {
    /// Members with an allowance: their names, devices and what they may use.
    package var metered: [(member: String, device: String, allowance: Allowance)] {
        groups.flatMap { group in
            group.members.compactMap { member in
                guard let device = member.device?.value, let allowance = member.allowance else { return nil }
                return (group.fullName(of: member), device, allowance)
            }
        }
    }
}
