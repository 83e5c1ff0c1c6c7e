/// Do many threads together take what a limit lets through, and not one more?
import Foundation
import Inference
import NetTypes
import Synchronization
import Testing

@testable import Gateway

@Suite struct LoadCounterTests {
    @Test func manyThreadsTakeExactlyTheLimit() {
        let words = LoadCounters().words(of: .key, "ci")
        let pace = Pace(1000, per: .seconds(3600))
        let now = Instant(nanoseconds: 1_000_000_000)
        let taken = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<1000 where Self.take(pace, words, now) { taken.add(1, ordering: .relaxed) }
        }
        let count = taken.load(ordering: .relaxed)
        #expect(count == 1000)
        #expect(pace.left(in: words.value(of: .requests), at: now) == 0)
    }

    private static func take(_ pace: Pace, _ words: AtomicWords, _ now: Instant) -> Bool {
        while true {
            let old = words.value(of: .requests)
            guard let next = pace.taking(1, from: old, at: now) else { return false }
            if words.replace(old, with: next, in: .requests) { return true }
        }
    }

    @Test func wordsBelongToTheirNameAndKind() {
        let counters = LoadCounters()
        let words = counters.words(of: .key, "a")
        #expect(counters.words(of: .key, "a") === words)
        #expect(counters.words(of: .team, "a") !== words && counters.words(of: .key, "b") !== words)
        for word in LoadWord.allCases {
            #expect(words.replace(0, with: UInt64(word.rawValue) + 1, in: word))
            #expect(!words.replace(0, with: 99, in: word), "somebody was quicker")
        }
        #expect(LoadWord.allCases.map(words.value) == LoadWord.allCases.map { UInt64($0.rawValue) + 1 })
    }
}
