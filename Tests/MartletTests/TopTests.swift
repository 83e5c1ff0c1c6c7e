/// How two looks at the members become one with rates, and how it is drawn.
import Control
import NetTypes
import Testing

@testable import martlet

@Suite struct TopTests {
    private static func frame(_ change: (inout TopRow) -> Void, after microseconds: UInt64 = 2_000_000) -> TopFrame {
        var later = Samples.top
        change(&later)
        return TopFrame(
            TopReply(at: 5_000_000 + microseconds, rows: [later]),
            since: TopReply(at: 5_000_000, rows: [Samples.top]),
            after: Span(nanoseconds: Int64(microseconds) * 1000)
        )
    }

    @Test func ratesAreWhatWasAddedInTheTimeBetween() {
        let line = Self.frame {
            $0.packets = 1501
            $0.bytesIn = 1_250_000
            $0.bytesOut = 50_000
            $0.requests = 8
        }.rows[0]
        #expect(line.packetsPerSecond == 251 && line.requestsPerSecond == 0.5)
        #expect(line.bitsInPerSecond == 1_000_000 && line.bitsOutPerSecond == 0)
        #expect(line.member == "wan.fiber" && line.sharePermille == 750 && line.lossPermille == 5)
    }

    @Test func aCountThatBeganAnewGivesNoRate() {
        let line = Self.frame { $0.packets = 3 }.rows[0]
        #expect(line.packetsPerSecond == nil && line.bitsInPerSecond == 0)
        #expect(Self.frame({ $0.device = "eth9" }).rows[0].bitsInPerSecond == nil, "another device's count")
        #expect(Self.frame({ $0.packets = nil }).rows[0].packetsPerSecond == nil, "a kernel that does not count")
        #expect(Self.frame({ $0.packets = 2000 }, after: 0).rows[0].packetsPerSecond == nil, "a clock that stood still")
        let nothing = TopReply(at: 1, rows: [])
        let fresh = TopFrame(TopReply(at: 2, rows: [Samples.top]), since: nothing, after: .seconds(1))
        #expect(fresh.rows[0].packetsPerSecond == nil && fresh.rows[0].health == "up", "a member that is new")
    }

    @Test func aLookIsATableWithItsTime() {
        let text = Self.frame { $0.packets = 1500 }.text(.plain, in: .utc)
        #expect(
            text == """
                00:00:07  over 2s
                MEMBER     SCOPE  HEALTH  ADMIN  SHARE  ROUND TRIP   LOSS  PACKETS/S       IN      OUT  REQUESTS/S
                wan.fiber  ipv4   up      up      75 %        12ms  0.5 %        250  0 bit/s  0 bit/s         0.0
                """
        )
        let nothing = TopReply(at: 2_000_000, rows: [])
        let none = TopFrame(nothing, since: nothing, after: .seconds(1))
        #expect(none.text(.plain, in: .utc) == "00:00:02  over 1s\nno members configured")
    }

    @Test func aLookIsDrawnOverTheOneBeforeInOneWrite() {
        #expect(TopScreen.redraw(["a", "b"], over: 0) == "\u{1B}[?7la\u{1B}[K\nb\u{1B}[K\n\u{1B}[J\u{1B}[?7h")
        #expect(TopScreen.redraw(["a"], over: 3) == "\u{1B}[?7l\r\u{1B}[3Aa\u{1B}[K\n\u{1B}[J\u{1B}[?7h")
        #expect(TopScreen.fitting(["a", "b", "c"], into: 3) == ["a", "b", "c"])
        #expect(TopScreen.fitting(["a", "b", "c", "d"], into: 3) == ["a", "b", "and 2 more"])
    }

    @Test(arguments: [
        (0, "0 bit/s"), (999, "999 bit/s"), (1000, "1.0 kbit/s"), (12_345, "12.3 kbit/s"), (123_456, "123 kbit/s"),
        (999_600, "1.0 Mbit/s"), (2_500_000_000, "2.5 Gbit/s"),
    ])
    func bitsAreWrittenInTheirUnit(bits: Int, text: String) {
        #expect(BitRate.text(bits) == text)
    }
}
