/// The heap against a sorted list.
import Chance
import NetTypes
import Testing

@testable import Liveness

struct WakeHeapTests {
    @Test func theFirstIsAlwaysTheEarliestAndOfEqualsTheLowestSlot() {
        var rng = SeededGenerator(5)
        var heap = WakeHeap()
        var model: [Int: Instant] = [:]
        for _ in 0..<50_000 {
            let slot = Int.random(in: 0..<64, using: &rng)
            if Int.random(in: 0..<3, using: &rng) == 0 {
                heap.remove(slot)
                model[slot] = nil
            } else {
                let wake = Instant(nanoseconds: UInt64.random(in: 0..<40, using: &rng))
                heap.set(slot, to: wake)
                model[slot] = wake
            }
            let expected = model.min { $0.value != $1.value ? $0.value < $1.value : $0.key < $1.key }
            #expect(heap.first?.slot == expected?.key)
            #expect(heap.first?.wake == expected?.value)
        }
    }
}
