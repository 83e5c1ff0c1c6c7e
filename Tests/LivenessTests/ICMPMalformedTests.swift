/// What is refused on an ICMP socket, and that nothing traps.
import Chance
import NetTypes
import Testing

@testable import Liveness

struct ICMPMalformedTests {
    struct Row: CustomTestStringConvertible {
        let bytes: [UInt8]
        let error: ICMPMessage.Malformed
        let reason: String
        var testDescription: String { reason }
    }

    static func rowsV4() throws -> [Row] {
        let echo = ICMPMessageTests.echo
        let good = try ICMPMessageTests.packet(echo.reply(.v4))
        let wrap = { try ICMPMessageTests.packet(ICMPMessageTests.withChecksum($0)) }
        func changed(_ index: Int, _ value: UInt8) -> [UInt8] {
            var bytes = good
            bytes[index] = value
            return bytes
        }
        let udpQuote = try ICMPMessageTests.packet(echo.request(.v4)).enumerated().map { $0 == 9 ? 17 : $1 }
        return [
            Row(bytes: [], error: .truncated, reason: "nothing"),
            Row(bytes: Array(good.prefix(19)), error: .truncated, reason: "less than a header"),
            Row(bytes: Array(good.prefix(35)), error: .truncated, reason: "less than its length field says"),
            Row(bytes: changed(0, 0x65), error: .notICMP, reason: "version 6"),
            Row(bytes: changed(0, 0x44), error: .notICMP, reason: "header shorter than the shortest"),
            Row(bytes: changed(0, 0x4F), error: .truncated, reason: "header longer than the packet"),
            Row(bytes: changed(3, 19), error: .truncated, reason: "total shorter than the header"),
            Row(bytes: changed(3, 27), error: .truncated, reason: "seven bytes of ICMP"),
            Row(bytes: changed(9, 17), error: .notICMP, reason: "UDP"),
            Row(bytes: changed(30, 0xFF), error: .wrongChecksum, reason: "a payload byte was changed on the way"),
            Row(bytes: try wrap(echo.request(.v4)), error: .otherType(8), reason: "somebody else's request"),
            Row(bytes: try wrap(echo.reply(.v4) + [0, 0]), error: .otherPayload, reason: "payload of ten bytes"),
            Row(bytes: try wrap([3, 1, 0, 0, 0, 0, 0, 0]), error: .truncated, reason: "an error that quotes nothing"),
            Row(
                bytes: try wrap([3, 1, 0, 0, 0, 0, 0, 0] + udpQuote),
                error: .quotesNoEcho,
                reason: "an error about UDP"
            ),
            Row(
                bytes: try wrap([3, 1, 0, 0, 0, 0, 0, 0] + ICMPMessageTests.packet(echo.reply(.v4))),
                error: .quotesNoEcho,
                reason: "an error about a reply"
            ),
            Row(
                bytes: try wrap([3, 1, 0, 0, 0, 0, 0, 0] + ICMPMessageTests.packet([8, 0, 0, 0])),
                error: .truncated,
                reason: "an error that quotes half a header"
            ),
        ]
    }

    @Test func malformedIPv4IsRefusedByName() throws {
        for row in try Self.rowsV4() {
            #expect(throws: row.error, "\(row.reason)") { try ICMPMessage(ipv4Packet: row.bytes.span.bytes) }
        }
    }

    static func rowsV6() throws -> [Row] {
        let echo = ICMPMessageTests.echo
        let target = try address("2001:db8::53")
        let head: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
        let quote = try ICMPMessageTests.quoteV6(to: target, echo.request(.v6))
        let fragment = try ICMPMessageTests.quoteV6(to: target, echo.request(.v6), next: 44)
        let answer = try ICMPMessageTests.quoteV6(to: target, echo.reply(.v6))
        return [
            Row(bytes: [], error: .truncated, reason: "nothing"),
            Row(bytes: [129, 0, 0, 0, 0, 0, 0], error: .truncated, reason: "seven bytes"),
            Row(bytes: [135, 0, 0, 0, 0, 0, 0, 0], error: .otherType(135), reason: "neighbour solicitation"),
            Row(bytes: Array(echo.reply(.v6).dropLast()), error: .otherPayload, reason: "payload of seven bytes"),
            Row(
                bytes: [129, 1] + echo.reply(.v6).dropFirst(2),
                error: .otherPayload,
                reason: "a code echoes do not have"
            ),
            Row(bytes: head + quote.prefix(39), error: .truncated, reason: "quotes less than a header"),
            Row(bytes: head + quote.prefix(47), error: .truncated, reason: "quotes half an ICMPv6 header"),
            Row(bytes: head + fragment, error: .quotesNoEcho, reason: "about a fragment; we send none"),
            Row(bytes: head + [0x40] + quote.dropFirst(), error: .quotesNoEcho, reason: "quotes no IPv6"),
            Row(bytes: head + answer, error: .quotesNoEcho, reason: "about a reply"),
        ]
    }

    @Test func malformedICMPv6IsRefusedByName() throws {
        for row in try Self.rowsV6() {
            #expect(throws: row.error, "\(row.reason)") { try ICMPMessage(icmpv6: row.bytes.span.bytes) }
        }
    }

    /// A mutation fuzzer with a fixed seed. What is read as a reply must be one bit for bit; the rest only must not
    /// trap.
    @Test func noMutationTrapsOrPassesForAnotherReply() throws {
        var rng = SeededGenerator(2)
        let seeds = try Self.rowsV4().map(\.bytes) + Self.rowsV6().map(\.bytes)
        var replies = 0
        for turn in 0..<100_000 {
            let bytes = Self.mutated(seeds[turn % seeds.count], &rng)
            if let message = try? ICMPMessage(ipv4Packet: bytes.span.bytes), case .reply(let echo) = message {
                replies += 1
                let header = Int(bytes[0] & 0xF) * 4
                #expect(Array(bytes[header..<header + Echo.size]) == echo.reply(.v4))
            }
            if let message = try? ICMPMessage(icmpv6: bytes.span.bytes), case .reply(let echo) = message {
                replies += 1
                #expect(bytes.dropFirst(4) == echo.reply(.v6).dropFirst(4))
            }
        }
        #expect(replies > 100, "the fuzzer still reaches the inside")
    }

    private static func mutated(_ seed: [UInt8], _ rng: inout SeededGenerator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 0...3, using: &rng) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &rng)
            switch UInt8.random(in: 0...3, using: &rng) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &rng)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &rng), at: index)
            default: bytes.removeSubrange(index...)
            }
        }
        return bytes
    }
}
