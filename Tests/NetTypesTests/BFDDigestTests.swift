/// The published vectors of RFC 1321 and FIPS 180-4, and lengths around a block's end.
import Testing

@testable import NetTypes

@Suite struct BFDDigestTests {
    @Test(arguments: [
        // RFC 1321 §A.5.
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "d174ab98d277d9f5a5611c2c9f419d9f"
        ),
        // Lengths at which the padding just fits, just does not, and fills a block, from md5sum(1).
        (String(repeating: "a", count: 55), "ef1772b6dff9a122358552954ad0df65"),
        (String(repeating: "a", count: 56), "3b0c8ac703f828b04c6c197006d17218"),
        (String(repeating: "a", count: 64), "014842d480b571495a4a0363793f7367"),
    ])
    func md5IsThePublishedOne(_ message: String, _ expected: String) {
        #expect(hex(MD5.digest(Array(message.utf8))) == expected)
    }

    @Test(arguments: [
        // FIPS 180-4 examples: one block, two blocks.
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        // NIST SHAVS: the empty message.
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        // Lengths at which the padding just fits, just does not, and fills a block, from sha1sum(1).
        (String(repeating: "a", count: 55), "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
        (String(repeating: "a", count: 56), "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
        (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
    ])
    func sha1IsThePublishedOne(_ message: String, _ expected: String) {
        #expect(hex(SHA1.digest(Array(message.utf8))) == expected)
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
