/// What one echo request looks like on the wire (RFC 792 "Echo", RFC 4443 §4.1).
package import NetTypes

/// What tells one echo request from every other: it comes back unchanged in the reply.
package struct Echo: Hashable, Sendable {
    /// Which prober asks; each schedule has its own.
    package let identifier: UInt16
    /// Which of its requests this is, counted up and wrapping.
    package let sequence: UInt16
    /// What nobody off the path can guess; the whole payload.
    package let nonce: UInt64

    package init(identifier: UInt16, sequence: UInt16, nonce: UInt64) {
        self.identifier = identifier
        self.sequence = sequence
        self.nonce = nonce
    }

    /// Bytes of an echo message: eight of header, eight of nonce.
    package static let size = 16

    /// The request as the bytes of an ICMP or ICMPv6 message. The ICMPv6 checksum covers a pseudo-header with the
    /// source address (RFC 4443 §2.3) that only the kernel knows: it stays zero and the kernel fills it in.
    package func request(_ family: AddressFamily) -> [UInt8] {
        message(type: family == .v4 ? ICMPType.v4.echoRequest : ICMPType.v6.echoRequest, family)
    }

    /// The reply a target would send; the ICMPv6 checksum stays zero. For peers of tests and fuzzers.
    package func reply(_ family: AddressFamily) -> [UInt8] {
        message(type: family == .v4 ? ICMPType.v4.echoReply : ICMPType.v6.echoReply, family)
    }

    /// The request as two words in network order: what a hot path sends without an array.
    package func requestWords(_ family: AddressFamily) -> (UInt64, UInt64) {
        words(type: family == .v4 ? ICMPType.v4.echoRequest : ICMPType.v6.echoRequest, family)
    }

    private func words(type: UInt8, _ family: AddressFamily) -> (UInt64, UInt64) {
        let head = UInt64(type) << 56 | UInt64(identifier) << 16 | UInt64(sequence)
        guard family == .v4 else { return (head.bigEndian, nonce.bigEndian) }
        return ((head | UInt64(Self.checksum(head, nonce)) << 32).bigEndian, nonce.bigEndian)
    }

    /// RFC 1071 over two words: carries are folded in, whatever the order of addition.
    private static func checksum(_ head: UInt64, _ nonce: UInt64) -> UInt16 {
        var sum: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 48, by: 16) {
            sum &+= (head >> shift & 0xFFFF) &+ (nonce >> shift & 0xFFFF)
        }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) &+ (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    private func message(type: UInt8, _ family: AddressFamily) -> [UInt8] {
        let words = words(type: type, family)
        return withUnsafeBytes(of: words) { Array($0) }
    }
}

/// The message types used here, under the names of RFC 792 and RFC 4443 §2.1.
enum ICMPType {
    enum v4 {
        static let echoReply: UInt8 = 0
        static let destinationUnreachable: UInt8 = 3
        static let echoRequest: UInt8 = 8
        static let timeExceeded: UInt8 = 11
        static let parameterProblem: UInt8 = 12
    }

    enum v6 {
        static let destinationUnreachable: UInt8 = 1
        static let timeExceeded: UInt8 = 3
        static let parameterProblem: UInt8 = 4
        static let echoRequest: UInt8 = 128
        static let echoReply: UInt8 = 129
    }
}

/// The sum at the foot of IPv4, ICMP and their kin (RFC 1071).
enum InternetChecksum {
    /// The ones' complement of the ones' complement sum; 0 for bytes that hold their own right checksum.
    static func of(_ bytes: RawSpan) -> UInt16 {
        var sum: UInt64 = 0
        var index = 0
        while index + 1 < bytes.byteCount {
            sum &+= UInt64(bytes.uint16(index))
            index += 2
        }
        if index < bytes.byteCount { sum &+= UInt64(bytes.uint8(index)) << 8 }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) &+ (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}

/// Network-order reads; the caller has looked at the length, and the span looks again.
extension RawSpan {
    func uint8(_ offset: Int) -> UInt8 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

    func uint16(_ offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    func uint32(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func uint64(_ offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
