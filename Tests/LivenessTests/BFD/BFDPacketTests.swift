/// BFD packets as they lie in bytes, and every byte string that is none.
import Testing

@testable import Liveness

struct BFDPacketTests {
    /// Up, Poll, multiplier 3, 50 and 40 ms.
    static let packet = {
        var packet = BFDPacket(
            diagnostic: .none,
            state: .up,
            detectMultiplier: 3,
            myDiscriminator: 0x0102_0304,
            yourDiscriminator: 0x0506_0708,
            desiredMinTx: 50_000,
            requiredMinRx: 40_000
        )
        packet.isPoll = true
        return packet
    }()

    static let bytes: [UInt8] = [
        0x20, 0xE0, 3, 24, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0xC3, 0x50, 0, 0, 0x9C, 0x40, 0, 0, 0, 0,
    ]

    @Test func aPacketIsItsBytes() throws {
        #expect(Self.packet.bytes == Self.bytes)
        #expect(try BFDPacket(reading: Self.bytes) == Self.packet)
    }

    @Test func everyFlagHasItsBit() throws {
        var packet = Self.packet
        (packet.isPoll, packet.isFinal, packet.isControlPlaneIndependent, packet.isDemand) = (false, true, true, true)
        packet.requiredMinEchoRx = 9
        packet.diagnostic = BFDDiagnostic(number: 31)
        #expect(packet.bytes[0...1] == [0x3F, 0xDA])
        #expect(try BFDPacket(reading: packet.bytes) == packet)
    }

    @Test(
        arguments: [
            (0, 0x40, .otherVersion, "version 2"),
            (0, 0x00, .otherVersion, "version 0, another packet altogether"),
            (3, 23, .tooShort, "Length below the mandatory section"),
            (3, 25, .tooLong, "Length beyond what arrived"),
            (2, 0, .noMultiplier, "a multiplier of 0 would be an instant failure"),
            (1, 0xC1, .multipoint, "the M bit is reserved"),
            (1, 0xC4, .tooShort, "A, and no room for a section"),
        ] as [(Int, UInt8, BFDPacket.Malformed, String)]
    )
    func aByteThatMayNotBeIsNamed(place: Int, value: UInt8, error: BFDPacket.Malformed, why: String) {
        var bytes = Self.bytes
        bytes[place] = value
        #expect(throws: error, "\(why)") { try BFDPacket(reading: bytes) }
    }

    @Test func discriminatorsMayNotBeMissing() {
        var nobody = Self.bytes
        nobody.replaceSubrange(4..<8, with: [0, 0, 0, 0])
        #expect(throws: BFDPacket.Malformed.noDiscriminator) { try BFDPacket(reading: nobody) }
        for state in BFDState.allCases {
            var packet = Self.packet
            (packet.state, packet.yourDiscriminator) = (state, 0)
            let isFine = state == .down || state == .adminDown
            #expect((try? BFDPacket(reading: packet.bytes)) == (isFine ? packet : nil), "\(state)")
        }
    }

    @Test func everyShorterPacketIsTruncated() {
        for length in 0..<24 {
            #expect(throws: BFDPacket.Malformed.truncated) { try BFDPacket(reading: Array(Self.bytes[..<length])) }
        }
    }

    @Test func whatStandsBehindThePacketIsNotLookedAt() throws {
        #expect(try BFDPacket(reading: (Self.bytes + [1, 2, 3])) == Self.packet)
    }

    @Test(
        arguments: [
            ([0, 4, 1, 65], "type 0 is reserved"),
            ([6, 4, 1, 65], "type 6 is not defined"),
            ([1, 3, 1, 65], "a password of no bytes"),
            ([1, 20, 1] + [UInt8](repeating: 65, count: 17), "a password of 17 bytes"),
            ([1, 5, 1, 65], "a section that says more than the packet has"),
            ([2, 23, 1, 0] + [UInt8](repeating: 0, count: 20), "MD5 has 24 bytes"),
            ([2, 25, 1, 0] + [UInt8](repeating: 0, count: 21), "not more"),
            ([4, 24, 1, 0] + [UInt8](repeating: 0, count: 20), "SHA1 has 28"),
        ] as [([UInt8], String)]
    )
    func anAuthenticationSectionHasTheLengthOfItsType(section: [UInt8], why: String) {
        var bytes = Self.bytes + section
        (bytes[1], bytes[3]) = (0xC4, UInt8(bytes.count))
        #expect(throws: BFDPacket.Malformed.badAuthentication, "\(why)") { try BFDPacket(reading: bytes) }
    }
}
