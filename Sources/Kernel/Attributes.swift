/// How received netlink bytes are walked: messages in a datagram, attributes in a message, values in an attribute.
///
/// Everything is a range of offsets into one borrowed `RawSpan`; a length that points outside is a `MalformedMessage`, never a trap.
import CShim
import NetTypes

/// The fixed head of a message and where its payload stands.
struct Message {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    /// The port it answers, 0 for what the kernel does of itself.
    let port: UInt32
    let payload: Range<Int>
}

/// Steps from message to message (`NLMSG_NEXT`).
struct MessageCursor {
    private var offset = 0

    mutating func next(in bytes: RawSpan) throws(MalformedMessage) -> Message? {
        guard offset < bytes.byteCount else { return nil }
        guard bytes.byteCount - offset >= MessageEncoder.headerSize else { throw MalformedMessage(offset: offset) }
        let start = offset
        let length = Int(bytes.load(start, as: UInt32.self))
        guard length >= MessageEncoder.headerSize, length <= bytes.byteCount - start else {
            throw MalformedMessage(offset: start)
        }
        offset = start + aligned(length)
        return Message(
            type: bytes.load(start + 4, as: UInt16.self),
            flags: bytes.load(start + 6, as: UInt16.self),
            sequence: bytes.load(start + 8, as: UInt32.self),
            port: bytes.load(start + 12, as: UInt32.self),
            payload: start + MessageEncoder.headerSize..<start + length
        )
    }
}

/// One attribute: its type without the flag bits, and where its value stands.
struct Attribute {
    let type: UInt16
    let value: Range<Int>
}

/// Steps from attribute to attribute (`RTA_NEXT`).
struct AttributeCursor {
    /// `NLA_TYPE_MASK`: the two highest bits say how the value is kept, not what it is.
    private static let typeMask: UInt16 = 0x3FFF

    private var offset: Int
    private let end: Int

    /// Attributes fill this range of the bytes.
    init(_ range: Range<Int>) {
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Attributes follow a fixed header of `size` bytes (rounded up to the alignment) in this payload.
    init(_ payload: Range<Int>, after size: Int) throws(MalformedMessage) {
        guard payload.count >= size else { throw MalformedMessage(offset: payload.lowerBound) }
        offset = min(payload.lowerBound + aligned(size), payload.upperBound)
        end = payload.upperBound
    }

    mutating func next(in bytes: RawSpan) throws(MalformedMessage) -> Attribute? {
        guard offset < end else { return nil }
        guard end - offset >= 4 else { throw MalformedMessage(offset: offset) }
        let start = offset
        let length = Int(bytes.load(start, as: UInt16.self))
        guard length >= 4, length <= end - start else { throw MalformedMessage(offset: start) }
        offset = start + aligned(length)
        let type = bytes.load(start + 2, as: UInt16.self) & Self.typeMask
        return Attribute(type: type, value: start + 4..<start + length)
    }
}

extension RawSpan {
    /// A number in host order at an offset that has been checked to be inside.
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type) -> T {
        unsafeLoadUnaligned(fromByteOffset: offset, as: type)
    }

    /// An attribute's value as a number in host order.
    func number<T: FixedWidthInteger & BitwiseCopyable>(
        _ attribute: Attribute,
        as type: T.Type = T.self
    ) throws(MalformedMessage) -> T {
        guard attribute.value.count >= MemoryLayout<T>.size else {
            throw MalformedMessage(offset: attribute.value.lowerBound)
        }
        return load(attribute.value.lowerBound, as: type)
    }

    /// An attribute's value as an address: 4 bytes are IPv4, 16 are IPv6.
    func address(_ attribute: Attribute) throws(MalformedMessage) -> IPAddress {
        try address(at: attribute.value)
    }

    func address(at range: Range<Int>) throws(MalformedMessage) -> IPAddress {
        switch range.count {
        case 4:
            return IPAddress(v4: UInt32(bigEndian: load(range.lowerBound, as: UInt32.self)))
        case 16:
            let high = UInt64(bigEndian: load(range.lowerBound, as: UInt64.self))
            let low = UInt64(bigEndian: load(range.lowerBound + 8, as: UInt64.self))
            return IPAddress(family: .v6, high: high, low: low)
        default:
            throw MalformedMessage(offset: range.lowerBound)
        }
    }

    /// An attribute's value as text, up to its NUL or end; bytes that are no UTF-8 are replaced.
    func text(_ attribute: Attribute) -> String {
        var units: [UInt8] = []
        for offset in attribute.value {
            let unit = load(offset, as: UInt8.self)
            if unit == 0 { break }
            units.append(unit)
        }
        return String(decoding: units, as: UTF8.self)
    }
}

/// Rounds up to `NLMSG_ALIGNTO`; lengths here are below 2^32, so it cannot overflow.
private func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
