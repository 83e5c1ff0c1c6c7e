/// What does one line of a file of prefixes say? Most lines go the short way, byte by byte; what that cannot read goes the long way,
/// by the parser of the configuration, which also knows why a line is wrong.
import NetTypes

/// The standard library's span; NetTypes has one of time.
typealias Bytes = Swift.Span<UInt8>

struct PrefixLines {
    var v4: [PackedPrefix4] = []
    var v6: [PackedPrefix6] = []

    /// Why a line is no prefix, and where in the bytes that shows.
    struct Wrong {
        let offset: Int
        let words: String
    }

    /// - Parameter room: for how many prefixes to make room.
    init(room: Int) { v4.reserveCapacity(room) }

    /// Takes one line without its end.
    mutating func take(_ bytes: Bytes, _ line: Range<Int>) -> Wrong? {
        var (start, end) = (line.lowerBound, line.upperBound)
        while start < end, Self.isSpace(bytes[start]) { start += 1 }
        if start == end || bytes[start] == UInt8(ascii: "#") { return nil }
        for offset in start..<end where bytes[offset] == UInt8(ascii: "#") {
            end = offset
            break
        }
        while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 }
        var text = PrefixText(start..<end)
        if let prefix = text.v4(in: bytes) {
            v4.append(prefix)
        } else if let prefix = text.v6(in: bytes) {
            v6.append(prefix)
        } else {
            return takeSlowly(bytes, start..<end)
        }
        return nil
    }

    private mutating func takeSlowly(_ bytes: Bytes, _ range: Range<Int>) -> Wrong? {
        var units: [UInt8] = []
        for offset in range { units.append(bytes[offset]) }
        let text = String(decoding: units, as: UTF8.self)
        let shown = text.count > Self.mostShown ? "\(text.prefix(Self.mostShown))…" : text
        do throws(IPPrefix.Malformed) {
            let prefix = try IPPrefix(parsing: text)
            if let why = Self.refusal(of: prefix) {
                return Wrong(offset: range.lowerBound, words: "'\(shown)' is \(why)")
            }
            switch prefix.family {
            case .v4: v4.append(PackedPrefix4(prefix))
            case .v6: v6.append(PackedPrefix6(prefix))
            }
            return nil
        } catch {
            let slash = units.firstIndex(of: UInt8(ascii: "/")) ?? 0
            return Wrong(offset: range.lowerBound + error.offset(slash: slash), words: error.words(shown))
        }
    }

    /// Of a wrong word no more is repeated than this many characters.
    private static let mostShown = 60

    /// What is a prefix and yet no destination of a list.
    private static func refusal(of prefix: IPPrefix) -> String? {
        if prefix.length == 0 { return "everything: write it as 'default' in network.routes" }
        return prefix.address.isMulticast ? "multicast, and routes are unicast" : nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}

extension IPPrefix.Malformed {
    /// Where in the text it shows.
    fileprivate func offset(slash: Int) -> Int {
        if case .tooLong = self { return slash + 1 }
        return 0
    }

    fileprivate func words(_ text: String) -> String {
        switch self {
        case .notAPrefix: "'\(text)' is no IP prefix"
        case .tooLong(let length, let family): "/\(length) is too long for \(family.name)"
        case .hostBits(let meant): "'\(text)' has bits right of its length: is \(meant) meant?"
        }
    }
}

/// A place in the bytes of one prefix. Each reading starts at the beginning, and gives nil where the text is not of its plain form.
struct PrefixText {
    private let range: Range<Int>
    private var offset: Int

    init(_ range: Range<Int>) {
        self.range = range
        offset = range.lowerBound
    }

    /// `a.b.c.d` or `a.b.c.d/n`.
    mutating func v4(in bytes: Bytes) -> PackedPrefix4? {
        offset = range.lowerBound
        var address: UInt32 = 0
        for octet in 0..<4 {
            guard octet == 0 || take(UInt8(ascii: "."), bytes), let value = decimal(bytes, most: 255) else {
                return nil
            }
            address = address << 8 | value
        }
        guard let length = lengthToEnd(bytes, width: 32) else { return nil }
        guard length == 32 || address & (UInt32.max >> length) == 0, address >> 28 != 0xE else { return nil }
        return PackedPrefix4(address: address, UInt8(length))
    }

