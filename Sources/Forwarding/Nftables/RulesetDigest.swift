/// Which rule is which, when the kernel gives our table back: by a digest of what we had written, kept in the rule's comment.
///
/// The kernel cannot change a rule, only replace it by another with another comment, so a rule that carries our digest is our rule
/// (docs/decisions/0005).
import NetTypes

extension Ruleset.Rule {
    /// Bytes of a comment that `nft` shows (`NFTNL_UDATA_COMMENT_MAXLEN` is 128 with its NUL); the digest takes 18 of them.
    private static let longestComment = 100

    /// Of the comment and every expression.
    package var digest: UInt64 { Self.hash.hash(words) }

    /// `guests #9f86d081884c7d65`.
    package var commentWithDigest: String {
        let digits = String(digest, radix: 16)
        let tag = "#" + String(repeating: "0", count: 16 - digits.count) + digits
        var shown = comment
        while shown.utf8.count > Self.longestComment { shown.removeLast() }
        return shown.isEmpty ? tag : "\(shown) \(tag)"
    }

    /// The digest in a comment; nil when there is none.
    package static func digest(inComment text: String) -> UInt64? {
        guard let tag = text.split(separator: " ").last, tag.first == "#", tag.utf8.count == 17 else { return nil }
        return UInt64(tag.dropFirst(), radix: 16)
    }

    /// Fixed for ever: another key would have every table made anew at an upgrade.
    private static let hash = KeyedHash(key0: 0x6D61_7274_6C65_7401, key1: 0x7275_6C65_6469_6701)

    private var words: [UInt8] {
        var bytes = Array(comment.utf8)
        for expression in expressions { expression.write(into: &bytes) }
        return bytes
    }
}

extension Ruleset.Expression {
    /// An unambiguous form: the number of the case, then its parts, lists with their lengths.
    fileprivate func write(into bytes: inout [UInt8]) {
        var form = Form(bytes: bytes)
        switch self {
        case .meta(let key, let register): form.put(1, key.rawValue, register)
        case .setMeta(let key, let register): form.put(2, key.rawValue, register)
        case .payload(let base, let offset, let length, let register):
            form.put(3, base.rawValue, register, offset, length)
        case .compare(let register, let comparison, let data): form.put(4, comparison.rawValue, register, data: [data])
        case .range(let register, let from, let to): form.put(5, 0, register, data: [from, to])
        case .bitwise(let register, let mask, let xor): form.put(6, 0, register, data: [mask, xor])
        case .toNetworkOrder(let register, let size, let length): form.put(7, 0, register, size, length)
        case .lookup(let register, let set, let isNegated):
            form.put(8, isNegated ? 1 : 0, register, data: [Array(set.utf8)])
        case .lookupValue(let register, let map, let target):
            form.put(9, target.number, register, data: [Array(map.utf8)])
        case .lookupVerdict(let register, let map): form.put(10, 0, register, data: [Array(map.utf8)])
        case .load(let data, let register): form.put(11, 0, register, data: [data])
        case .verdict(let verdict): form.put(12, verdict)
        case .connection(let key, let register): form.put(13, key.rawValue, register)
        case .setConnectionMark(let register): form.put(14, 0, register)
        case .translate(let translation):
            form.put(
                15,
                translation.kind.rawValue,
                translation.address,
                translation.lastAddress?.number ?? 0,
                translation.port?.number ?? 0,
                translation.isIPv6 ? 1 : 0,
                translation.isPrefix ? 1 : 0
            )
        case .masquerade: form.put(16, 0, .first)
        case .redirect(let port): form.put(17, port?.number ?? 0, .first)
        case .destinationType(let register): form.put(18, 0, register)
        case .number(let isRandom, let modulus, let register): form.put(19, isRandom ? 1 : 0, register, modulus)
        case .hash(let source, let length, let modulus, let seed, let register):
            form.put(20, source.number, register, length, modulus, seed)
        case .flowHash(let modulus, let register): form.put(21, 0, register, modulus)
        case .tcpOption(let kind, let offset, let length, let register):
            form.put(22, UInt32(kind), register, offset, length)
        case .setTCPOption(let kind, let offset, let length, let register):
            form.put(23, UInt32(kind), register, offset, length)
        case .route(let key, let register): form.put(24, key.rawValue, register)
        case .counter: form.put(25, 0, .first)
        case .quota(let size, let isOver): form.put(26, isOver ? 1 : 0, .first, Self.high(size), Self.low(size))
        case .countIn(let name): form.put(27, 0, .first, data: [Array(name.utf8)])
        case .quotaOf(let name): form.put(28, 0, .first, data: [Array(name.utf8)])
        case .limit(let packets, let per, let burst):
            form.put(29, burst, .first, Self.high(packets), Self.low(packets), Self.high(per), Self.low(per))
        case .reject(.unreachable(let code)): form.put(30, UInt32(code), .first)
        case .reject(.tcpReset): form.put(31, 0, .first)
        case .socketMark(let register): form.put(32, 0, register)
        }
        bytes = form.bytes
    }

    private static func high(_ number: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: number >> 32) }
    private static func low(_ number: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: number) }
}

private struct Form {
    var bytes: [UInt8]

    mutating func put(_ kind: UInt8, _ key: UInt32, _ register: Ruleset.Register, _ numbers: UInt32...) {
        head(kind, key, register)
        for number in numbers { word(number) }
    }

    mutating func put(_ kind: UInt8, _ key: UInt32, _ register: Ruleset.Register, data parts: [[UInt8]]) {
        head(kind, key, register)
        for part in parts {
            word(UInt32(truncatingIfNeeded: part.count))
            bytes += part
        }
    }

    mutating func put(_ kind: UInt8, _ verdict: Ruleset.Verdict) {
        switch verdict {
        case .accept: head(kind, 1, .first)
        case .drop: head(kind, 2, .first)
        case .return: head(kind, 3, .first)
        case .jump(let chain): put(kind, 4, .first, data: [Array(chain.utf8)])
        case .goto(let chain): put(kind, 5, .first, data: [Array(chain.utf8)])
        }
    }

    private mutating func head(_ kind: UInt8, _ key: UInt32, _ register: Ruleset.Register) {
        bytes.append(kind)
        word(key)
        bytes.append(register.slot)
    }

    private mutating func word(_ value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
