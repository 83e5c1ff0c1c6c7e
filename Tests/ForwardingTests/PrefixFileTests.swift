/// Are files of prefixes read for what they say, and is what is wrong in them named with its place?
import Chance
import NetTypes
import Testing

@testable import Forwarding

@Suite struct PrefixFileTests {
    private func file(_ text: String) -> PrefixFile { PrefixFile(Array(text.utf8)) }

    private func prefixes(_ file: PrefixFile) -> [String] {
        AddressFamily.allCases.flatMap { file.list.prefixes($0).map(\.description) }
    }

    static let right: [(text: String, prefixes: [String], why: String)] = [
        ("", [], "an empty file"),
        ("10.0.0.0/8", ["10.0.0.0/8"], "no line end at the end"),
        ("10.0.0.0/8\n", ["10.0.0.0/8"], "one line"),
        ("10.0.0.0/8\r\n10.1.0.0/16\r\n", ["10.0.0.0/8", "10.1.0.0/16"], "CRLF"),
        ("# all\n\n  \t\n10.0.0.0/8 # ours\n", ["10.0.0.0/8"], "comments and blank lines"),
        ("10.0.0.0/8#ours\n", ["10.0.0.0/8"], "a comment right behind"),
        (" \t10.0.0.0/8\t \n", ["10.0.0.0/8"], "blanks around"),
        ("192.0.2.1\n2001:db8::1\n", ["192.0.2.1/32", "2001:db8::1/128"], "addresses are hosts"),
        ("2001:DB8::/32\n::1:2/127\n", ["::1:2/127", "2001:db8::/32"], "IPv6 in its forms"),
        (
            "1:2:3:4:5:6:7:8\n1:2:3:4:5:6::8/128\n", ["1:2:3:4:5:6:0:8/128", "1:2:3:4:5:6:7:8/128"],
            "full and with a gap"
        ),
        ("::ffff:192.0.2.0/120\n", ["::ffff:c000:200/120"], "an IPv4 tail"),
        ("10.2.0.0/16\n10.1.0.0/16\n10.1.0.0/24\n", ["10.1.0.0/16", "10.1.0.0/24", "10.2.0.0/16"], "any order"),
        ("2001:db8::/32\n10.0.0.0/8\n", ["10.0.0.0/8", "2001:db8::/32"], "both families"),
    ]

    @Test(arguments: right) func aRightFileIsReadForWhatItSays(_ text: String, _ expected: [String], _ why: String) {
        let file = file(text)
        #expect(file.faults.isEmpty, "\(why)")
        #expect(prefixes(file) == expected, "\(why)")
    }

    static let wrong: [(line: String, column: Int, words: String)] = [
        ("10.0.0.0/33", 10, "/33 is too long for ipv4"),
        ("  10.0.0.0/8/9", 3, "'10.0.0.0/8/9' is no IP prefix"),
        ("10.0.0.1/8", 1, "'10.0.0.1/8' has bits right of its length: is 10.0.0.0/8 meant?"),
        ("010.0.0.0/8", 1, "'010.0.0.0/8' is no IP prefix"),
        ("10.0.0.256", 1, "'10.0.0.256' is no IP prefix"),
        ("2001:db8::/129", 12, "/129 is too long for ipv6"),
        ("2001:db8::1/32", 1, "'2001:db8::1/32' has bits right of its length: is 2001:db8::/32 meant?"),
        ("1::2::3", 1, "'1::2::3' is no IP prefix"),
        ("1:2:3:4:5:6:7", 1, "'1:2:3:4:5:6:7' is no IP prefix"),
        ("12345::", 1, "'12345::' is no IP prefix"),
        ("0.0.0.0/0", 1, "'0.0.0.0/0' is everything: write it as 'default' in network.routes"),
        ("::/0", 1, "'::/0' is everything: write it as 'default' in network.routes"),
        ("224.0.0.0/4", 1, "'224.0.0.0/4' is multicast, and routes are unicast"),
        ("ff02::/16", 1, "'ff02::/16' is multicast, and routes are unicast"),
        ("10.0.0.0/8 via 1", 1, "'10.0.0.0/8 via 1' is no IP prefix"),
    ]

    @Test(arguments: wrong) func aWrongLineIsNamedWithItsPlace(_ line: String, _ column: Int, _ words: String) {
        let file = file("10.9.0.0/16\n\(line)\n")
        #expect(file.faults.map(\.words) == [words])
        #expect(file.faults.map(\.line) == [2] && file.faults.map(\.column) == [column])
        #expect(file.faults.map(\.text) == [line])
    }

    @Test func manyWrongLinesAreCountedAndTheFirstShown() {
        let file = file(String(repeating: "nonsense\n", count: 1000))
        #expect(file.faultCount == 1000)
        #expect(file.faults.map(\.line) == Array(1...PrefixFile.mostFaults))
    }

    @Test func whatStandsTwiceIsHeldOnceAndCounted() {
        let file = file("10.0.0.0/8\n10.0.0.0/8\n2001:db8::/32\n2001:0db8::/32\n10.0.0.0/9\n")
        #expect(file.duplicates == 2)
        #expect(prefixes(file) == ["10.0.0.0/8", "10.0.0.0/9", "2001:db8::/32"])
    }

    /// The quick reading against the parser of the configuration, on texts that are nearly prefixes.
    @Test func theQuickReadingSaysWhatTheSlowOneSays() {
        var chance = SeededGenerator(7)
        let pieces = [
            "1", "10", "255", "256", "0", "db8", "ffff", ".", ".", ":", ":", "::", "/", "/", "8", "64", " ", "#", "g",
        ]
        var good = 0
        for _ in 0..<60_000 {
            let text = (0..<Int.random(in: 1...12, using: &chance)).map { _ in
                pieces.randomElement(using: &chance) ?? ""
            }.joined()
            let line = String(text.prefix { $0 != "#" }).trimmed
            let expected = (try? IPPrefix(parsing: line)).flatMap {
                $0.length == 0 || $0.address.isMulticast ? nil : $0.description
            }
            let read = file(text)
            #expect(prefixes(read) == (expected.map { [$0] } ?? []), "'\(text)'")
            #expect(read.faults.isEmpty == (line.isEmpty || expected != nil), "'\(text)'")
            good += expected == nil ? 0 : 1
        }
        #expect(good > 500, "\(good) of the texts are prefixes")
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
