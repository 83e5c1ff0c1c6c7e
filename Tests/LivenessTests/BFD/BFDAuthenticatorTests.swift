/// Which packets prove that their sender knows the key.
import NetTypes
import Testing

@testable import Liveness

struct BFDAuthenticatorTests {
    static let start = Instant(nanoseconds: 1_000_000_000_000)
    static let detection = Span.milliseconds(150)

    static func authenticator(
        _ type: BFDAuthenticationType,
        _ secret: String = "secret",
        sequence: UInt64 = 0x1122_3344
    )
        throws -> BFDAuthenticator
    {
        BFDAuthenticator(try #require(BFDKey(type, keyID: 7, secret: Array(secret.utf8))), draw: sequence)
    }

    static var packet: BFDPacket {
        var packet = BFDPacketTests.packet
        packet.isPoll = false
        return packet
    }

    /// Computed apart, with another implementation of the digests.
    @Test(
        arguments: [
            (.simplePassword, "20c4032101020304050607080000c35000009c4000000000010907736563726574"),
            (
                .keyedMD5,
                "20c4033001020304050607080000c35000009c40000000000218070011223344bcb2ce562ebcb96bcc918cd859397545"
            ),
            (
                .meticulousMD5,
                "20c4033001020304050607080000c35000009c400000000003180700112233441a7caad715df5a5c4e0232a17fb7a3ac"
            ),
            (
                .keyedSHA1,
                "20c4033401020304050607080000c35000009c4000000000041c0700112233447a28014e4b1f16a90c66bdf71a6656fb86a34f43"
            ),
            (
                .meticulousSHA1,
                "20c4033401020304050607080000c35000009c4000000000051c070011223344832832a333dc7646db34a3dff39a316e8ac167f8"
            ),
        ] as [(BFDAuthenticationType, String)]
    )
    func aSignedPacketIsTheOneThatOthersMake(type: BFDAuthenticationType, expected: String) throws {
        var authenticator = try Self.authenticator(type)
        let bytes = authenticator.sign(Self.packet)
        #expect(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
        #expect(try BFDPacket(reading: bytes).authentication?.type == type)
    }

    @Test(arguments: BFDAuthenticationType.allCases)
    func onlyWhoKnowsTheKeyIsTaken(type: BFDAuthenticationType) throws {
        var sender = try Self.authenticator(type)
        let bytes = sender.sign(Self.packet)
        func isTaken(_ bytes: [UInt8], by receiver: BFDAuthenticator) throws -> Bool {
            var receiver = receiver
            return receiver.accepts(
                try BFDPacket(reading: bytes),
                bytes.span.bytes,
                at: Self.start,
                detection: Self.detection
            )
        }
        #expect(try isTaken(bytes, by: Self.authenticator(type)))
        #expect(try !isTaken(bytes, by: Self.authenticator(type, "Secret")), "another key")
        #expect(try !isTaken(bytes, by: Self.authenticator(type, "secret1")), "a longer key")
        let other = try #require(BFDKey(type, keyID: 8, secret: Array("secret".utf8)))
        #expect(try !isTaken(bytes, by: BFDAuthenticator(other, draw: 1)), "another key's number")
        for wrong in BFDAuthenticationType.allCases where wrong != type {
            #expect(try !isTaken(bytes, by: Self.authenticator(wrong)), "\(wrong)")
        }
        #expect(try !isTaken(Self.packet.bytes, by: Self.authenticator(type)), "no section")
        guard type != .simplePassword else { return }
        var changed = bytes
        changed[11] ^= 1
        #expect(try !isTaken(changed, by: Self.authenticator(type)), "a bit turned under way")
    }

    /// §6.7.3: which sequence numbers follow 100 within a detection time; the packet's multiplier is 3.
    @Test(
        arguments: [
            (.keyedSHA1, 99, false), (.keyedSHA1, 100, true), (.keyedSHA1, 109, true), (.keyedSHA1, 110, false),
            (.meticulousSHA1, 100, false), (.meticulousSHA1, 101, true), (.meticulousSHA1, 109, true),
            (.meticulousSHA1, 110, false), (.keyedMD5, 99, false), (.meticulousMD5, 100, false),
        ] as [(BFDAuthenticationType, UInt64, Bool)]
    )
    func aReplayedPacketIsRefused(type: BFDAuthenticationType, sequence: UInt64, isTaken: Bool) throws {
        var receiver = try Self.authenticator(type)
        func take(_ sequence: UInt64, after: Span) throws -> Bool {
            var sender = try Self.authenticator(type, sequence: sequence)
            let bytes = sender.sign(Self.packet)
            let packet = try BFDPacket(reading: bytes)
            let now = Self.start + after
            return receiver.accepts(packet, bytes.span.bytes, at: now, detection: Self.detection)
        }
        #expect(try take(100, after: .zero))
        #expect(try take(sequence, after: .milliseconds(50)) == isTaken)
        // After two detection times of silence any number begins anew.
        #expect(try take(7, after: .milliseconds(400)))
    }

    @Test func sequenceNumbersWrap() throws {
        var sender = try Self.authenticator(.meticulousSHA1, sequence: UInt64(UInt32.max))
        var receiver = try Self.authenticator(.meticulousSHA1)
        for _ in 0..<3 {
            let bytes = sender.sign(Self.packet)
            let packet = try BFDPacket(reading: bytes)
            let isTaken = receiver.accepts(packet, bytes.span.bytes, at: Self.start, detection: Self.detection)
            #expect(isTaken)
        }
    }

    @Test func keysHaveTheLengthTheirTypeAllows() {
        for type in BFDAuthenticationType.allCases {
            #expect(BFDKey(type, keyID: 1, secret: []) == nil)
            #expect(BFDKey(type, keyID: 1, secret: [UInt8](repeating: 1, count: type.longestKey)) != nil)
            #expect(BFDKey(type, keyID: 1, secret: [UInt8](repeating: 1, count: type.longestKey + 1)) == nil)
        }
    }
}
