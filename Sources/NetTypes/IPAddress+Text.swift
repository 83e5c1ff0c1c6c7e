/// How an address is read and written (RFC 4291 §2.2, RFC 5952).
extension IPAddress: LosslessStringConvertible, CustomStringConvertible {
    /// Strict parse; nil for anything that is not exactly one address.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let parsed = bytes.contains(UInt8(ascii: ":")) ? Self.parseV6(bytes[...]) : Self.parseV4(bytes[...])
        guard let parsed else { return nil }
        self = parsed
    }

    package var description: String { family == .v4 ? v4Text : v6Text }

    private var v4Text: String { bytes.map { String($0) }.joined(separator: ".") }

    private var v6Text: String {
        let groups = (0..<8).map { UInt16(byte($0 * 2)) << 8 | UInt16(byte($0 * 2 + 1)) }
        let gap = Self.longestZeroRun(groups)
        let hex = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        guard let gap else { return hex(0..<8) }
        return hex(0..<gap.lowerBound) + "::" + hex(gap.upperBound..<8)
    }

    /// RFC 5952 §4.2: the longest run of two or more zero groups, the first of equals.
    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
            start = end + 1
        }
        return best
    }

    private static func parseV4(_ text: ArraySlice<UInt8>) -> IPAddress? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let octet = decimalOctet(part) else { return nil }
            value = value << 8 | UInt32(octet)
        }
        return IPAddress(v4: value)
    }

    private static func decimalOctet(_ text: ArraySlice<UInt8>) -> UInt8? {
        guard (1...3).contains(text.count), text.count == 1 || text.first != UInt8(ascii: "0") else { return nil }
        var value = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return UInt8(exactly: value)
    }

    private static func parseV6(_ text: ArraySlice<UInt8>) -> IPAddress? {
        guard text.count <= 45, let (head, tail) = splitAtGap(text) else { return nil }
        guard let first = groups(head, isLast: tail == nil) else { return nil }
        guard let second = tail.map({ groups($0, isLast: true) }) ?? [] else { return nil }
        let missing = 8 - first.count - second.count
        guard tail == nil ? missing == 0 : missing >= 1 else { return nil }
        let all = first + Array(repeating: 0, count: missing) + second
        return IPAddress(bytes: all.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
    }

    /// The text before and after `::`; the second is nil when there is no gap; nil as a whole when there are two.
    private static func splitAtGap(_ text: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?)? {
        let colon = UInt8(ascii: ":")
        let gaps = text.indices.dropLast().filter { text[$0] == colon && text[$0 + 1] == colon }
        switch gaps.count {
        case 0: return (text, nil)
        case 1: return (text[..<gaps[0]], text[(gaps[0] + 2)...])
        default: return nil
        }
    }

    /// Colon-separated 16-bit groups, the last of the whole address may be a dotted IPv4 address standing for two.
    private static func groups(_ text: ArraySlice<UInt8>, isLast: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var result: [UInt16] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (position, part) in parts.enumerated() {
            if isLast, position == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let v4 = parseV4(part) else { return nil }
                result += [UInt16(v4.low >> 16), UInt16(v4.low & 0xFFFF)]
            } else {
                guard let group = hexGroup(part) else { return nil }
                result.append(group)
            }
        }
        return result.count <= 8 ? result : nil
    }

    private static func hexGroup(_ text: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(text.count) else { return nil }
        var value: UInt16 = 0
        for byte in text {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt16(byte - 0x30)
            case 0x61...0x66: value = value << 4 | UInt16(byte - 0x61 + 10)
            case 0x41...0x46: value = value << 4 | UInt16(byte - 0x41 + 10)
            default: return nil
            }
        }
        return value
    }
}

extension IPAddress: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let address = IPAddress(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no IP address")
            )
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
