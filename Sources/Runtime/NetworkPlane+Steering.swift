/// What the local time of day means to policies: it is asked for at every boundary, and once a minute for clocks that are set.
import ConfigModel
import ConfigSyntax
import Forwarding
import NetTypes
import PolicyEngine

/// What is known of the local time.
struct LocalTime: Sendable {
    /// Seconds since midnight when it was told last.
    var secondOfDay: Int64?
    /// When it is to be asked for again; nil while the answer is on its way.
    var askAt: Instant? = Instant(nanoseconds: 0)
    /// Told, and not acted on yet.
    var isNew = false
}

extension NetworkPlane {
    /// A clock that was set, or daylight saving, is noticed after this time at the latest.
    static let longestTrust = Span.seconds(60)
    private static let secondsPerDay: Int64 = 86_400

    mutating func askForLocalTime(at now: Instant, _ effects: inout [Effect]) {
        guard !boundaries.isEmpty, let askAt = localTime.askAt else { return }
        if askAt <= now {
            localTime.askAt = nil
            effects.append(.tellLocalTime)
        } else if wakeAt.map({ askAt < $0 }) ?? true {
            wakeAt = askAt
            effects.append(.wake(at: askAt))
        }
    }

    mutating func told(localTime second: Int64, at now: Instant) {
        localTime.isNew = localTime.secondOfDay != second
        localTime.secondOfDay = second
        // A boundary is the first second of what begins there.
        let left = boundaries.map { ($0 - second + Self.secondsPerDay - 1) % Self.secondsPerDay + 1 }.min()
        localTime.askAt = now + min(Self.longestTrust, .seconds(left ?? Self.secondsPerDay))
    }

    /// The seconds of the day at which a policy's time begins or ends.
    private var boundaries: Set<Int64> {
        var found: Set<Int64> = []
        for policy in configuration.policies {
            for range in policy.match.timesOfDay {
                found.insert(range.lowerBound)
                found.insert((range.upperBound + 1) % Self.secondsPerDay)
            }
        }
        return found
    }
}

// MARK: - Sets

extension NetworkPlane {
    /// A set's file was read again: a wrong one changes nothing.
    mutating func read(_ reading: SetReading, _ effects: inout [Effect]) {
        let name = "@\(reading.set)"
        guard configuration.sets.contains(where: { $0.name.value == reading.set && $0.isRead }) else { return }
        guard let content = reading.content else {
            let problem = reading.problem ?? "cannot be read"
            guard feeds.problems.updateValue(problem, forKey: name) != problem else { return }
            effects.append(.note(.listRefused(feed: name, problem: problem)))
            return
        }
        feeds.problems[name] = nil
        guard configuration.fill(content) else { return }
        needsPlan = true
        let count = content.addresses.ranges.count
        effects.append(.note(.list(feed: name, prefixes: count, duplicates: content.duplicates)))
    }
}

extension AddressSetDefinition {
    fileprivate var isRead: Bool { if case .file = content { true } else { false } }
}

extension Match {
    /// All ranges of seconds of the day that the condition asks for.
    fileprivate var timesOfDay: [ClosedRange<Int64>] {
        var found: [ClosedRange<Int64>] = []
        var steps = [root]
        while let step = steps.popLast() {
            switch step {
            case .always: continue
            case .not(let inner): steps.append(inner)
            case .all(let parts), .some(let parts): steps += parts
            case .test(PacketFact.time.slot, .ranges(let ranges), _):
                found += ranges.map { max($0.lowerBound, 0)...min(max($0.upperBound, 0), 86_399) }
            case .test: continue
            }
        }
        return found
    }
}
