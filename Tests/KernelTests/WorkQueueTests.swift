import Testing

@testable import Kernel

/// The queue in front of a lane.
@Suite struct WorkQueueTests {
    @Test func itemsComeInTheOrderOfTheirArrival() {
        let queue = WorkQueue<Int>()
        for item in 1...3 { #expect(queue.push(item)) }
        #expect(queue.takeAll() == [1, 2, 3])
    }

    @Test func whatWasQueuedBeforeTheCloseIsStillHandedOut() {
        let queue = WorkQueue<Int>()
        #expect(queue.push(1))
        queue.close()
        #expect(!queue.push(2))
        #expect(queue.takeAll() == [1])
        #expect(queue.takeAll() == nil)
    }

    @Test func aWaitingThreadIsWokenByAnItemAndByTheClose() throws {
        let queue = WorkQueue<Int>()
        let taken = WorkQueue<[Int]>()
        let thread = try KernelThread.start("test") {
            while let items = queue.takeAll() { _ = taken.push(items) }
            taken.close()
        }
        #expect(queue.push(1))
        #expect(taken.takeAll() == [[1]])
        queue.close()
        thread.join()
        #expect(taken.takeAll() == nil)
    }
}
