/// A window of counts against a list of everything that ever happened.
import Chance
import NetTypes
import PolicyEngine
import Testing

@Suite struct TallyWindowTests {
    @Test func aWindowCountsWhatTheListOfEverythingSays() {
        var dice = SeededGenerator(27)
        for _ in 0..<20 {
            let slice = Span.milliseconds(Int64.random(in: 1...3000, using: &dice))
            var window = TallyWindow(slice: slice)
            var all: [(slice: UInt64, all: UInt64, some: UInt64)] = []
            var now = Instant(nanoseconds: UInt64.random(in: 0...1 << 40, using: &dice))
            for _ in 0..<100 {
                now = now + .milliseconds(Int64.random(in: 0...5000, using: &dice))
                let event = (
                    now.nanoseconds / UInt64(slice.nanoseconds), UInt64.random(in: 0...3, using: &dice),
                    UInt64.random(in: 0...2, using: &dice)
                )
                window.add(all: event.1, some: event.2, at: now)
                all.append(event)
                let recent = all.filter { event.0 - $0.slice < 10 }
                let sums = window.sums(at: now)
                #expect(sums.all == recent.reduce(0) { $0 + $1.all } && sums.some == recent.reduce(0) { $0 + $1.some })
            }
        }
    }

    @Test func countsStopWhereTheirBitsEnd() {
        var window = TallyWindow(slice: .seconds(1))
        for _ in 0..<3 { window.add(all: .max, some: 1 << 40, at: Instant(nanoseconds: 5)) }
        let sums = window.sums(at: Instant(nanoseconds: 5))
        #expect(sums.all == 1 << 20 - 1 && sums.some == 1 << 20 - 1)
    }
}
