/// Bytes that are written once, front to back, without knowing beforehand how many there will be.
struct GrowingBytes: ~Copyable {
    private static let firstCapacity = 8 << 10

    private var base: UnsafeMutableRawPointer
    private var capacity = GrowingBytes.firstCapacity
    private(set) var count = 0

    init() { base = .allocate(byteCount: capacity, alignment: 8) }

    deinit { base.deallocate() }

    /// Room for `size` more bytes, which the caller fills. Valid until the next call.
    mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if capacity - count < size {
            capacity = max(2 * capacity, count + size)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
            larger.copyMemory(from: base, byteCount: count)
            base.deallocate()
            base = larger
        }
        defer { count += size }
        return base + count
    }

    /// Gives back the last bytes of what was reserved.
    mutating func giveBack(_ size: Int) { count -= size }

    borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }
}
