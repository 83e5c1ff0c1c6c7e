/// Which of many numbered sleepers wakes first: a binary heap whose entries can be moved.
import NetTypes

/// Slots with the instant each wants to wake at; earliest first, of equals the lower slot. Setting costs O(log n).
struct WakeHeap: Sendable {
    private var heap: [Int] = []
    /// By slot: its wake, and its place in `heap` (-1: not in it).
    private var wakes: [Instant] = []
    private var places: [Int] = []

    /// The slot that wakes first.
    var first: (slot: Int, wake: Instant)? { heap.first.map { ($0, wakes[$0]) } }

    mutating func set(_ slot: Int, to wake: Instant) {
        makeRoom(slot)
        wakes[slot] = wake
        if places[slot] < 0 {
            places[slot] = heap.count
            heap.append(slot)
        }
        siftDown(siftUp(places[slot]))
    }

    mutating func remove(_ slot: Int) {
        guard slot < places.count, places[slot] >= 0 else { return }
        let hole = places[slot]
        places[slot] = -1
        let last = heap.removeLast()
        guard last != slot else { return }
        heap[hole] = last
        places[last] = hole
        siftDown(siftUp(hole))
    }

    private mutating func makeRoom(_ slot: Int) {
        guard slot >= places.count else { return }
        let missing = slot + 1 - places.count
        wakes += Array(repeating: Instant(nanoseconds: 0), count: missing)
        places += Array(repeating: -1, count: missing)
    }

    private func isEarlier(_ a: Int, _ b: Int) -> Bool {
        wakes[heap[a]] != wakes[heap[b]] ? wakes[heap[a]] < wakes[heap[b]] : heap[a] < heap[b]
    }

    private mutating func siftUp(_ start: Int) -> Int {
        var index = start
        while index > 0, isEarlier(index, (index - 1) / 2) {
            swap(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
        return index
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && isEarlier(child, smallest) {
                smallest = child
            }
            guard smallest != index else { return }
            swap(index, smallest)
            index = smallest
        }
    }

    private mutating func swap(_ a: Int, _ b: Int) {
        heap.swapAt(a, b)
        places[heap[a]] = a
        places[heap[b]] = b
    }
}
