/// How netlink messages are put one behind the other into one buffer, to be sent at once.
///
/// A message is built between `begin` and `finish` without a check after each step: what does not fit is noticed once, by `finish`,
/// which then takes the whole message back. Nothing is ever written outside the buffer, and nothing is allocated per message.
import CShim
import Forwarding
import NetTypes

struct MessageEncoder: ~Copyable {
    /// `NLMSG_ALIGNTO` and `RTA_ALIGNTO`.
    private static let alignment = 4
    static let headerSize = 16

    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    /// Bytes of finished messages.
    private(set) var count = 0
    /// Where the last finished message starts; nil when there is none.
    private var last: Int?
    private var cursor = 0
    private var hasOverflowed = false

    /// - Parameter capacity: bytes; a message larger than that can never be finished.
    init(capacity: Int) {
        base = .allocate(byteCount: capacity, alignment: 8)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    var isEmpty: Bool { count == 0 }

    /// Starts a message of this type (`RTM_*`), with these `NLM_F_*` flags.
    mutating func begin(_ type: Int, flags: Int32, sequence: UInt32) {
        cursor = count
        hasOverflowed = false
        guard let start = reserve(Self.headerSize) else { return }
        start.storeBytes(of: UInt16(truncatingIfNeeded: type), toByteOffset: 4, as: UInt16.self)
        start.storeBytes(of: UInt16(truncatingIfNeeded: flags), toByteOffset: 6, as: UInt16.self)
        start.storeBytes(of: sequence, toByteOffset: 8, as: UInt32.self)
        start.storeBytes(of: 0, toByteOffset: 12, as: UInt32.self)
    }

    /// Ends the message. False when it did not fit: then it is as if it had not been begun.
    mutating func finish() -> Bool {
        guard !hasOverflowed else { return false }
        base.storeBytes(of: UInt32(cursor - count), toByteOffset: count, as: UInt32.self)
        last = count
        count = cursor
        return true
    }

    /// Asks for an acknowledgement of the last finished message.
    mutating func acknowledgeLast() {
        guard let last else { return }
        let flags = base.loadUnaligned(fromByteOffset: last + 6, as: UInt16.self)
        base.storeBytes(of: flags | UInt16(NLM_F_ACK), toByteOffset: last + 6, as: UInt16.self)
    }

    /// Empties the buffer for the next messages.
    mutating func reset() {
        count = 0
        last = nil
    }

    borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }
}

// MARK: - Fields and attributes

extension MessageEncoder {
    /// A field of a fixed header, in host order.
    @inline(__always)
    mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)?.storeBytes(of: value, as: T.self)
    }

    /// An attribute whose value is one 32-bit number in host order: the one that most of a bulk load consists of.
    @inline(__always)
    mutating func attribute(_ type: UInt16, _ value: UInt32) {
        guard let start = reserve(8) else { return }
        start.storeBytes(of: 8, as: UInt16.self)
        start.storeBytes(of: type, toByteOffset: 2, as: UInt16.self)
        start.storeBytes(of: value, toByteOffset: 4, as: UInt32.self)
    }

    mutating func attribute(_ type: UInt16, _ value: UInt16) {
        beginAttribute(type, size: 2)
        put(value)
        pad()
    }

    mutating func attribute(_ type: UInt16, _ value: UInt8) {
        beginAttribute(type, size: 1)
        put(value)
        pad()
    }

    /// An attribute whose value is a text with its NUL.
    mutating func attribute(_ type: UInt16, _ text: String) {
        beginAttribute(type, size: text.utf8.count + 1)
        for unit in text.utf8 { put(unit) }
        put(UInt8(0))
        pad()
    }

    /// An attribute without value, whose presence is the message.
    mutating func flag(_ type: UInt16) {
        beginAttribute(type, size: 0)
    }

    mutating func attribute(_ type: UInt16, _ address: IPAddress) {
        switch address.family {
        case .v4: attribute(type, UInt32(truncatingIfNeeded: address.low).bigEndian)
        case .v6:
            beginAttribute(type, size: 16)
            put(address.high.bigEndian)
            put(address.low.bigEndian)
        }
    }

    /// Writes an attribute's header; its value, a multiple of four bytes unless `pad` follows, is put right after it.
    mutating func beginAttribute(_ type: UInt16, size: Int) {
        guard let length = UInt16(exactly: size + 4) else {
            hasOverflowed = true
            return
        }
        put(length)
        put(type)
    }

    private mutating func pad() {
        while cursor % Self.alignment != 0, !hasOverflowed { put(UInt8(0)) }
    }

    /// Room for the next bytes of the message, or nil when the buffer ends before.
    @inline(__always)
    private mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer? {
        guard !hasOverflowed, capacity - cursor >= size else {
            hasOverflowed = true
            return nil
        }
        defer { cursor += size }
        return base + cursor
    }
}
