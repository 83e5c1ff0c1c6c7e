/// What came back on an ICMP socket: an echo reply, or an error that quotes our request.
///
/// Everything here was sent by strangers. What is not exactly an answer to an echo of our shape is `Malformed`, and no
/// input traps.
package import NetTypes

/// An answer to an echo request.
package enum ICMPMessage: Hashable, Sendable {
    case reply(Echo)
    /// A router or the target says that the quoted request failed.
    case failure(ICMPFailure, quoting: QuotedEcho)

    /// Why bytes are no answer to an echo of ours.
    package enum Malformed: Error, Hashable, Sendable {
        /// Shorter than its headers say.
        case truncated
        /// Not an IPv4 packet that carries ICMP.
        case notICMP
        case wrongChecksum
        /// A type or code we have no use for: requests, redirects, neighbour discovery …
        case otherType(UInt8)
        /// A reply whose payload is not the eight bytes we send.
        case otherPayload
        /// An error about a packet that was no echo request.
        case quotesNoEcho
    }
}

/// What an ICMP error says (RFC 792, RFC 4443 §3); the number is the message's code.
package enum ICMPFailure: Hashable, Sendable {
    case unreachable(code: UInt8)
    case timeExceeded(code: UInt8)
    case parameterProblem(code: UInt8)
}

/// What an error quotes of the request it is about.
package struct QuotedEcho: Hashable, Sendable {
    /// Where the quoted request was going.
    package let destination: IPAddress
    package let identifier: UInt16
    package let sequence: UInt16
    /// nil when the sender quoted only the first eight bytes after the IP header, as RFC 792 allows.
    package let nonce: UInt64?

    package init(destination: IPAddress, identifier: UInt16, sequence: UInt16, nonce: UInt64?) {
        self.destination = destination
        self.identifier = identifier
        self.sequence = sequence
        self.nonce = nonce
    }
}

// MARK: - IPv4

extension ICMPMessage {
    /// Reads what a raw IPv4 socket delivers: a whole packet, header first. The kernel has verified the IP header, not
    /// the ICMP checksum (raw sockets get their copy before ICMP does), so that is verified here. Throws `Malformed`.
    package init(ipv4Packet packet: RawSpan) throws(Malformed) {
        let header = try Self.ipv4HeaderLength(packet)
        let total = Int(packet.uint16(2))
        guard total >= header, total <= packet.byteCount else { throw .truncated }
        guard packet.uint8(9) == IPProtocol.icmp else { throw .notICMP }
        let message = packet.extracting(header..<total)
        guard message.byteCount >= 8 else { throw .truncated }
        guard InternetChecksum.of(message) == 0 else { throw .wrongChecksum }
        let (type, code) = (message.uint8(0), message.uint8(1))
        switch type {
        case ICMPType.v4.echoReply: self = .reply(try Self.echo(message))
        case ICMPType.v4.destinationUnreachable:
            self = .failure(.unreachable(code: code), quoting: try Self.ipv4Quote(message))
        case ICMPType.v4.timeExceeded: self = .failure(.timeExceeded(code: code), quoting: try Self.ipv4Quote(message))
        case ICMPType.v4.parameterProblem:
            self = .failure(.parameterProblem(code: code), quoting: try Self.ipv4Quote(message))
        default: throw .otherType(type)
        }
    }

    /// Bytes of an IPv4 header with its options (RFC 791 §3.1).
    private static func ipv4HeaderLength(_ packet: RawSpan) throws(Malformed) -> Int {
        guard packet.byteCount >= 20 else { throw .truncated }
        guard packet.uint8(0) >> 4 == 4 else { throw .notICMP }
        let length = Int(packet.uint8(0) & 0xF) * 4
        guard length >= 20 else { throw .notICMP }
        guard length <= packet.byteCount else { throw .truncated }
        return length
    }

    /// The quoted packet stands after eight bytes of error header; its own length field may exceed what is quoted.
    private static func ipv4Quote(_ message: RawSpan) throws(Malformed) -> QuotedEcho {
        let quoted = message.extracting(8..<message.byteCount)
        let header = try ipv4HeaderLength(quoted)
        guard quoted.uint8(9) == IPProtocol.icmp else { throw .quotesNoEcho }
        let destination = IPAddress(v4: quoted.uint32(16))
        let request = quoted.extracting(header..<quoted.byteCount)
        return try quote(request, type: ICMPType.v4.echoRequest, to: destination)
    }
}

// MARK: - IPv6

extension ICMPMessage {
    /// Reads what a raw ICMPv6 socket delivers: the message alone, its checksum verified by the kernel (RFC 3542 §3.1).
    /// Throws `Malformed`.
    package init(icmpv6 message: RawSpan) throws(Malformed) {
        guard message.byteCount >= 8 else { throw .truncated }
        let (type, code) = (message.uint8(0), message.uint8(1))
        switch type {
        case ICMPType.v6.echoReply: self = .reply(try Self.echo(message))
        case ICMPType.v6.destinationUnreachable:
            self = .failure(.unreachable(code: code), quoting: try Self.ipv6Quote(message))
        case ICMPType.v6.timeExceeded: self = .failure(.timeExceeded(code: code), quoting: try Self.ipv6Quote(message))
        case ICMPType.v6.parameterProblem:
            self = .failure(.parameterProblem(code: code), quoting: try Self.ipv6Quote(message))
        default: throw .otherType(type)
        }
    }

    /// We send no extension headers, so the quoted request follows the fixed header (RFC 8200 §3) at once.
    private static func ipv6Quote(_ message: RawSpan) throws(Malformed) -> QuotedEcho {
        let header = 40
        let quoted = message.extracting(8..<message.byteCount)
        guard quoted.byteCount >= header else { throw .truncated }
        guard quoted.uint8(0) >> 4 == 6, quoted.uint8(6) == IPProtocol.icmpv6 else { throw .quotesNoEcho }
        let destination = IPAddress(family: .v6, high: quoted.uint64(24), low: quoted.uint64(32))
        let request = quoted.extracting(header..<quoted.byteCount)
        return try quote(request, type: ICMPType.v6.echoRequest, to: destination)
    }
}

// MARK: - Both

extension ICMPMessage {
    private static func echo(_ message: RawSpan) throws(Malformed) -> Echo {
        guard message.uint8(1) == 0, message.byteCount == Echo.size else { throw .otherPayload }
        return Echo(identifier: message.uint16(4), sequence: message.uint16(6), nonce: message.uint64(8))
    }

    private static func quote(
        _ request: RawSpan,
        type: UInt8,
        to destination: IPAddress
    ) throws(Malformed) -> QuotedEcho {
        guard request.byteCount >= 8 else { throw .truncated }
        guard request.uint8(0) == type, request.uint8(1) == 0 else { throw .quotesNoEcho }
        return QuotedEcho(
            destination: destination,
            identifier: request.uint16(4),
            sequence: request.uint16(6),
            nonce: request.byteCount >= Echo.size ? request.uint64(8) : nil
        )
    }
}

/// Protocol numbers (IANA "Assigned Internet Protocol Numbers").
private enum IPProtocol {
    static let icmp: UInt8 = 1
    static let icmpv6: UInt8 = 58
}
