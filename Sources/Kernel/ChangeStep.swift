/// One send's worth of changes: their messages, and which answer belongs to which of them.
package import Forwarding

struct ChangeStep: ~Copyable {
    private let limits: LaneLimits
    private var encoder: MessageEncoder
    /// The changes by their indices; the first of them has the sequence number `first`, the others count up from it.
    private(set) var indices: [Int] = []
    private var first: UInt32 = 1

    init(_ limits: LaneLimits) {
        self.limits = limits
        encoder = MessageEncoder(capacity: limits.stepBytes)
    }

    var isEmpty: Bool { indices.isEmpty }

    /// Takes the change with this index. False when it does not fit behind the others, or not at all.
    mutating func add(_ operation: KernelChange.Operation, _ index: Int) -> Bool {
        let sequence = first &+ UInt32(truncatingIfNeeded: indices.count)
        guard indices.count < limits.changesPerStep, encoder.append(operation, sequence: sequence) else { return false }
        indices.append(index)
        return true
    }

    /// Ends the step: its last message asks for an acknowledgement.
    mutating func close() { encoder.acknowledgeLast() }

    /// Begins the next step; its numbers go on where this one's end, so that a late answer is known as such.
    mutating func reset() {
        first &+= UInt32(truncatingIfNeeded: indices.count)
        indices.removeAll(keepingCapacity: true)
        encoder.reset()
    }

    /// Where the request with this sequence number stands in the step; nil when it was not of this step.
    borrowing func position(of sequence: UInt32) -> Int? {
        let position = Int(sequence &- first)
        return position < indices.count ? position : nil
    }

    borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try encoder.withBytes(body)
    }
}

/// The bytes of every step the bulk lane sends for these changes, as long as none is for nftables: by them another program is known
/// to send the same.
package func bulkSteps(of changes: [KernelChange], _ body: (UnsafeRawBufferPointer) -> Void) {
    var step = ChangeStep(.bulk)
    func end() {
        step.close()
        step.withBytes(body)
        step.reset()
    }
    for index in bulkOrder(changes) where !step.add(changes[index].operation, index) {
        end()
        _ = step.add(changes[index].operation, index)
    }
    if !step.isEmpty { end() }
}
