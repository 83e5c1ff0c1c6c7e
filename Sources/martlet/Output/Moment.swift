/// How are times and lengths of time written for people?
import Glibc
import NetTypes

enum Moment {
    enum Zone {
        case local
        case utc
    }

    /// `2026-11-22 17:14:16`.
    static func dateAndTime(_ microseconds: UInt64, in zone: Zone = .local) -> String {
        let (time, _) = split(microseconds, zone)
        return "\(Int(time.tm_year) + 1900)-\(two(time.tm_mon + 1))-\(two(time.tm_mday)) \(clock(time))"
    }

    /// `17:14:16.123`.
    static func timeOfDay(_ microseconds: UInt64, in zone: Zone = .local) -> String {
        let (time, fraction) = split(microseconds, zone)
        return "\(clock(time)).\(String(1000 + fraction / 1000).dropFirst())"
    }

    /// How long something has lasted, in its two largest units: `3d 4h`, `4h 12m`, `3m 5s`, `12s`.
    static func age(_ span: Span) -> String {
        let seconds = max(0, span.nanoseconds / 1_000_000_000)
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86400: return "\(seconds / 3600)h \(seconds / 60 % 60)m"
        default: return "\(seconds / 86400)d \(seconds / 3600 % 24)h"
        }
    }

    private static func split(_ microseconds: UInt64, _ zone: Zone) -> (tm, fraction: UInt64) {
        var seconds = time_t(clamping: microseconds / 1_000_000)
        var time = tm()
        switch zone {
        case .local: localtime_r(&seconds, &time)
        case .utc: gmtime_r(&seconds, &time)
        }
        return (time, microseconds % 1_000_000)
    }

    private static func clock(_ time: tm) -> String { "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))" }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Span {
    /// To the second where it is longer than one.
    var rounded: Span { nanoseconds < 1_000_000_000 ? self : .seconds(nanoseconds / 1_000_000_000) }
}

/// How are parts of a whole written?
enum Percent {
    /// `75 %`, `33.3 %`.
    static func text(permille: Int) -> String {
        permille % 10 == 0 ? "\(permille / 10) %" : "\(permille / 10).\(abs(permille % 10)) %"
    }
}
