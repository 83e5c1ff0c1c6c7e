import Forwarding
import Testing

@testable import Daemon

@Suite struct TopTests {
    @Test func devicesHaveBothDirections() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
              eth0:1000 9 0 0 0 0 0 0 234 2 0 0 0 0 0 0
            wwan0.5: 18446744073709551615 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
              odd: 12
            """
        let found = DeviceTotals.parse(text)
        #expect(found.keys.sorted() == ["eth0", "wwan0.5"])
        #expect(found["eth0"] == .init(bytesIn: 1000, bytesOut: 234))
        #expect(found["wwan0.5"] == .init(bytesIn: .max, bytesOut: 1))
        #expect(DeviceTotals.parse("").isEmpty)
    }

    @Test(
        arguments: [
            ([], "", "none"), ([7], "7", "one"), ([0, 1, 2], "0-2", "a range"), ([0, 2, 3, 9], "0, 2-3, 9", "several"),
            ([0, 2, 4, 6, 8], "0, 2, 4, 6 and 1 more range", "one too many"),
            ([0, 2, 4, 6, 8, 10, 11], "0, 2, 4, 6 and 2 more ranges", "too many"),
        ] as [([Int], String, String)]
    )
    func bucketsAreSaidInRanges(indices: [Int], words: String, why: String) {
        #expect(BucketTable.ranges(indices) == words, "\(why)")
    }
}