    /// Hexadecimal groups with at most one gap (RFC 4291 §2.2, forms 1 and 2), with or without `/n`.
    mutating func v6(in bytes: Bytes) -> PackedPrefix6? {
        offset = range.lowerBound
        var (head, tail) = (HexGroups(), HexGroups())
        let hasGap = takeGap(bytes)
        guard hasGap || groups(bytes, into: &head) else { return nil }
        let isGapped = hasGap || takeGap(bytes)
        if isGapped, offset < range.upperBound, bytes[offset] != UInt8(ascii: "/") {
            guard groups(bytes, into: &tail) else { return nil }
        }
        guard isGapped ? head.count + tail.count < 8 : head.count == 8 else { return nil }
        let (high, low) = head.shiftedLeft(groups: 8 - head.count)
        guard let length = lengthToEnd(bytes, width: 128) else { return nil }
        let address = IPAddress(family: .v6, high: high | tail.high, low: low | tail.low)
        guard IPPrefix(containing: address, length: UInt8(length)).address == address, !address.isMulticast else {
            return nil
        }
        return PackedPrefix6(high: address.high, low: address.low, UInt8(length))
    }

    /// The length after a slash, which must be the last; a bare address is a host. Nil for 0: everything is no entry of a list.
    private mutating func lengthToEnd(_ bytes: Bytes, width: UInt32) -> UInt32? {
        var length = width
        if offset < range.upperBound {
            guard take(UInt8(ascii: "/"), bytes), let value = decimal(bytes, most: width) else { return nil }
            length = value
        }
        return offset == range.upperBound && length > 0 ? length : nil
    }

    private mutating func take(_ byte: UInt8, _ bytes: Bytes) -> Bool {
        guard offset < range.upperBound, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// One to three digits without a leading zero.
    private mutating func decimal(_ bytes: Bytes, most: UInt32) -> UInt32? {
        let start = offset
        var value: UInt32 = 0
        while offset < range.upperBound, offset - start < 3 {
            let digit = bytes[offset] &- 0x30
            guard digit < 10 else { break }
            value = value &* 10 &+ UInt32(digit)
            offset += 1
        }
        guard offset > start, value <= most, offset - start == 1 || bytes[start] != 0x30 else { return nil }
        return value
    }

    private mutating func takeGap(_ bytes: Bytes) -> Bool {
        let colon = UInt8(ascii: ":")
        guard range.upperBound - offset >= 2, bytes[offset] == colon, bytes[offset + 1] == colon else { return false }
        offset += 2
        return true
    }

    /// Groups with single colons between them, up to a gap, a slash or the end. False where one is missing or too long.
    private mutating func groups(_ bytes: Bytes, into groups: inout HexGroups) -> Bool {
        while groups.count < 8 {
            guard let group = hexadecimal(bytes) else { return false }
            groups.append(group)
            let colon = UInt8(ascii: ":")
            guard range.upperBound - offset >= 2, bytes[offset] == colon, bytes[offset + 1] != colon else {
                return true
            }
            offset += 1
        }
        return false
    }

    private mutating func hexadecimal(_ bytes: Bytes) -> UInt64? {
        let start = offset
        var value: UInt64 = 0
        while offset < range.upperBound, offset - start < 4, let digit = Self.digit(bytes[offset]) {
            value = value << 4 | digit
            offset += 1
        }
        return offset > start ? value : nil
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x61 + 10)
        case 0x41...0x46: UInt64(byte - 0x41 + 10)
        default: nil
        }
    }
}

/// Up to eight 16-bit groups, the last of them in the lowest bits.
private struct HexGroups {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var count = 0

    mutating func append(_ group: UInt64) {
        (high, low) = (high << 16 | low >> 48, low << 16 | group)
        count += 1
    }

    func shiftedLeft(groups: Int) -> (high: UInt64, low: UInt64) {
        let bits = UInt64(groups * 16)
        if bits >= 128 { return (0, 0) }
        if bits >= 64 { return (low << (bits - 64), 0) }
        return bits == 0 ? (high, low) : (high << bits | low >> (64 - bits), low << bits)
    }
}
