/// Bodies in gzip: made plain whatever their pieces, refused when they are wrong or too much.
import Glibc
import Inference
import Testing

@testable import Gateway

/// gzip by hand (RFC 1951, RFC 1952), so that what is tested does not check itself: stored blocks, and one that only repeats.
enum Gzip {
    static let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

    /// One member of stored blocks.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var member = head
        let blocks = stride(from: 0, to: max(bytes.count, 1), by: 65_535).map {
            Array(bytes[min($0, bytes.count)..<min($0 + 65_535, bytes.count)])
        }
        for (place, block) in blocks.enumerated() {
            let size = UInt16(block.count)
            member += [place == blocks.count - 1 ? 1 : 0]
            member += little(UInt32(size)).prefix(2) + little(UInt32(~size)).prefix(2) + block
        }
        return member + little(crc(bytes)) + little(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// `x` so many times, as a fixed-Huffman block of copies of 258: the densest there is.
    static func bomb(copies: Int) -> [UInt8] {
        var (bits, used): (UInt64, Int) = (0, 0)
        var body: [UInt8] = []
        func put(_ value: UInt32, _ count: Int, mostFirst: Bool) {
            for place in 0..<count {
                let shift = UInt32(mostFirst ? count - 1 - place : place)
                let bit: UInt32 = (value >> shift) & 1
                bits |= UInt64(bit) << UInt64(used)
                used += 1
                if used == 8 {
                    body.append(UInt8(bits))
                    (bits, used) = (0, 0)
                }
            }
        }
        put(1, 1, mostFirst: false)
        put(1, 2, mostFirst: false)
        put(0x30 + 0x78, 8, mostFirst: true)
        for _ in 0..<copies {
            // Length 258 is symbol 285, distance 1 is symbol 0.
            put(0b1100_0101, 8, mostFirst: true)
            put(0, 5, mostFirst: true)
        }
        put(0, 7, mostFirst: true)
        if used > 0 { body.append(UInt8(bits)) }
        // The sum at the end is wrong; nobody is to come that far.
        return head + body + [0, 0, 0, 0, 0, 0, 0, 0]
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 {
                let isOdd = sum & 1 == 1
                sum >>= 1
                if isOdd { sum ^= 0xEDB8_8320 }
            }
        }
        return ~sum
    }
}

@Suite struct BodyInflaterTests {
    private static let plain = Array((0..<90_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })

    /// All of it in pieces of so many bytes, to its end.
    private static func inflate(_ bytes: [UInt8], pieces: Int = .max, limit: Int = 1 << 30) throws(InflateError)
        -> [UInt8]
    {
        guard let inflater = BodyInflater(limit: limit) else { return [] }
        var body: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            let failure = piece.withUnsafeBytes { piece -> InflateError? in
                do throws(InflateError) {
                    try inflater.inflate(piece, to: &body)
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
        }
        try inflater.finish()
        return body
    }

    @Test(arguments: [1, 7, 4096, 65_536, .max])
    func whatWasPackedComesOut(pieces: Int) throws {
        #expect(try Self.inflate(Gzip.stored(Self.plain), pieces: pieces) == Self.plain)
    }

    @Test func severalMembersAreOneBody() throws {
        let both = Gzip.stored(Array("one ".utf8)) + Gzip.stored([]) + Gzip.stored(Array("two".utf8))
        #expect(try Self.inflate(both, pieces: 3) == Array("one two".utf8))
    }

    @Test func everyBeginningIsTruncated() throws {
        let whole = Gzip.stored(Array("some words".utf8))
        for end in 0..<whole.count {
            #expect(throws: InflateError.truncated, "\(end)") { try Self.inflate(Array(whole[..<end])) }
        }
    }

    /// Which byte of the head and of the sums it is does not matter; those of the time and the system say nothing.
    @Test func everyChangedByteThatSaysSomethingIsFound() throws {
        let whole = Gzip.stored(Array("some words".utf8))
        for place in [0, 1, 2] + Array(11..<whole.count) {
            var wrong = whole
            wrong[place] ^= 0x20
            #expect(throws: InflateError.malformed, "\(place)") { try Self.inflate(wrong) }
        }
    }

    @Test func whatStandsBehindTheEndIsNoBody() {
        let whole = Gzip.stored(Array("some words".utf8))
        #expect(throws: InflateError.malformed) { try Self.inflate(whole + Array("more".utf8)) }
    }

    @Test func boundsHold() throws {
        #expect(throws: InflateError.tooLarge) { try Self.inflate(Gzip.stored(Self.plain), limit: 89_999) }
        #expect(try Self.inflate(Gzip.stored(Self.plain), limit: 90_000).count == 90_000)
        // 258 bytes from 13 bits.
        #expect(throws: InflateError.tooDense) { try Self.inflate(Gzip.bomb(copies: 20_000)) }
    }

    /// The memory that a bomb gets is what is free and not much more.
    @Test func aBombIsStoppedEarly() throws {
        let inflater = try #require(BodyInflater(limit: 1 << 30))
        var body: [UInt8] = []
        let bomb = Gzip.bomb(copies: 400_000)
        _ = bomb.withUnsafeBytes { bytes in
            try? inflater.inflate(UnsafeRawBufferPointer(rebasing: bytes[...(64 << 10)]), to: &body)
        }
        #expect(body.count < 8 << 20, "\(body.count) of \(400_000 * 258)")
    }
}

extension OverSockets {
    @Suite struct GzipRequestTests {
        private static func request(_ body: [UInt8], _ encoding: String = "gzip") -> [UInt8] {
            let head =
                "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer \(GatewayUnderTest.key)\r\n"
                + "content-encoding: \(encoding)\r\ncontent-length: \(body.count)\r\n\r\n"
            return Array(head.utf8) + body
        }

        @Test func aBodyInGzipIsServedAndTheProviderGetsItPlain() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port])
            let client = try TestClient(gateway.port)
            let chat = TestClient.chat(isStreamed: false)
            for encoding in ["gzip", "x-gzip", "GZip"] {
                client.socket.write(Self.request(Gzip.stored(Array(chat.utf8)), encoding))
                #expect(client.answer()?.status == 200)
            }
            #expect(provider.requests.count == 3)
            #expect(provider.requests.allSatisfy { $0.contains("hello") && $0.header("content-encoding") == nil })
            client.socket.hangUp()
            try gateway.stop()
        }

        @Test func whatIsWrongIsRefusedAndTheConnectionServesOn() throws {
            let provider = try MockProvider(Mock.plain)
            let gateway = try GatewayUnderTest(ports: [provider.port])
            let client = try TestClient(gateway.port)
            let packed = Gzip.stored(Array(TestClient.chat(isStreamed: false).utf8))
            let cases: [([UInt8], String, Int)] = [
                (Array("no gzip at all".utf8), "gzip", 400), (packed.dropLast(3), "gzip", 400), ([], "gzip", 400),
                (Gzip.bomb(copies: 40_000), "gzip", 413), (packed, "br", 415), (packed, "deflate", 415),
                (packed, "gzip, gzip", 415),
            ]
            for (body, encoding, status) in cases {
                client.socket.write(Self.request(body, encoding))
                let answer = try #require(client.answer())
                #expect(answer.status == status && answer.body.contains(#""error""#), "\(encoding) \(answer.body)")
                #expect((answer.head.header("accept-encoding") == "gzip") == (status == 415))
            }
            #expect(client.chat(isStreamed: false)?.status == 200)
            #expect(provider.requests.count == 1)
            client.socket.hangUp()
            try gateway.stop()
        }
    }
}
