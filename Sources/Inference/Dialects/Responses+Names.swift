package import NetTypes
import Wire

/// Whose is a response that a client names? Its provider has kept it, and no other can read it or go on from it. So the name that a client
/// gets says which member made it and for which key: any gateway finds the member again, after every restart, and nothing has to be kept.
extension Responses {
    /// Makes and reads the names of what one member makes for one key.
    struct Names: Sendable {
        private let seal: KeyedHash
        private let owner: UInt64

        /// - Parameters:
        ///   - seal: the same on every gateway, and known to no client.
        ///   - member: the hash of its full name.
        ///   - key: of the client that asks.
        init(_ seal: KeyedHash, member: UInt64, key: String) {
            self.seal = seal
            owner = seal.hash(member, seal.hash(key))
        }

        /// A response's name as the client knows it; nil: it is none that could be asked for by an address.
        func told(_ id: String) -> String? {
            guard Responses.isName(id.utf8) else { return nil }
            return Responses.mark + digits(seal.hash(id)) + "-" + id
        }

        /// The provider's name of a response that a client names; nil: it is not one of these.
        func original(of told: String) -> String? {
            guard told.utf8.count <= Responses.longestTold,
                let (digits, id) = Responses.taken(told, behind: Responses.mark), Responses.isName(id),
                isSame(digits, seal.hash(id))
            else { return nil }
            return String(Substring(id))
        }

        /// Sealed thoughts as the client gets them.
        func told(thought: String) -> String { Responses.thoughtMark + digits(Self.ofThoughts) + "-" + thought }

        /// The provider's own text of sealed thoughts; nil: these are another member's, or of no member.
        func original(ofThought told: String) -> String? {
            guard let (digits, text) = Responses.taken(told, behind: Responses.thoughtMark),
                isSame(digits, Self.ofThoughts)
            else { return nil }
            return String(Substring(text))
        }

        /// In the place of a response's name: they may be long, and who makes one up deceives himself alone.
        private static let ofThoughts: UInt64 = 0

        private func digits(_ content: UInt64) -> String {
            let digits = String(seal.hash(owner, content), radix: 16)
            return String(repeating: "0", count: Responses.sealDigits - digits.count) + digits
        }

        /// In time that does not tell how much of it is right.
        private func isSame(_ told: Substring.UTF8View, _ content: UInt64) -> Bool {
            zip(told, digits(content).utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
        }
    }

    /// What names begin with that were made here.
    static let mark = "resp_mt"
    /// What sealed thoughts begin with that went through here.
    static let thoughtMark = "mt."
    private static let sealDigits = 16
    /// Bytes of a provider's own name; they have some sixty.
    private static let longestName = 256
    private static let longestTold = mark.utf8.count + sealDigits + 1 + longestName

    /// Whether a provider's own name can stand in an address as one segment of it, and means nothing else there.
    private static func isName(_ id: some Collection<UInt8>) -> Bool {
        guard let first = id.first, id.count <= longestName else { return false }
        return isAlphanumeric(first) && id.allSatisfy { isAlphanumeric($0) || "-_.:".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// The seal and what stands behind it.
    private static func taken(
        _ told: String,
        behind mark: String
    ) -> (seal: Substring.UTF8View, rest: Substring.UTF8View)? {
        guard told.utf8.starts(with: mark.utf8) else { return nil }
        let seal = told.utf8.dropFirst(mark.utf8.count).prefix(sealDigits)
        let rest = told.utf8[seal.endIndex...]
        guard seal.count == sealDigits, rest.first == UInt8(ascii: "-"), rest.dropFirst().first != nil else {
            return nil
        }
        return (seal, rest.dropFirst())
    }

    /// Whether a text is the mark of sealed thoughts that went through here.
    static func isMarked(thought: String) -> Bool { taken(thought, behind: thoughtMark) != nil }

    /// As much of a name as is worth being told again.
    package static func shown(_ id: String) -> String { String(decoding: id.utf8.prefix(longestShown), as: UTF8.self) }

    private static let longestShown = 128

    /// What names and sealed thoughts are sealed with that a provider makes: nobody makes one up who does not know the provider's key, which all
    /// gateways that ask it have in common.
    /// - Parameter secret: the key that the provider is shown.
    package static func seal(of secret: String) -> KeyedHash {
        let digest = SHA256.digest(Array(("martlet, names of responses: " + secret).utf8))
        let word = { (start: Int) in digest[start..<(start + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return KeyedHash(key0: word(0), key1: word(8))
    }
}
