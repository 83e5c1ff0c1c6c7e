/// DNS queries as they stand on the wire, and answers that are, nearly are, and are not to them.
import Chance
import NetTypes
import Testing

@testable import Liveness

struct DNSMessageTests {
    private static let question = DNSQuestion(name: "example.com", type: .a, expect: [])
    private static let query = DNSMessage.query(question, identifier: 0x1234)

    /// The query turned into a reply: flags, answer count, then records.
    static func reply(
        to query: [UInt8] = query,
        flags: UInt16 = 0x8180,
        answers: Int = 1,
        _ records: [UInt8] = record([192, 0, 2, 1])
    ) -> [UInt8] {
        var bytes = query
        (bytes[2], bytes[3]) = (UInt8(flags >> 8), UInt8(flags & 0xFF))
        bytes[7] = UInt8(answers)
        return bytes + records
    }

    /// A record whose name is a pointer to the question.
    static func record(_ data: [UInt8], type: UInt8 = 1, name: [UInt8] = [0xC0, 12]) -> [UInt8] {
        name + [0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
    }

    private func read(_ bytes: [UInt8]) throws(DNSMessage.Malformed) -> DNSMessage.Reply {
        try DNSMessage.reply(bytes.span.bytes, to: Self.query)
    }

    @Test func aQueryIsWhatRFC1035Draws() {
        #expect(
            Self.query == [
                0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 7, 0x65, 0x78, 0x61, 0x6D, 0x70, 0x6C, 0x65, 3, 0x63,
                0x6F,
                0x6D, 0, 0, 1, 0, 1,
            ]
        )
    }

    @Test func addressesOfTheTypeAskedForAreRead() throws {
        let alias = Self.record([0xC0, 12], type: 5)
        let named = Self.record([198, 51, 100, 1], name: [1, 0x61, 0xC0, 12])
        let six = Self.record(Array(repeating: 0x20, count: 16), type: 28)
        let reply = try read(Self.reply(answers: 4, alias + Self.record([192, 0, 2, 1]) + named + six))
        #expect(reply.code == 0 && !reply.isTruncated)
        #expect(reply.addresses == [try address("192.0.2.1"), try address("198.51.100.1")])
    }

    struct Row: Sendable {
        let bytes: [UInt8]
        let error: DNSMessage.Malformed
        let reason: String
    }

    @Test(arguments: [
        Row(bytes: [], error: .truncated, reason: "nothing"),
        Row(bytes: Array(reply().prefix(20)), error: .truncated, reason: "ends within the question"),
        Row(bytes: query, error: .notOurs, reason: "a query"),
        Row(bytes: reply(flags: 0x8980), error: .notOurs, reason: "another operation"),
        Row(bytes: [0x12, 0x35] + reply().dropFirst(2), error: .notOurs, reason: "another's identifier"),
        Row(bytes: reply(to: query.dropLast() + [3]), error: .notOurs, reason: "another class in the question"),
        Row(
            bytes: reply(to: query.map { $0 == 0x78 ? 0x58 : $0 }),
            error: .notOurs,
            reason: "the question in other case"
        ),
        Row(bytes: reply(answers: 2), error: .truncated, reason: "a record less than it says"),
        Row(bytes: reply([0xC0]), error: .truncated, reason: "half a pointer"),
        Row(bytes: reply([63, 0x61]), error: .truncated, reason: "a label beyond the end"),
        Row(bytes: reply([0x80, 0]), error: .notOurs, reason: "a label of a reserved kind"),
        Row(bytes: reply(record([192, 0, 2, 1]).dropLast()), error: .truncated, reason: "a record beyond the end"),
    ])
    func whatIsNoReplyToTheQueryIsRefused(_ row: Row) {
        #expect(throws: row.error, "\(row.reason)") { try read(row.bytes) }
    }

    @Test(
        arguments: [
            (reply(), [], nil, "any answer will do"),
            (reply(answers: 0, []), [], nil, "and so will an empty one"),
            (reply(flags: 0x8183, answers: 0, []), [], "NXDOMAIN", "an error is none"),
            (reply(flags: 0x8182, answers: 0, []), [], "SERVFAIL", "nor is this"),
            (reply(), ["192.0.2.1"], nil, "the expected address"),
            (reply(), ["192.0.2.1", "192.0.2.2"], nil, "one of two expected"),
            (reply(), ["192.0.2.2"], "192.0.2.1 is not expected", "a wrong address"),
            (
                reply(answers: 2, record([192, 0, 2, 1]) + record([192, 0, 2, 9])), ["192.0.2.1"],
                "192.0.2.9 is not expected",
                "a wrong address beside the right one"
            ),
            (reply(answers: 0, []), ["192.0.2.1"], "no address", "none at all"),
            (reply(flags: 0x8380), ["192.0.2.1"], "the answer is cut off", "who knows what was cut"),
        ] as [([UInt8], [String], String?, String)]
    )
    func aReplyIsJudgedByWhatIsExpected(bytes: [UInt8], expect: [String], detail: String?, reason: String) throws {
        let question = DNSQuestion(name: "example.com", type: .a, expect: try expect.map(address))
        #expect(try read(bytes).fault(for: question)?.detail == detail, "\(reason)")
    }

    @Test func randomBytesNeverTrap() {
        var rng = SeededGenerator(35)
        for _ in 0..<20_000 {
            var bytes = Self.reply(answers: Int.random(in: 0...5, using: &rng))
            for _ in 0..<Int.random(in: 1...4, using: &rng) {
                bytes[Int.random(in: bytes.indices, using: &rng)] = UInt8.random(in: 0...255, using: &rng)
            }
            _ = try? read(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &rng))))
        }
    }
}
