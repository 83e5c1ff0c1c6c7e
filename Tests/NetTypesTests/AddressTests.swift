import NetTypes
import Testing

@Suite struct AddressTests {
    struct Row: Sendable, CustomStringConvertible {
        let text: String
        let canonical: String?
        let why: String
        var description: String { "'\(text)': \(why)" }

        init(_ text: String, _ canonical: String?, _ why: String) {
            self.text = text
            self.canonical = canonical
            self.why = why
        }
    }

    @Test(arguments: [
        Row("192.0.2.1", "192.0.2.1", "plain"), Row("0.0.0.0", "0.0.0.0", "least"),
        Row("255.255.255.255", "255.255.255.255", "most"), Row("192.0.2.256", nil, "octet too large"),
        Row("192.0.2", nil, "three octets"), Row("192.0.2.1.1", nil, "five octets"),
        Row("192.0.2.01", nil, "leading zero"),
        Row("192.0.2.", nil, "empty octet"), Row(" 192.0.2.1", nil, "space"), Row("192.0.2.1\n", nil, "line feed"),
        Row("0x7f.0.0.1", nil, "hexadecimal"), Row("1", nil, "one number"), Row("", nil, "empty"),
        Row(".", nil, "a dot"),
        Row("192.0.2.+1", nil, "sign"), Row("١٩٢.0.2.1", nil, "digits of another script"),
    ])
    func v4TextIsStrict(_ row: Row) {
        #expect(IPAddress(row.text)?.description == row.canonical)
    }

    /// RFC 4291 §2.2 in, RFC 5952 out.
    @Test(arguments: [
        Row("::", "::", "all zeros"), Row("::1", "::1", "loopback"), Row("1::", "1::", "gap at the end"),
        Row("2001:DB8:0:0:0:0:0:1", "2001:db8::1", "lower case, zeros joined (RFC 5952 §4.1, §4.3)"),
        Row("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "the first of equal runs (RFC 5952 §4.2.3)"),
        Row("2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "the longest run (RFC 5952 §4.2.3)"),
        Row("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "one zero group is not joined (RFC 5952 §4.2.2)"),
        Row("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "a gap of one group is read and not written"),
        Row("::ffff:192.0.2.1", "::ffff:c000:201", "dotted tail"),
        Row("64:ff9b::192.0.2.33", "64:ff9b::c000:221", "dotted tail"),
        Row("1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201", "dotted tail without a gap"),
        Row("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", "no gap"), Row("1:2:3:4:5:6:7", nil, "seven groups"),
        Row("1:2:3:4:5:6:7:8:9", nil, "nine groups"), Row("1::2::3", nil, "two gaps"), Row(":::", nil, "three colons"),
        Row(":1", nil, "colon at the start"), Row("1:", nil, "colon at the end"),
        Row("1:2:3:4:5:6:7::8", nil, "a gap of none"),
        Row("12345::", nil, "five digits"), Row("g::", nil, "no digit"), Row("::192.0.2", nil, "short dotted tail"),
        Row("192.0.2.1::", nil, "dotted head"), Row("fe80::1%eth0", nil, "zone"), Row("[::1]", nil, "brackets"),
        Row("::1/128", nil, "a prefix"), Row(":", nil, "a colon"),
        Row("1:2:3:4:5:6:7:192.0.2.1", nil, "nine groups in all"),
    ])
    func v6TextIsStrictAndCanonical(_ row: Row) {
        #expect(IPAddress(row.text)?.description == row.canonical)
    }

    @Test func textAndBytesGoThereAndBack() throws {
        var state: UInt64 = 1
        for round in 0..<2000 {
            var words: [UInt64] = []
            for _ in 0..<2 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // Many zero groups, so that gaps are met.
                words.append(state & (state << 21) & (state >> 13))
            }
            let address = IPAddress(family: round % 3 == 0 ? .v4 : .v6, high: words[0], low: words[1])
            #expect(IPAddress(address.description) == address)
            #expect(IPAddress(bytes: address.bytes) == address)
        }
    }

    @Test func onlyFourOrSixteenBytesAreAnAddress() {
        for count in 0..<20 {
            #expect((IPAddress(bytes: [UInt8](repeating: 1, count: count)) != nil) == (count == 4 || count == 16))
        }
    }

    @Test(arguments: [
        ("fe80::1", true, false, false, false), ("febf::1", true, false, false, false),
        ("fec0::1", false, false, false, false),
        ("169.254.1.1", true, false, false, false), ("169.255.1.1", false, false, false, false),
        ("224.0.0.1", false, true, false, false), ("240.0.0.1", false, false, false, false),
        ("ff02::1", false, true, false, false),
        ("127.0.0.1", false, false, true, false), ("::1", false, false, true, false),
        ("::2", false, false, false, false),
        ("0.0.0.0", false, false, false, true), ("::", false, false, false, true),
    ])
    func addressesKnowTheirKind(_ text: String, linkLocal: Bool, multicast: Bool, loopback: Bool, unspecified: Bool)
        throws
    {
        let address = try #require(IPAddress(text))
        #expect(address.isLinkLocal == linkLocal)
        #expect(address.isMulticast == multicast)
        #expect(address.isLoopback == loopback)
        #expect(address.isUnspecified == unspecified)
    }

    @Test func orderIsByFamilyThenValue() {
        let sorted = ["0.0.0.1", "10.0.0.0", "255.255.255.255", "::", "::1", "0:0:0:1::", "ff02::1"].compactMap {
            IPAddress($0)
        }
        #expect(sorted.count == 7 && sorted.reversed().sorted() == sorted)
    }

    @Test(arguments: [
        ("192.0.2.1:80", true), ("[2001:db8::1]:80", true), ("2001:db8::1:80", false), ("192.0.2.1", false),
        ("192.0.2.1:0", false), ("192.0.2.1:65535", true), ("192.0.2.1:65536", false), ("[192.0.2.1]:80", false),
        ("192.0.2.1:080", false), (":80", false), ("[]:80", false), ("[::1]80", false), ("192.0.2.1:", false),
        ("", false),
        ("[:80", false), ("]:80", false),
    ])
    func endpointsAreAnAddressAndAPort(_ text: String, _ isOne: Bool) {
        #expect(IPEndpoint(text)?.description == (isOne ? text : nil))
    }
}
