/// Reads the kernel's byte counters of the devices whose members have an allowance, once a second.
import Foundation
import Runtime

/// Confined to its queue, which is what makes `@unchecked Sendable` safe.
final class DeviceCounter: @unchecked Sendable {
    /// An allowance is gigabytes; at a gigabit a second this is off by an eighth of one.
    private static let interval = DispatchTimeInterval.seconds(1)

    private let queue = DispatchQueue(label: "martlet.counters")
    private let report: @Sendable (DeviceCounts) -> Void
    private let boot = DeviceCounter.text(of: "/proc/sys/kernel/random/boot_id").trimmingCharacters(
        in: .whitespacesAndNewlines
    )
    private var devices: Set<String> = []
    private var timer: (any DispatchSourceTimer)?
    private var last: DeviceCounts?

    init(report: @escaping @Sendable (DeviceCounts) -> Void) { self.report = report }

    /// Reads these devices from now on, the first time at once.
    func count(_ names: [String]) {
        queue.async { [self] in
            (devices, last) = (Set(names), nil)
            timer?.cancel()
            timer = nil
            guard !names.isEmpty else { return }
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now(), repeating: Self.interval)
            timer.setEventHandler { [weak self] in self?.read() }
            timer.resume()
            self.timer = timer
        }
    }

    func stop() { count([]) }

    private func read() {
        let counters = InterfaceCounters.parse(Self.text(of: "/proc/net/dev")).filter { devices.contains($0.name) }
        let counts = DeviceCounts(boot: boot, day: LocalDay.number(of: time(nil)), devices: counters)
        guard counts != last else { return }
        last = counts
        report(counts)
    }

    private static func text(of path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}

/// `/proc/net/dev`, proc(5): two lines of heading, then `name: bytes packets … ` received in eight columns and sent in eight.
enum InterfaceCounters {
    static func parse(_ text: String) -> [DeviceCounts.Device] {
        text.split(separator: "\n").compactMap { line in
            guard let colon = line.lastIndex(of: ":") else { return nil }
            let numbers = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) }
            guard numbers.count >= 9, let received = numbers[0], let sent = numbers[8] else { return nil }
            let name = line[..<colon].drop { $0 == " " }
            return DeviceCounts.Device(name: String(name), bytes: received &+ sent)
        }
    }
}

enum LocalDay {
    /// 20261126: the date in local time.
    static func number(of time: time_t) -> Int {
        var (time, parts) = (time, tm())
        localtime_r(&time, &parts)
        return (Int(parts.tm_year) + 1900) * 10_000 + (Int(parts.tm_mon) + 1) * 100 + Int(parts.tm_mday)
    }
}
