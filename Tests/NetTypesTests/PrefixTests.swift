import NetTypes
import Testing

@Suite struct PrefixTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.1", "192.0.2.1/32"), ("::/0", "::/0"),
        ("2001:DB8::/32", "2001:db8::/32"), ("::1", "::1/128"), ("fe80::/10", "fe80::/10"), ("8000::/1", "8000::/1"),
        ("2001:db8:0:0:8000::/65", "2001:db8:0:0:8000::/65"),
    ])
    func prefixesAreRead(_ text: String, _ canonical: String) throws {
        #expect(try IPPrefix(parsing: text).description == canonical)
    }

    @Test(arguments: [
        "10.0.0.0/", "10.0.0.0/ 8", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8", "/8", "", "x/8", "10.0.0.0/1000",
    ])
    func whatIsNoPrefixIsRefused(_ text: String) {
        #expect(throws: IPPrefix.Malformed.notAPrefix) { try IPPrefix(parsing: text) }
    }

    @Test func tooLongAndHostBitsSaySo() throws {
        #expect(throws: IPPrefix.Malformed.tooLong(length: 33, family: .v4)) { try IPPrefix(parsing: "10.0.0.0/33") }
        #expect(throws: IPPrefix.Malformed.tooLong(length: 129, family: .v6)) { try IPPrefix(parsing: "::/129") }
        let meant = try IPPrefix(parsing: "10.0.0.0/8")
        #expect(throws: IPPrefix.Malformed.hostBits(meant: meant)) { try IPPrefix(parsing: "10.0.0.1/8") }
    }

    /// Against bits compared one by one.
    @Test func everyLengthContainsWhatItsBitsSay() throws {
        for text in ["203.0.113.77", "2001:db8:1234:5678:9abc:def0:1357:2468"] {
            let address = try #require(IPAddress(text))
            for length in 0...address.family.width {
                let prefix = IPPrefix(containing: address, length: UInt8(length))
                #expect(prefix.contains(address))
                for bit in 0..<address.family.width {
                    var bytes = address.bytes
                    bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8)
                    let other = try #require(IPAddress(bytes: bytes))
                    #expect(prefix.contains(other) == (bit >= length), "\(prefix) and \(other)")
                }
            }
        }
    }

    @Test func noPrefixContainsTheOtherFamily() throws {
        #expect(!IPPrefix.everything(.v4).contains(try #require(IPAddress("::"))))
        #expect(!IPPrefix.everything(.v6).contains(try #require(IPAddress("0.0.0.0"))))
    }
}
