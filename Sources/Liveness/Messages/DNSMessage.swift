/// How a resolver is asked, and whether what comes back answers that very question (RFC 1035 §4).
///
/// A reply was sent by strangers: what is not exactly a reply to the query is `Malformed`, and no input traps. Names are never
/// put together: the question must come back byte for byte, and of the answers only addresses are read.
package import NetTypes

package enum DNSMessage {
    /// The longest reply without EDNS, which is not asked for (RFC 1035 §4.2.1).
    package static let longestReply = 512

    private static let headerLength = 12
    private static let internet: UInt16 = 1

    /// Why bytes are no reply to the query.
    package enum Malformed: Error, Hashable, Sendable {
        case truncated
        /// A query, another operation, another's identifier, or another question.
        case notOurs
    }

    /// What a reply says.
    package struct Reply: Hashable, Sendable {
        /// 0 when there was no error.
        package let code: UInt8
        /// The resolver had more to say than fits.
        package let isTruncated: Bool
        /// Addresses in the records of the type asked for.
        package let addresses: [IPAddress]
    }

    /// A query with recursion desired.
    package static func query(_ question: DNSQuestion, identifier: UInt16) -> [UInt8] {
        let recursionDesired: UInt16 = 0x0100
        var bytes: [UInt8] = []
        for word in [identifier, recursionDesired, 1, 0, 0, 0] { append(word, to: &bytes) }
        for label in question.name.utf8.split(separator: UInt8(ascii: ".")) {
            bytes.append(UInt8(truncatingIfNeeded: label.count))
            bytes.append(contentsOf: label)
        }
        bytes.append(0)
        append(question.type.code, to: &bytes)
        append(internet, to: &bytes)
        return bytes
    }

    private static func append(_ word: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(word >> 8))
        bytes.append(UInt8(word & 0xFF))
    }

    /// Reads the reply to a query. Throws `Malformed`.
    package static func reply(_ bytes: RawSpan, to query: [UInt8]) throws(Malformed) -> Reply {
        guard bytes.byteCount >= query.count, query.count > headerLength else { throw .truncated }
        let flags = bytes.uint16(2)
        // QR set, opcode 0 (RFC 1035 §4.1.1).
        guard flags & 0xF800 == 0x8000, bytes.uint8(0) == query[0], bytes.uint8(1) == query[1], bytes.uint16(4) == 1
        else { throw .notOurs }
        for index in headerLength..<query.count where bytes.uint8(index) != query[index] { throw .notOurs }
        let type = UInt16(query[query.count - 4]) << 8 | UInt16(query[query.count - 3])
        return Reply(
            code: UInt8(flags & 0xF),
            isTruncated: flags & 0x0200 != 0,
            addresses: try addresses(bytes, from: query.count, count: Int(bytes.uint16(6)), type: type)
        )
    }

    private static func addresses(
        _ bytes: RawSpan,
        from start: Int,
        count: Int,
        type: UInt16
    ) throws(Malformed) -> [IPAddress] {
        var addresses: [IPAddress] = []
        var place = start
        for _ in 0..<count {
            place = try endOfName(bytes, place)
            guard bytes.byteCount - place >= 10 else { throw .truncated }
            let (found, kind, length) = (bytes.uint16(place), bytes.uint16(place + 2), Int(bytes.uint16(place + 8)))
            place += 10
            guard bytes.byteCount - place >= length else { throw .truncated }
            if found == type, kind == internet, let address = address(bytes, place, length, type) {
                addresses.append(address)
            }
            place += length
        }
        return addresses
    }

    private static func address(_ bytes: RawSpan, _ place: Int, _ length: Int, _ type: UInt16) -> IPAddress? {
        switch (type, length) {
        case (DNSQuestion.RecordType.a.code, 4): IPAddress(v4: bytes.uint32(place))
        case (DNSQuestion.RecordType.aaaa.code, 16):
            IPAddress(family: .v6, high: bytes.uint64(place), low: bytes.uint64(place + 8))
        default: nil
        }
    }

    /// Steps over a name: labels up to an empty one, or to a pointer, which ends it (RFC 1035 §4.1.4) and is not followed.
    private static func endOfName(_ bytes: RawSpan, _ start: Int) throws(Malformed) -> Int {
        var place = start
        while place < bytes.byteCount {
            let length = Int(bytes.uint8(place))
            if length == 0 { return place + 1 }
            if length & 0xC0 == 0xC0 {
                guard bytes.byteCount - place >= 2 else { throw .truncated }
                return place + 2
            }
            guard length & 0xC0 == 0 else { throw .notOurs }
            place += 1 + length
        }
        throw .truncated
    }
}

extension DNSMessage.Reply {
    /// What is wrong with the reply for whoever asked; nil when it is an answer.
    package func fault(for question: DNSQuestion) -> ProbeFault? {
        guard code == 0 else { return ProbeFault(.dnsError, Self.name(of: code)) }
        guard !question.expect.isEmpty else { return nil }
        if isTruncated { return ProbeFault(.wrongAnswer, "the answer is cut off") }
        if addresses.isEmpty { return ProbeFault(.wrongAnswer, "no address") }
        guard let stranger = addresses.first(where: { !question.expect.contains($0) }) else { return nil }
        return ProbeFault(.wrongAnswer, "\(stranger) is not expected")
    }

    /// RFC 1035 §4.1.1, under the names of RFC 6895 §2.3.
    private static func name(of code: UInt8) -> String {
        switch code {
        case 1: "FORMERR"
        case 2: "SERVFAIL"
        case 3: "NXDOMAIN"
        case 4: "NOTIMP"
        case 5: "REFUSED"
        default: "error \(code)"
        }
    }
}
