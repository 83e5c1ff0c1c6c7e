/// Whose key is this, and what may it use? The keys of one snapshot, made ready to be found.
import NetTypes
import PolicyEngine

package final class KeyRing: Sendable {
    private let keys: [ServedKey]
    private let digests: [[UInt8]]
    /// Positions by the keyed hash of the digests, so that the time of a look-up tells nothing of them.
    private let positions: [UInt64: [Int]]
    private let hash: KeyedHash

    /// - Parameter book: where the load of keys and teams is counted; nil: nowhere.
    init(_ snapshot: GatewaySnapshot, hash: KeyedHash, book: LoadBook?) throws(SnapshotError) {
        let keys = snapshot.keys
        let teams = Dictionary((snapshot.teams ?? []).map { ($0.name, $0.limits) }) { first, _ in first }
        self.keys = keys.enumerated().map { position, key in
            let subjects = book.map { Self.subjects(of: key, teams, $0) } ?? []
            return ServedKey(key, position: position, models: snapshot.models, subjects: subjects)
        }
        self.hash = hash
        var digests: [[UInt8]] = []
        var positions: [UInt64: [Int]] = [:]
        for (position, key) in keys.enumerated() {
            guard let digest = Self.bytes(hexadecimal: key.sha256), digest.count == 32 else {
                throw .badKeyHash(key: key.name)
            }
            digests.append(digest)
            positions[Self.place(of: digest, hash), default: []].append(position)
        }
        (self.digests, self.positions) = (digests, positions)
    }

    /// The key that a client showed, if it is one of ours. Compares whole digests, in time that does not depend on them.
    package func key(presented: [UInt8]) -> ServedKey? {
        let digest = SHA256.digest(presented)
        for position in positions[Self.place(of: digest, hash)] ?? [] where isSame(digest, digests[position]) {
            return keys[position]
        }
        return nil
    }

    /// The key as it is now, which was found in this ring or in one before it; nil when it was revoked since.
    package func current(_ key: ServedKey) -> ServedKey? {
        if keys.indices.contains(key.position), keys[key.position] === key { return key }
        return keys.first { $0.key.sha256 == key.key.sha256 }
    }

    /// Tells the budgets what other processes have spent.
    package func recall(_ uses: [SpendingBook.Payer: SpendingUse]) {
        guard !uses.isEmpty else { return }
        for key in keys {
            for payer in key.payers {
                if let use = uses[SpendingBook.Payer(payer.kind, payer.name)] { payer.recall(use) }
            }
        }
    }

    private static func subjects(
        of key: GatewayKey,
        _ teams: [String: LoadLimits],
        _ book: LoadBook
    ) -> [LoadSubject] {
        let own = key.limits.map { LoadSubject(.key, key.name, $0, book) }
        let team = key.team.flatMap { name in teams[name].map { LoadSubject(.team, name, $0, book) } }
        return [own, team].compactMap(\.self)
    }

    /// Two words of the digest are as good as the whole: nobody can choose them.
    private static func place(of digest: [UInt8], _ hash: KeyedHash) -> UInt64 {
        let word = { (start: Int) in digest[start..<(start + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return hash.hash(word(0), word(8))
    }

    private func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: Int?
        for character in text {
            guard character.isASCII, let digit = character.hexDigitValue else { return nil }
            if let first = high {
                bytes.append(UInt8(first << 4 | digit))
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }
}
