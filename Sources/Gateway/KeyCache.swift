/// Whose key is this, without hashing it anew at every request? Clients show the same key again and again.
import Inference
import NetTypes
import Wire

/// Where a request carries its client's key: `authorization: Bearer KEY` (RFC 6750 §2.1), `x-api-key: KEY` as Anthropic's clients send it,
/// `x-goog-api-key: KEY` as Gemini's do, or the `key` of their addresses' query.
enum ClientCredential {
    static func shown(in head: HTTPMessage) -> ArraySlice<UInt8>? {
        guard let field = head.firstBytes("authorization") else {
            return head.firstBytes("x-api-key") ?? head.firstBytes("x-goog-api-key") ?? inQuery(of: head.targetText)
        }
        guard let blank = field.firstIndex(of: 0x20) else { return nil }
        let isBearer = field[..<blank].elementsEqual("bearer".utf8) { $0 | 0x20 == $1 }
        return isBearer ? field[(blank + 1)...] : nil
    }

    /// The key in an address of Gemini's API; nil when there is none, or where it is another's.
    static func inQuery(of target: String) -> ArraySlice<UInt8>? {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        guard ["/v1beta/", "/v1/models", "/gemini/"].contains(where: { target.hasPrefix($0) }) else { return nil }
        for pair in target[mark...].dropFirst().split(separator: "&") where pair.hasPrefix("key=") {
            return RequestAddress.decoded(pair.dropFirst("key=".count)).map { Array($0.utf8)[...] }
        }
        return nil
    }
}

/// The keys that one loop has seen lately. Where a key stands tells nothing of it, and it is compared as a whole, so that time
/// tells no more than that somebody used it before. What is not one of our keys is not kept.
struct KeyCache {
    private struct Entry {
        let shown: [UInt8]
        let key: ServedKey
    }

    /// More keys than this that take turns on one loop are hashed again now and then.
    private static let places = 64

    private var entries = [Entry?](repeating: nil, count: places)
    /// Entries are of this snapshot's keys.
    private var ring: KeyRing?
    private let hash = KeyedHash(key0: .random(in: 0 ... .max), key1: .random(in: 0 ... .max))

    mutating func key(_ shown: ArraySlice<UInt8>, in ring: KeyRing) -> ServedKey? {
        if self.ring !== ring { forget(for: ring) }
        let place = place(of: shown)
        if let entry = entries[place], Self.isSame(entry.shown, shown) { return entry.key }
        let copy = Array(shown)
        guard let key = ring.key(presented: copy) else { return nil }
        entries[place] = Entry(shown: copy, key: key)
        return key
    }

    /// By the last sixteen bytes: random in every key that was drawn, and hashed with a secret.
    private func place(of shown: ArraySlice<UInt8>) -> Int {
        var words: (UInt64, UInt64) = (0, 0)
        for byte in shown.suffix(16) {
            words = (words.0 << 8 | words.1 >> 56, words.1 << 8 | UInt64(byte))
        }
        return Int(hash.hash(words.0, words.1) % UInt64(Self.places))
    }

    private mutating func forget(for ring: KeyRing) {
        self.ring = ring
        for place in entries.indices { entries[place] = nil }
    }

    private static func isSame(_ a: [UInt8], _ b: ArraySlice<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for offset in 0..<a.count { difference |= a[offset] ^ b[b.startIndex + offset] }
        return difference == 0
    }
}
