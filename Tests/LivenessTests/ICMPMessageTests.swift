/// Echo requests as bytes, answers from bytes.
import NetTypes
import Testing

@testable import Liveness

struct ICMPMessageTests {
    static let echo = Echo(identifier: 0x1234, sequence: 0x00FF, nonce: 0x0102_0304_0506_0708)

    /// An IPv4 packet around a message; `options` lengthen its header.
    static func packet(
        _ message: [UInt8],
        from source: String = "192.0.2.1",
        to: String = "192.0.2.2",
        options: Int = 0
    )
        throws -> [UInt8]
    {
        let header = 20 + options
        let total = header + message.count
        var bytes: [UInt8] = [
            0x40 | UInt8(header / 4), 0, UInt8(total >> 8), UInt8(total & 0xFF), 0, 0, 0, 0, 64, 1, 0, 0,
        ]
        bytes += try address(source).bytes + address(to).bytes
        bytes += [UInt8](repeating: 1, count: options)
        return bytes + message
    }

    static func withChecksum(_ message: [UInt8]) -> [UInt8] {
        var message = message
        (message[2], message[3]) = (0, 0)
        let sum = InternetChecksum.of(message.span.bytes)
        (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 0xFF))
        return message
    }

    @Test func aRequestIsSixteenBytesWithTheChecksumOfRFC1071() {
        // Summed by hand: 0800 + 1234 + 00FF + 0102 + 0304 + 0506 + 0708 = 2B47; its complement is D4B8.
        #expect(
            Self.echo.request(.v4) == [8, 0, 0xD4, 0xB8, 0x12, 0x34, 0x00, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8]
        )
    }

    @Test func anICMPv6RequestLeavesTheChecksumToTheKernel() {
        #expect(Self.echo.request(.v6) == [128, 0, 0, 0, 0x12, 0x34, 0x00, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test(arguments: [0, 4, 40])
    func anIPv4ReplyIsReadBehindAHeaderOfAnyLength(options: Int) throws {
        let bytes = try Self.packet(Self.echo.reply(.v4), options: options)
        #expect(try ICMPMessage(ipv4Packet: bytes.span.bytes) == .reply(Self.echo))
    }

    @Test func anICMPv6ReplyIsRead() throws {
        #expect(try ICMPMessage(icmpv6: Self.echo.reply(.v6).span.bytes) == .reply(Self.echo))
    }

    struct ErrorRow: CustomTestStringConvertible {
        let type: UInt8
        let code: UInt8
        let failure: ICMPFailure
        let reason: String
        var testDescription: String { reason }
    }

    static let errorsV4 = [
        ErrorRow(type: 3, code: 1, failure: .unreachable(code: 1), reason: "host unreachable"),
        ErrorRow(type: 3, code: 13, failure: .unreachable(code: 13), reason: "administratively prohibited"),
        ErrorRow(type: 11, code: 0, failure: .timeExceeded(code: 0), reason: "hop limit ran out"),
        ErrorRow(type: 12, code: 0, failure: .parameterProblem(code: 0), reason: "header refused"),
    ]

    @Test(arguments: errorsV4, [8, 16])
    func anIPv4ErrorQuotesTheRequestWithOrWithoutItsNonce(_ row: ErrorRow, quotedBytes: Int) throws {
        let request = Array(Self.echo.request(.v4).prefix(quotedBytes))
        let quoted = try Self.packet(request, to: "198.51.100.53", options: 4)
        let bytes = try Self.packet(Self.withChecksum([row.type, row.code, 0, 0, 0, 0, 0, 0] + quoted))
        let expected = QuotedEcho(
            destination: try address("198.51.100.53"),
            identifier: 0x1234,
            sequence: 0x00FF,
            nonce: quotedBytes == 16 ? Self.echo.nonce : nil
        )
        #expect(try ICMPMessage(ipv4Packet: bytes.span.bytes) == .failure(row.failure, quoting: expected))
    }

    static let errorsV6 = [
        ErrorRow(type: 1, code: 3, failure: .unreachable(code: 3), reason: "address unreachable"),
        ErrorRow(type: 3, code: 0, failure: .timeExceeded(code: 0), reason: "hop limit ran out"),
        ErrorRow(type: 4, code: 1, failure: .parameterProblem(code: 1), reason: "header refused"),
    ]

    static func quoteV6(to target: IPAddress, _ message: [UInt8], next: UInt8 = 58) throws -> [UInt8] {
        try [0x60, 0, 0, 0, 0, 16, next, 64] + address("2001:db8::1").bytes + target.bytes + message
    }

    @Test(arguments: errorsV6)
    func anICMPv6ErrorQuotesTheRequest(_ row: ErrorRow) throws {
        let target = try address("2001:db8::53")
        let quoted = try Self.quoteV6(to: target, Self.echo.request(.v6))
        let bytes = [row.type, row.code, 0, 0, 0, 0, 0, 0] + quoted
        let expected = QuotedEcho(
            destination: target,
            identifier: 0x1234,
            sequence: 0x00FF,
            nonce: Self.echo.nonce
        )
        #expect(try ICMPMessage(icmpv6: bytes.span.bytes) == .failure(row.failure, quoting: expected))
    }
}
