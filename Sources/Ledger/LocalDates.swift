/// On which date, where the router stands, did something happen? Budgets are counted by it. The C library is asked once in a quarter of
/// an hour: no zone's clock changes at any other moment.
import Foundation
import Inference

/// Not to be used from two threads at once.
final class LocalDates {
    private static let quarter: UInt64 = 900
    /// Seconds east of Greenwich in this quarter of an hour.
    private var offset: Int64 = 0
    private var known: UInt64?

    /// 20261126.
    /// - Parameter second: since 1970.
    func date(of second: UInt64) -> Int {
        let quarter = second / Self.quarter
        if known != quarter {
            known = quarter
            var time = time_t(clamping: second)
            var local = tm()
            localtime_r(&time, &local)
            offset = Int64(local.tm_gmtoff)
        }
        let shifted = offset < 0 ? second - min(second, UInt64(-offset)) : second &+ UInt64(offset)
        return CalendarDay(second: shifted).date
    }
}
