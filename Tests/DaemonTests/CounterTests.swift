import Foundation
import Runtime
import Testing

@testable import Daemon

@Suite struct CounterTests {
    @Test func devicesAreReadFromTheKernelsTable() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo: 2776770   11307    0    0    0     0          0         0  2776770   11307    0    0    0     0       0          0
              eth0:1000 9 0 0 0 0 0 0 234 2 0 0 0 0 0 0
            wwan0.5: 18446744073709551615 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
              odd: 12
            """
        let found = InterfaceCounters.parse(text)
        #expect(found.map(\.name) == ["lo", "eth0", "wwan0.5"])
        #expect(found.map(\.bytes) == [5_553_540, 1234, 0], "and an overflow wraps as the kernel's own counters do")
        #expect(InterfaceCounters.parse("").isEmpty)
    }

    /// The suite runs in whatever zone the host has: the number must be that zone's own date, on both sides of its midnight.
    @Test func theDayIsLocal() {
        let midnight = Int(Calendar.current.startOfDay(for: Date()).timeIntervalSince1970)
        let (before, after) = (LocalDay.number(of: midnight - 1), LocalDay.number(of: midnight))
        let parts = Calendar.current.dateComponents(
            [.year, .month, .day],
            from: Date(timeIntervalSince1970: Double(midnight))
        )
        #expect(after == parts.year! * 10_000 + parts.month! * 100 + parts.day!)
        #expect(before < after)
    }
}
